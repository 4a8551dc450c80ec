import FlowModel

/// Writes aligned columns for people: names for protocols, letters for flags, k, M and G for
/// counters, times in the zone that the header names.
///
/// The first rows decide how wide the columns are; a later, wider cell pushes its line apart.
public final class TableWriter: AnswerWriter {
    private let output: AnswerOutput
    private let times: TimeText
    private let rowsMax: Int?
    private let note: (String) -> Void
    private var columns: [TableColumn] = []
    private var waiting: [[[UInt8]]] = []
    private var hasHeader = false
    private var rows = 0
    private var hasMore = false
    private var firstInstant: UInt64?

    /// Rows that are looked at before the widths are fixed.
    private static let sample = 1000

    /// - Parameters:
    ///   - output: takes the text.
    ///   - times: the zone of times.
    ///   - rowsMax: rows shown at most; nil: all.
    ///   - note: takes the notes of the footing.
    public init(
        output: AnswerOutput, times: TimeText, rowsMax: Int?, note: @escaping (String) -> Void
    ) {
        self.output = output
        self.times = times
        self.rowsMax = rowsMax
        self.note = note
    }

    /// Takes the columns.
    public func begin(columns: [AnswerColumn]) throws {
        self.columns = columns.map(TableColumn.init)
    }

    /// Takes one row.
    public func row(_ cells: [Cell]) throws {
        precondition(cells.count == columns.count)
        if let rowsMax, rows >= rowsMax {
            hasMore = true
            return
        }
        rows += 1
        var line: [[UInt8]] = []
        line.reserveCapacity(cells.count)
        for index in cells.indices {
            if firstInstant == nil, columns[index].style == .instant,
                case .number(let instant) = cells[index]
            {
                firstInstant = instant
            }
            line.append(columns[index].text(of: cells[index], times: times))
        }
        if hasHeader {
            try write(line)
            return
        }
        waiting.append(line)
        if waiting.count >= Self.sample { try writeHeader() }
    }

    /// Writes what waits and says the footing.
    public func end(footing: Footing) throws {
        if !hasHeader { try writeHeader() }
        try output.flush()
        if hasMore, let rowsMax {
            note("more than \(rowsMax) flows match; --limit 0 shows all")
        }
        if let groups = footing.groups, groups > UInt64(rows) {
            note("the first \(rows) of \(groups) groups; --top 0 shows all")
        }
        footing.notes.forEach(note)
    }

    private func writeHeader() throws {
        hasHeader = true
        if let index = columns.firstIndex(where: { $0.style == .instant }) {
            columns[index].title += " (\(times.zoneName(at: firstInstant ?? times.now)))"
        }
        for index in columns.indices {
            let widest = waiting.map { Self.width(of: $0[index]) }.max() ?? 0
            columns[index].width = max(widest, columns[index].title.unicodeScalars.count)
        }
        try write(columns.map { Array($0.title.utf8) })
        for line in waiting { try write(line) }
        waiting = []
    }

    private func write(_ line: [[UInt8]]) throws {
        try output.append { text in
            for (index, cell) in line.enumerated() {
                let column = columns[index]
                let padding = repeatElement(
                    UInt8(ascii: " "), count: max(0, column.width - Self.width(of: cell)))
                if index > 0 { text.append(contentsOf: "  ".utf8) }
                if column.isRightAligned { text.append(contentsOf: padding) }
                text.append(contentsOf: cell)
                // No blanks at the end of a line.
                if !column.isRightAligned && index < line.count - 1 {
                    text.append(contentsOf: padding)
                }
            }
            text.append(UInt8(ascii: "\n"))
        }
    }

    private static func width(of text: [UInt8]) -> Int { text.count { $0 & 0xc0 != 0x80 } }
}

/// A column of a table: how its cells look.
struct TableColumn {
    enum Style {
        case number, counter, instant, duration, share, transportProtocol, flags, mac, country
        case service, text
    }

    var title: String
    let style: Style
    var width = 0
    private let absentIsZero: Bool

    init(_ column: AnswerColumn) {
        title = column.name
        absentIsZero = column.absentIsZero
        switch (column.name, column.meaning) {
        case ("duration", _): style = .duration
        case (let name, _) where name.hasPrefix("duration_"): style = .duration
        case (let name, _) where name.hasPrefix("pps_") || name.hasPrefix("bps_"): style = .counter
        case ("share", _): style = .share
        case ("pps", _), ("bps", _), (_, .counter): style = .counter
        case (_, .instant): style = .instant
        case (_, .transportProtocol): style = .transportProtocol
        case (_, .tcpFlags): style = .flags
        case (_, .mac): style = .mac
        case (_, .country): style = .country
        case (_, .service): style = .service
        case (_, .address), (_, .elements): style = .text
        case (_, .number), (_, .port), (_, .autonomousSystem): style = .number
        }
    }

    var isRightAligned: Bool {
        switch style {
        case .number, .counter, .duration, .share: true
        default: false
        }
    }

    func text(of cell: Cell, times: TimeText) -> [UInt8] {
        var text: [UInt8] = []
        switch cell {
        case .null: text.append(absentIsZero ? UInt8(ascii: "0") : UInt8(ascii: "-"))
        case .number(let value): append(value, to: &text, times: times)
        case .real(let value): append(value, to: &text)
        case .address(let address): address.append(to: &text)
        case .prefix(let prefix): text.append(prefix)
        case .elements(let elements):
            // As JSON, so that no octet of an exporter's reaches the terminal unescaped.
            text.append(json: elements)
        }
        return text
    }

    private func append(_ value: UInt64, to text: inout [UInt8], times: TimeText) {
        switch style {
        case .counter: text.append(scaled: Double(value), exact: value < 10_000 ? value : nil)
        case .instant: times.append(value, to: &text)
        case .duration: DurationText.append(value, to: &text)
        case .transportProtocol:
            if let name = ProtocolNames.name(of: value) {
                text.append(contentsOf: name.utf8)
            } else {
                text.append(decimal: value)
            }
        case .flags: text.append(tcpFlags: value)
        case .mac: text.append(mac: value)
        case .country: text.append(country: value)
        case .service: text.append(service: value)
        case .share: append(Double(value), to: &text)
        case .number, .text: text.append(decimal: value)
        }
    }

    private func append(_ value: Double, to text: inout [UInt8]) {
        guard value.isFinite else {
            text.append(UInt8(ascii: "-"))
            return
        }
        switch style {
        case .share:
            text.append(fixed: value * 100, decimals: 1)
            text.append(UInt8(ascii: "%"))
        case .counter: text.append(scaled: value, exact: nil)
        default: text.append(fixed: value, decimals: 1)
        }
    }
}

extension [UInt8] {
    /// Appends three digits and a power of 1000: `12.3k`, `4.56M`; small whole numbers as they are.
    mutating func append(scaled value: Double, exact: UInt64?) {
        if let exact {
            append(decimal: exact)
            return
        }
        var rest = value
        var unit: Character?
        for next in "kMGTPE" where rest >= (unit == nil ? 10_000 : 999.5) {
            rest /= 1000
            unit = next
        }
        guard let unit else {
            append(fixed: rest, decimals: rest < 1000 ? 1 : 0)
            return
        }
        append(fixed: rest, decimals: rest < 9.995 ? 2 : rest < 99.95 ? 1 : 0)
        append(contentsOf: unit.utf8)
    }

    /// Appends a number with that many digits after the point.
    mutating func append(fixed value: Double, decimals: Int) {
        if value < 0 { append(UInt8(ascii: "-")) }
        var factor: UInt64 = 1
        for _ in 0..<decimals { factor *= 10 }
        guard let scaled = UInt64(exactly: (value.magnitude * Double(factor)).rounded()) else {
            append(real: value.magnitude)
            return
        }
        append(decimal: scaled / factor)
        guard decimals > 0 else { return }
        append(UInt8(ascii: "."))
        append(decimal: scaled % factor, digits: decimals)
    }
}
