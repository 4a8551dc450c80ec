import FlowModel

/// What an answer took of the machine, for the last lines of a layout.
public struct LayoutUsage: Sendable, Hashable {
    /// CPU seconds in the kernel.
    public var system: Double
    /// CPU seconds in the program.
    public var user: Double
    /// Seconds since the query began.
    public var wall: Double
    /// Octets read from files.
    public var octetsRead: UInt64

    /// Notes what was measured.
    public init(system: Double, user: Double, wall: Double, octetsRead: UInt64) {
        self.system = system
        self.user = user
        self.wall = wall
        self.octetsRead = octetsRead
    }
}

/// The sums over the flows that a layout printed, and the lines that say them.
///
/// Reads the columns of ``FlowLayout/Slot``.
struct LayoutSummary {
    /// Rows added.
    private(set) var rows: UInt64 = 0

    private let times: TimeText
    private let isPlain: Bool
    private var flows: UInt64 = 0
    private var packets: UInt64 = 0
    private var bytes: UInt64 = 0
    private var first = UInt64.max
    private var last: UInt64 = 0

    init(times: TimeText, isPlain: Bool) {
        self.times = times
        self.isPlain = isPlain
    }

    /// Adds a flow; both directions count.
    mutating func add(_ row: LayoutRow) {
        rows += 1
        flows = flows.clampedAdding(row.has(.flows) ? max(row.number(.flows), 1) : 1)
        packets = packets.clampedAdding(row.number(.packets))
            .clampedAdding(row.number(.reversePackets))
        bytes = bytes.clampedAdding(row.number(.bytes)).clampedAdding(row.number(.reverseBytes))
        if row.has(.start) { first = min(first, row.number(.start)) }
        last = max(last, row.number(.end))
    }

    /// Appends the lines.
    func append(_ footing: Footing, _ usage: LayoutUsage, to text: inout [UInt8]) {
        if rows == 0 { text.append(contentsOf: "No matching flows\n".utf8) }
        appendSums(to: &text)
        text.append(contentsOf: "Time window: ".utf8)
        if last == 0 || first > last {
            text.append(contentsOf: "<unknown>\n".utf8)
        } else {
            times.append(first, to: &text)
            text.append(contentsOf: " - ".utf8)
            times.append(last, to: &text)
            text.append(contentsOf: ", Duration:".utf8)
            text.append(clock: last - first)
            text.append(UInt8(ascii: "\n"))
        }
        let numbers: [(String, UInt64)] = [
            ("Total records processed: ", footing.rowsScanned), (", passed: ", rows),
            (", Blocks skipped: ", UInt64(footing.blocksDamaged)),
            (", Bytes read: ", usage.octetsRead),
        ]
        for (name, number) in numbers {
            text.append(contentsOf: name.utf8)
            text.append(decimal: number)
        }
        text.append(UInt8(ascii: "\n"))
        let rate = usage.wall > 0 ? Double(footing.rowsScanned) / usage.wall : 0
        let measured: [(String, Double, Int, String)] = [
            ("Sys: ", usage.system, 4, "s "), ("User: ", usage.user, 4, "s "),
            ("Wall: ", usage.wall, 4, "s "), ("flows/second: ", rate, 1, " "),
            ("Runtime: ", usage.wall, 4, "s\n"),
        ]
        for (name, value, decimals, unit) in measured {
            text.append(contentsOf: name.utf8)
            text.append(fixed: value, decimals: decimals)
            text.append(contentsOf: unit.utf8)
        }
    }

    private func appendSums(to text: inout [UInt8]) {
        let duration = last > first ? last - first : 0
        func rate(_ count: UInt64, times factor: Double) -> UInt64 {
            guard duration > 0 else { return 0 }
            let rate = Double(count) * factor / (Double(duration) / 1000)
            return rate < 0x1p64 ? UInt64(rate) : .max
        }
        let numbers: [(String, UInt64)] = [
            (", total bytes: ", bytes), (", total packets: ", packets),
            (", avg bps: ", rate(bytes, times: 8)), (", avg pps: ", rate(packets, times: 1)),
            (", avg bpp: ", duration == 0 || packets == 0 ? 0 : bytes / packets),
        ]
        text.append(contentsOf: "Summary: total flows: ".utf8)
        text.append(decimal: flows)
        for (name, number) in numbers {
            text.append(contentsOf: name.utf8)
            text.append(counter: number, isPlain: isPlain)
        }
        text.append(UInt8(ascii: "\n"))
    }
}
