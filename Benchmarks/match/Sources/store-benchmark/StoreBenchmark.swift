import FlowIntel
import FlowModel
import Glibc

/// A million indicators through SQLite: written, written again, and loaded and compiled by a process that does
/// nothing else, so that its memory is theirs; checks every answer.
///
///     Benchmarks/match/run
@main
enum StoreBenchmark {
    /// A million by ten sources, the last of which has a detail for each entry.
    private static let sources = 10
    private static let perSource = 100_000

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else { throw Usage() }
        switch arguments[1] {
        case "write": try write(to: arguments[2])
        case "load": try load(from: arguments[2])
        default: throw Usage()
        }
    }

    private struct Usage: Error, CustomStringConvertible {
        var description: String { "usage: store-benchmark write|load FILE" }
    }

    private static func write(to path: String) throws {
        let store = try IndicatorStore(path: path)
        for (round, name) in ["first", "again"].enumerated() {
            var added = 0
            let time = try ContinuousClock().measure {
                for source in 0..<sources {
                    let list = list(source)
                    let feed = try readFeed(list, format: .plain)
                    added += try store.update(
                        "source\(source)", with: [feed], at: Int64(round + 1)
                    ).added
                }
            }
            precondition(added == (round == 0 ? sources * perSource : 0))
            print("write \(name)  \(text(time)), \(added) added")
        }
    }

    /// Addresses of a source, all different: those of other sources in part, or nothing would be shared.
    private static func list(_ source: Int) -> [UInt8] {
        var text: [UInt8] = []
        for index in 0..<perSource {
            let number = UInt32(source * perSource / 2 + index) &* 2_654_435_761
            // Within 11/8 to 99/8, where nothing is reserved.
            let address = UInt32((UInt64(number) * (89 << 24)) >> 32) + 0x0b00_0000
            IPAddress(v4: address).append(to: &text)
            if source == sources - 1 { text += " # report \(index)".utf8 }
            text.append(10)
        }
        return text
    }

    private static func load(from path: String) throws {
        let before = residentKiB()
        let clock = ContinuousClock()
        let start = clock.now
        let store = try IndicatorStore(path: path)
        var lists: [(name: String, addresses: AddressSet)] = []
        for source in try store.sources() {
            let addresses = try store.addresses(of: source.name, policy: AddressPolicy(), now: 1)
            lists.append((source.name, addresses))
        }
        let loaded = clock.now
        let matcher = Matcher(sources: lists)
        let compiled = clock.now
        let entries = lists.reduce(0) { $0 + $1.addresses.countV4 }
        // The multiplication that spreads them folds a few onto each other.
        precondition(entries > UInt64(sources * perSource) * 97 / 100, "\(entries)")
        print(
            "load         \(text(loaded - start)), \(entries) addresses of \(lists.count) sources")
        print("compile      \(text(compiled - loaded)), \(matcher.rangeCount) ranges")
        print("both         \(text(compiled - start))")
        print("resident     \(peakKiB() / 1024) MiB at the peak, \(before / 1024) at the start")
        let probe = IPAddress(v4: 0x2d00_0001)
        let looks = try clock.measure {
            for _ in 0..<100 { _ = try store.listings(of: probe) }
        }
        print("lookup       \(text(looks / 100))")
        for list in lists {
            precondition(list.addresses.ranges.allSatisfy { matcher.lists($0.first) })
        }
    }

    private static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let value = Double(seconds) + Double(attoseconds) / 1e18
        return value < 0.1
            ? "\((value * 1e5).rounded() / 100) ms" : "\((value * 100).rounded() / 100) s"
    }

    private static func residentKiB() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return 0 }
        let text = String(
            decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4
    }

    private static func peakKiB() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss
    }
}

extension Matcher {
    fileprivate func lists(_ address: IPAddress) -> Bool { !sources(listing: address).isEmpty }
}
