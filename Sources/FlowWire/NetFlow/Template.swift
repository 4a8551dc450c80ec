import FlowModel

/// One field specifier of a template (RFC 7011 §3.2, RFC 3954 §5.2).
struct TemplateField: Hashable {
    /// Private enterprise number; 0 = IANA and all of NetFlow v9.
    var enterprise: UInt32
    /// Element number without the enterprise bit; in v9 the whole field type.
    var id: UInt16
    /// Octets, ``variable`` = each value says.
    var length: UInt16

    /// The length that stands for "varies" (RFC 7011 §7).
    static let variable: UInt16 = 65535

    /// The least octets that a value takes.
    var minimumLength: Int { length == Self.variable ? 1 : Int(length) }

    var isVariable: Bool { length == Self.variable }
}

/// Where one field of a record lies, relative to the record's start.
struct FieldPlace {
    private let start: UInt32
    private let octets: UInt32

    /// At most 65,535 fields of 65,535 octets lie before it.
    init(offset: Int, length: Int) {
        start = UInt32(offset)
        octets = UInt32(length)
    }

    var offset: Int { Int(start) }
    var length: Int { Int(octets) }
}

/// What a template is for.
enum TemplateKind: Hashable {
    case data
    /// Options: the first `scopes` fields are the scope.
    case options(scopes: Int)
}

/// A template of one exporter.
final class Template {
    /// What decides how a template is read; two of the same definition are read alike.
    struct Definition: Hashable {
        var kind: TemplateKind
        var fields: [TemplateField]
    }

    let id: UInt16
    /// How its records lie and are read.
    let layout: RecordLayout

    /// Header seconds of the latest message that carried it.
    var exportSeconds: UInt32
    /// Its sequence number.
    var sequence: UInt32
    /// The number of the latest datagram that carried it.
    var datagram: UInt64
    /// Arrival of the latest message that carried it, ms since 1970.
    var received: UInt64
    /// Whether it is known from an earlier run only, see ``ExportDecoder/restoreExporters(_:)``.
    var isRestored = false

    init(
        id: UInt16, layout: RecordLayout, exportSeconds: UInt32 = 0, sequence: UInt32 = 0,
        datagram: UInt64 = 0, received: UInt64 = 0
    ) {
        self.id = id
        self.layout = layout
        self.exportSeconds = exportSeconds
        self.sequence = sequence
        self.datagram = datagram
        self.received = received
    }

    var definition: Definition { layout.definition }
    var plan: RecordPlan { layout.plan }
    var recordLength: Int { layout.recordLength }
    var isVariable: Bool { layout.isVariable }
    var places: [FieldPlace] { layout.places }
    var otherPieces: [Range<Int>] { layout.otherPieces }
}

/// Measures a record of varying length that begins at `start`; `places` get offsets relative to it.
///
/// - Returns: the record's length, nil where it does not fit.
func measureRecord(
    _ fields: [TemplateField], _ bytes: RawSpan, at start: Int, into places: inout [FieldPlace]
) -> Int? {
    places.removeAll(keepingCapacity: true)
    var offset = start
    let end = bytes.byteCount
    for field in fields {
        var length = Int(field.length)
        if field.isVariable {
            // RFC 7011 §7: one octet of length, or 255 and two octets.
            guard offset < end else { return nil }
            length = Int(bytes.octet(at: offset))
            offset += 1
            if length == 255 {
                guard end - offset >= 2 else { return nil }
                length = Int(bytes.network16(at: offset))
                offset += 2
            }
        }
        guard end - offset >= length else { return nil }
        places.append(FieldPlace(offset: offset - start, length: length))
        offset += length
    }
    return offset - start
}
