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
    var offset: Int
    var length: Int
}

/// What a template is for.
enum TemplateKind: Equatable {
    case data
    /// Options: the first `scopes` fields are the scope.
    case options(scopes: Int)
}

/// A template, compiled once when it arrives.
final class Template {
    /// What decides how a template is read; two of the same definition are the same template.
    struct Definition: Equatable {
        var kind: TemplateKind
        var fields: [TemplateField]
    }

    let id: UInt16
    let definition: Definition
    /// How to make rows of its records.
    let plan: RecordPlan
    /// Octets of a record; where lengths vary, of the shortest.
    let recordLength: Int
    /// Whether every record has to be measured.
    let isVariable: Bool
    /// The fields' places where the length does not vary, else empty.
    let places: [FieldPlace]
    /// For the `other` column: which octets of a record to keep, neighbours joined.
    ///
    /// Empty where the length varies.
    let otherPieces: [Range<Int>]

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

    /// What a batch has for this template.
    final class Destination {
        /// Columns that every row has.
        let received: ColumnWriter
        let exporter: ColumnWriter
        let domain: ColumnWriter
        /// The columns of ``RecordPlan/operations``.
        let columns: [ColumnWriter]
        /// The end of flows, else their start; nil where the template has neither.
        let time: ColumnWriter?
        /// Whether that is a stamp of uptime, which is nothing without something to count from.
        let timeIsUptime: Bool
        /// The batch's number of ``RecordPlan/other``; nil where there is none, or the batch has too
        /// many.
        let layout: UInt16?

        init(_ plan: RecordPlan, in batch: FlowBatch) {
            received = batch.columnForWriting(.received).writer
            exporter = batch.columnForWriting(.exporter).writer
            domain = batch.columnForWriting(.domain).writer
            columns = plan.columns(in: batch)
            let time = plan.time
            self.time = time.map { batch.columnForWriting($0.field).writer }
            timeIsUptime = time?.kernel == .uptime
            layout = plan.other.isEmpty ? nil : batch.other.layout(plan.other)
        }
    }

    /// Good while `destinationEpoch` is the appender's.
    private var destination: Destination?
    private var destinationEpoch = -1

    /// Compiles a template whose shortest record has at least one octet.
    init(
        id: UInt16, definition: Definition, version: UInt16, exportSeconds: UInt32 = 0,
        sequence: UInt32 = 0, datagram: UInt64 = 0, received: UInt64 = 0
    ) {
        self.id = id
        self.definition = definition
        self.exportSeconds = exportSeconds
        self.sequence = sequence
        self.datagram = datagram
        self.received = received
        plan =
            definition.kind == .data
            ? RecordPlan(fields: definition.fields, version: version) : RecordPlan()
        recordLength = definition.fields.reduce(0) { $0 + $1.minimumLength }
        isVariable = definition.fields.contains { $0.isVariable }
        guard !isVariable else {
            places = []
            otherPieces = []
            return
        }
        var offset = 0
        let places = definition.fields.map { field in
            defer { offset += Int(field.length) }
            return FieldPlace(offset: offset, length: Int(field.length))
        }
        self.places = places
        otherPieces = plan.otherSlots.reduce(into: []) { pieces, slot in
            let place = places[slot]
            if let last = pieces.last, last.upperBound == place.offset {
                pieces[pieces.count - 1] = last.lowerBound..<place.offset + place.length
            } else {
                pieces.append(place.offset..<place.offset + place.length)
            }
        }
    }

    /// Where its records go in the appender's current batch; looked up once a batch.
    func destination(in appender: BatchAppender) -> Destination {
        if let destination, destinationEpoch == appender.rowsEmitted { return destination }
        let found = Destination(plan, in: appender.batch)
        destination = found
        destinationEpoch = appender.rowsEmitted
        return found
    }
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
