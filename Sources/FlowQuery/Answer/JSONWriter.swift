import FlowModel
import FlowStore

/// Writes `{"rows": […], "footing": {…}}`, or as lines the rows only, their footing as notes.
///
/// Numbers are numbers, exact at any size; instants are ms since 1970; what is absent is null, or 0
/// where the column says so.
public final class JSONWriter: FlowRowWriter {
    private let output: AnswerOutput
    private let isLines: Bool
    private let note: (String) -> Void
    private var columns: [AnswerColumn] = []
    /// `{"srcip":` and `,"srcport":`, made once.
    private var keys: [[UInt8]] = []
    private var rows = 0
    private var table = RowTable(width: 0)

    /// - Parameters:
    ///   - output: takes the text.
    ///   - isLines: a row a line and nothing else.
    ///   - note: takes the notes of the footing where it has no place in the text.
    public init(output: AnswerOutput, isLines: Bool, note: @escaping (String) -> Void) {
        self.output = output
        self.isLines = isLines
        self.note = note
    }

    /// Takes the columns.
    public func begin(columns: [AnswerColumn]) throws {
        self.columns = columns
        table = RowTable(width: columns.count)
        keys = columns.enumerated().map { index, column in
            var key: [UInt8] = [index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ",")]
            key.append(json: column.name)
            key.append(UInt8(ascii: ":"))
            return key
        }
        if !isLines { try output.append { $0.append(contentsOf: #"{"rows":["#.utf8) } }
    }

    /// Writes one object.
    public func row(_ cells: [Cell]) throws {
        precondition(cells.count == columns.count)
        try output.append { text in
            beginRow(&text)
            for index in cells.indices {
                text.append(contentsOf: keys[index])
                text.append(json: cells[index], column: columns[index])
            }
            endRow(&text)
        }
    }

    private func beginRow(_ text: inout [UInt8]) {
        if !isLines {
            if rows > 0 { text.append(UInt8(ascii: ",")) }
            text.append(UInt8(ascii: "\n"))
        }
        if columns.isEmpty { text.append(UInt8(ascii: "{")) }
    }

    private func endRow(_ text: inout [UInt8]) {
        text.append(UInt8(ascii: "}"))
        if isLines { text.append(UInt8(ascii: "\n")) }
        rows += 1
    }

    func write(_ rows: FlowRows, _ range: Range<Int>) throws {
        for first in stride(from: range.lowerBound, to: range.upperBound, by: RowTable.rowsMax) {
            let piece = first..<min(first + RowTable.rowsMax, range.upperBound)
            table.fill(rows, piece)
            for index in 0..<piece.count {
                try output.append { text in
                    beginRow(&text)
                    for column in columns.indices {
                        text.append(contentsOf: keys[column])
                        append(column, of: index, rows, row: piece.lowerBound + index, to: &text)
                    }
                    endRow(&text)
                }
            }
        }
    }

    @inline(__always)
    private func append(
        _ column: Int, of index: Int, _ rows: FlowRows, row: Int, to text: inout [UInt8]
    ) {
        let place = index * table.width + column
        guard table.present[place] != 0 else {
            text.append(contentsOf: columns[column].absentIsZero ? "0".utf8 : "null".utf8)
            return
        }
        let value = table.values[place]
        switch columns[column].meaning {
        case .address:
            text.append(UInt8(ascii: "\""))
            value.append(to: &text)
            text.append(UInt8(ascii: "\""))
        case .mac, .country, .service, .elements:
            text.append(json: rows.cell(at: row, column: column), column: columns[column])
        default: text.append(decimal: value.low)
        }
    }

    /// Writes or says the footing.
    public func end(footing: Footing) throws {
        if isLines {
            try output.flush()
            footing.notes.forEach(note)
            return
        }
        try output.append { text in
            text.append(contentsOf: (rows > 0 ? "\n],\"footing\":" : "],\"footing\":").utf8)
            text.append(footing)
            text.append(contentsOf: "}\n".utf8)
        }
        try output.flush()
    }
}

extension [UInt8] {
    /// Appends a cell as JSON.
    mutating func append(json cell: Cell, column: AnswerColumn) {
        switch cell {
        case .null: append(contentsOf: column.absentIsZero ? "0".utf8 : "null".utf8)
        case .number(let value):
            switch column.meaning {
            case .mac:
                append(UInt8(ascii: "\""))
                append(mac: value)
                append(UInt8(ascii: "\""))
            case .country:
                append(UInt8(ascii: "\""))
                append(country: value)
                append(UInt8(ascii: "\""))
            case .service:
                append(UInt8(ascii: "\""))
                append(service: value)
                append(UInt8(ascii: "\""))
            default: append(decimal: value)
            }
        case .real(let value): append(real: value)
        case .address(let address):
            append(UInt8(ascii: "\""))
            address.append(to: &self)
            append(UInt8(ascii: "\""))
        case .prefix(let prefix):
            append(UInt8(ascii: "\""))
            append(prefix)
            append(UInt8(ascii: "\""))
        case .elements(let elements): append(json: elements)
        }
    }

    /// Appends `192.0.2.0/24`.
    mutating func append(_ prefix: IPPrefix) {
        prefix.address.append(to: &self)
        append(UInt8(ascii: "/"))
        append(decimal: UInt64(prefix.familyLength))
    }

    /// Appends an object of name and value; an element that occurs more than once makes an array.
    mutating func append(json elements: [OtherElements.Named]) {
        append(UInt8(ascii: "{"))
        for (index, group) in Self.grouped(elements).enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(json: group.name)
            append(UInt8(ascii: ":"))
            let isArray = group.values.count > 1
            if isArray { append(UInt8(ascii: "[")) }
            for (index, value) in group.values.enumerated() {
                if index > 0 { append(UInt8(ascii: ",")) }
                append(json: value)
            }
            if isArray { append(UInt8(ascii: "]")) }
        }
        append(UInt8(ascii: "}"))
    }

    /// The values under each name, in the order in which the names first occur.
    static func grouped(
        _ elements: [OtherElements.Named]
    ) -> [(name: String, values: [InformationElement.Value])] {
        var groups: [(name: String, values: [InformationElement.Value])] = []
        var places: [String: Int] = [:]
        for named in elements {
            let name = InformationElement.name(of: named.element)
            let value = InformationElement.value(of: named.element, octets: named.octets)
            if let place = places[name] {
                groups[place].values.append(value)
            } else {
                places[name] = groups.count
                groups.append((name, [value]))
            }
        }
        return groups
    }

    private mutating func append(json value: InformationElement.Value) {
        switch value {
        case .unsigned(let number): append(decimal: number)
        case .signed(let number): append(decimal: number)
        case .real(let number): append(real: number)
        case .boolean(let flag): append(contentsOf: flag ? "true".utf8 : "false".utf8)
        case .text(let text): append(json: text)
        case .hexadecimal(let text): append(json: text)
        }
    }

    fileprivate mutating func append(_ footing: Footing) {
        let numbers: [(String, UInt64)] = [
            ("rowsScanned", footing.rowsScanned), ("blocks", UInt64(footing.blocks)),
            ("blocksPruned", UInt64(footing.blocksPruned)),
            ("flowsOfUnknownRate", footing.flowsOfUnknownRate),
            ("flowsWithoutStart", footing.flowsWithoutStart),
            ("blocksDamaged", UInt64(footing.blocksDamaged)),
            ("segmentsDamaged", UInt64(footing.segmentsDamaged)),
            ("rowsDamaged", footing.rowsDamaged),
        ]
        append(UInt8(ascii: "{"))
        for (name, value) in numbers {
            append(json: name)
            append(UInt8(ascii: ":"))
            append(decimal: value)
            append(UInt8(ascii: ","))
        }
        if let groups = footing.groups {
            append(contentsOf: #""groups":"#.utf8)
            append(decimal: groups)
            append(UInt8(ascii: ","))
        }
        for (name, value) in [
            ("groupsEstimated", footing.groupsEstimated),
            ("bucketsLeftOut", footing.bucketsLeftOut),
        ] where value > 0 {
            append(json: name)
            append(UInt8(ascii: ":"))
            append(decimal: value)
            append(UInt8(ascii: ","))
        }
        append(footing.rollups)
        append(contentsOf: #""notes":["#.utf8)
        for (index, note) in footing.notes.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(json: note)
        }
        append(contentsOf: "]}".utf8)
    }

    /// Appends what rollups stand in for, and what has expired, where there is something to say.
    private mutating func append(_ footing: RollupFooting) {
        if !footing.uses.isEmpty {
            append(contentsOf: #""rollups":["#.utf8)
            for (index, use) in footing.uses.enumerated() {
                if index > 0 { append(UInt8(ascii: ",")) }
                append(contentsOf: #"{"by":"#.utf8)
                append(json: use.dimension)
                append(contentsOf: #","expired":\#(use.isOfExpired)"#.utf8)
                for (name, value) in [
                    ("step", use.step.milliseconds), ("flows", use.flows),
                    ("from", use.buckets.lowerBound),
                    ("to", use.buckets.upperBound.clampedAdding(use.step.milliseconds)),
                ] {
                    append(contentsOf: #","\#(name)":\#(value)"#.utf8)
                }
                append(UInt8(ascii: "}"))
            }
            append(contentsOf: "],".utf8)
        }
        for (name, value) in [
            ("flowsMissing", footing.flowsMissing), ("flowsUnlisted", footing.flowsUnlisted),
            ("bytesUnlisted", footing.bytesUnlisted), ("bytesBound", footing.bytesBound),
            ("expiredUpTo", footing.expired ?? 0), ("rollupsDamaged", UInt64(footing.damaged)),
            ("rollupsOutOfDate", UInt64(footing.outOfDate + footing.ofOtherRates)),
        ] where value > 0 {
            append(contentsOf: #""\#(name)":\#(value),"#.utf8)
        }
    }
}
