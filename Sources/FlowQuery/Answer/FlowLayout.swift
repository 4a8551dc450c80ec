import FlowModel

/// A way to print a flow as a line of aligned text: nfdump's `fmt` layouts.
///
/// The truth is nfdump 1.7.8; `docs/output.md` lists the tags and the few differences.
public struct FlowLayout: Sendable, Hashable {
    /// A piece of a line.
    enum Piece: Sendable, Hashable {
        case tag(FlowTag)
        case text([UInt8])
    }

    /// The pieces in order.
    let pieces: [Piece]

    private init(_ pieces: [Piece]) { self.pieces = pieces }

    /// What nfdump prints by default.
    public static let line = predefined("line")
    /// With TCP flags and type of service.
    public static let long = predefined("long")
    /// With rates.
    public static let extended = predefined("extended")

    /// The layouts that have a name; each may stand in a format as `%name`.
    public static let names = formats.map(\.name)

    /// The names of all tags, without their `%`.
    public static let tagNames = FlowTag.all.map(\.name)

    private static let formats: [(name: String, format: String)] = [
        ("line", "%ts %td %pr %sap -> %dap %pkt %byt %fl"),
        ("long", "%ts %td %pr %sap -> %dap %flg %tos %pkt %byt %fl"),
        ("extended", "%ts %td %pr %sap -> %dap %flg %tos %pkt %byt %pps %bps %bpp %fl"),
        ("biline", "%ts %td %pr %sap <-> %dap %opkt %ipkt %obyt %ibyt %fl"),
        ("bilong", "%ts %td %pr %sap <-> %dap %flg %tos %opkt %ipkt %obyt %ibyt %fl"),
    ]

    /// The layout of that name; see ``names``.
    public init?(named name: String) {
        guard let entry = Self.formats.first(where: { $0.name == name.lowercased() }) else {
            return nil
        }
        self = Self.predefined(entry.name)
    }

    private static func predefined(_ name: String) -> FlowLayout {
        for entry in formats where entry.name == name {
            if let layout = try? FlowLayout(parsing: entry.format) { return layout }
        }
        preconditionFailure("the formats above have known tags")
    }

    /// Reads `%ts %td %pr …`: tags, each up to what is no letter or digit, and any text between them.
    public init(parsing format: String) throws(LayoutError) {
        guard !format.isEmpty else { throw .empty }
        guard format.utf8.count <= Self.lengthMax else { throw .tooLong }
        var pieces: [Piece] = []
        var rest = Array(format.utf8)[...]
        while let first = rest.first {
            if first != UInt8(ascii: "%") {
                let text = rest.prefix { $0 != UInt8(ascii: "%") }
                // No octet of a format may steer a terminal, nor break a line: that is %n.
                pieces.append(.text(text.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: " ") : $0 }))
                rest = rest.dropFirst(text.count)
                continue
            }
            let position = rest.startIndex
            let name = String(
                decoding: rest.dropFirst().prefix(while: isLetterOrDigit), as: UTF8.self)
            rest = rest.dropFirst(name.utf8.count + 1)
            if let tag = FlowTag.named(name) {
                pieces.append(.tag(tag))
            } else if let layout = FlowLayout(named: name) {
                pieces += layout.pieces
            } else {
                throw Self.unknown(name, column: position + 1)
            }
        }
        self.init(pieces)
    }

    /// Octets of a format at most.
    private static let lengthMax = 4096

    private static func unknown(_ name: String, column: Int) -> LayoutError {
        if FlowTag.withoutField.contains(name) { return .noField(tag: name, column: column) }
        return .unknownTag(
            name, column: column,
            suggestion: NearestWord.find(name, among: tagNames + names))
    }

    // MARK: What it reads

    /// The columns to ask the engine for, in the order in which ``LayoutWriter`` takes them.
    public var fields: [FlowOutput] { columns.map { .quantity(.field($0)) } }

    /// The same as columns: those of ``Slot`` first, then those of the tags.
    var columns: [Field] {
        var columns = Slot.allCases.map(\.field)
        for case .tag(let tag) in pieces {
            for field in tag.fields where !columns.contains(field) { columns.append(field) }
        }
        return columns
    }

    /// The columns that every layout needs, by their place: for the sums at the end and for the line
    /// of a tunnel.
    enum Slot: UInt8, CaseIterable {
        case start, end, packets, bytes, reversePackets, reverseBytes, flows
        case tunnelSource, tunnelTarget, tunnelProtocol

        var field: Field {
            switch self {
            case .start: .start
            case .end: .end
            case .packets: .packets
            case .bytes: .bytes
            case .reversePackets: .rpackets
            case .reverseBytes: .rbytes
            case .flows: .flows
            case .tunnelSource: .tunsrcip
            case .tunnelTarget: .tundstip
            case .tunnelProtocol: .tunproto
            }
        }
    }
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    default: false
    }
}

/// A format of a layout that cannot be read.
public enum LayoutError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is nothing in it.
    case empty
    /// It is longer than any line.
    case tooLong
    /// No tag has that name; the column counts octets from 1.
    case unknownTag(String, column: Int, suggestion: String?)
    /// nfdump has the tag, Skein has no such field.
    case noField(tag: String, column: Int)

    /// What is wrong and what would be right.
    public var description: String {
        switch self {
        case .empty: "the format is empty; try '%ts %sap -> %dap %byt'"
        case .tooLong: "the format is too long"
        case .unknownTag(let name, let column, let suggestion):
            "there is no tag ‘%\(name)’ (column \(column))"
                + (suggestion.map { "; did you mean ‘%\($0)’?" } ?? "; see docs/output.md")
        case .noField(let name, let column):
            "‘%\(name)’ (column \(column)) is nfdump's, for a field that Skein does not have"
        }
    }
}
