import FlowFiles
import FlowModel

/// What a reader makes of a file, as text that can be compared.
struct ReadFlows {
    /// For each flow the values that it has, by the names of their fields.
    var rows: [[String: String]] = []
    var counters = FlowFileCounters()
    var rates: [SamplingRate] = []

    /// Feeds `octets` in pieces of at most `piece`, keeping what the reader does not take, as a file
    /// is read.
    init(
        _ octets: [UInt8], piece: Int = .max,
        by make: (BatchAppender) -> any FlowFileReader
    ) throws {
        var rows: [[String: String]] = []
        let appender = BatchAppender { batch in
            for row in 0..<batch.count { rows.append(Self.values(batch, row)) }
            batch.reset()
            return batch
        }
        let reader = make(appender)
        var pending: [UInt8] = []
        var rest = octets[...]
        repeat {
            let next = rest.prefix(piece)
            pending += next
            rest = rest.dropFirst(next.count)
            pending.removeFirst(try reader.feed(pending.span.bytes))
        } while !rest.isEmpty
        try reader.finish(rest: pending.span.bytes)
        try appender.flush()
        self.rows = rows
        counters = reader.counters
        rates = reader.rates
    }

    /// What was left out, by the reasons' names.
    var undecoded: [String: UInt64] {
        Dictionary(uniqueKeysWithValues: counters.undecoded.map { ($0.key.rawValue, $0.value) })
    }

    private static func values(_ batch: FlowBatch, _ row: Int) -> [String: String] {
        var values: [String: String] = [:]
        for field in batch.fields {
            if let address = batch.address(field, at: row) {
                values[field.name] = "\(address)"
            } else if let number = batch.number(field, at: row) {
                let isMAC = if case .mac = field.info?.meaning { true } else { false }
                values[field.name] = isMAC ? "\(MACAddress(rawValue: number))" : "\(number)"
            }
        }
        for (element, octets) in batch.other.elements(at: row) {
            values["other.\(InformationElement.name(of: element))"] = octets.map { octet in
                (octet < 16 ? "0" : "") + String(octet, radix: 16)
            }.joined()
        }
        return values
    }
}

/// Octets put together, in either byte order.
struct Octets {
    var bytes: [UInt8] = []
    let isBigEndian: Bool

    init(isBigEndian: Bool = false) { self.isBigEndian = isBigEndian }

    mutating func put<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) {
            bytes += Array($0)
        }
    }
}
