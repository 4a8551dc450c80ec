import FlowTestSupport
import Foundation

/// Packets and octets of flows.
struct Totals: Hashable {
    var packets: UInt64 = 0
    var octets: UInt64 = 0

    static func += (totals: inout Totals, other: Totals) {
        totals.packets += other.packets
        totals.octets += other.octets
    }
}

/// Why a test could not go on.
struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    init(_ result: CommandResult) {
        description = "status \(result.status): \(result.errors)\(result.output)"
    }
}

/// What stores answer, with `skein import` and `skein query` as the user runs them.
extension TemporaryFolder {
    /// Runs `skein` and answers its output; anything but success is an error.
    @discardableResult
    func skein(_ arguments: String..., input: [UInt8] = []) throws -> String {
        let result = try Command.run(Command.skein, arguments, in: self, input: input)
        guard result.status == 0 else { throw Unexpected(result) }
        return result.output
    }

    /// Generates a capture and answers its octets.
    @discardableResult
    func generate(_ name: String, _ kind: String, flows: Int, snaplen: Int = 0) throws -> [UInt8] {
        try skein(
            "generate", "--as", kind, "--flows", "\(flows)", "--snaplen", "\(snaplen)", "--out",
            name)
        return Array(try Data(contentsOf: url.appendingPathComponent(name)))
    }

    /// The answer to `--total` as it is printed.
    func total(_ store: String) throws -> String {
        try skein("query", "--total", "--output", "ndjson", "--store", store)
    }

    /// Packets and octets by protocol number.
    func totals(_ store: String, where filter: String = "any") throws -> [Int: Totals] {
        let lines = try skein(
            "query", filter, "--by", "proto", "--top", "0", "--output", "ndjson", "--store", store)
        var totals: [Int: Totals] = [:]
        for line in lines.split(separator: "\n") {
            let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            guard let row, let proto = row["proto"] as? Int else { continue }
            totals[proto, default: Totals()] += Totals(
                packets: row["packets"] as? UInt64 ?? 0, octets: row["bytes"] as? UInt64 ?? 0)
        }
        return totals
    }
}
