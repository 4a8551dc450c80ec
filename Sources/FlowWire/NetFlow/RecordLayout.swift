import FlowModel

/// How the records of a template lie and are read: compiled once for all exporters whose templates are
/// the same.
final class RecordLayout {
    let definition: Template.Definition
    /// 9 or 10, or that of a protocol without templates.
    let version: UInt16
    /// How to make rows of the records.
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

    /// What tells when a flow was: its end, else its start; nil where the template has neither.
    let time: FieldOperation?

    /// The appender's batch's number of ``RecordPlan/other``, good while `otherEpoch` is the appender's.
    private var otherNumber: UInt16?
    private var otherEpoch = -1

    /// Compiles a definition whose shortest record has at least one octet.
    init(_ definition: Template.Definition, version: UInt16) {
        self.definition = definition
        self.version = version
        plan =
            definition.kind == .data
            ? RecordPlan(fields: definition.fields, version: version) : RecordPlan()
        time = plan.time
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

    /// The number that the appender's current batch has for ``RecordPlan/other``; nil where there is
    /// none, or the batch has too many.
    func otherNumber(in appender: BatchAppender) -> UInt16? {
        guard !plan.other.isEmpty else { return nil }
        if otherEpoch != appender.rowsEmitted {
            otherNumber = appender.batch.other.layout(plan.other)
            otherEpoch = appender.rowsEmitted
        }
        return otherNumber
    }
}

/// The layouts of all templates that exporters have now, and what they cost.
///
/// Routers of one model send the same templates: a thousand of them cost what one does.
final class RecordLayouts {
    private struct Key: Hashable {
        var definition: Template.Definition
        var version: UInt16
    }
    private struct Entry {
        let layout: RecordLayout
        /// Templates that have it.
        var users: Int
    }
    private var entries: [Key: Entry] = [:]

    /// What templates and layouts are charged for so far, in fields of layouts.
    private(set) var fieldCount = 0

    /// What a layout is charged for besides its fields.
    private static let layoutCost = 16
    /// What each template that shares one is charged for.
    private static let templateCost = 4

    /// The layout of a definition, of which the caller becomes a user; nil where more than `fieldsMax`
    /// would be charged then.
    func take(
        _ definition: Template.Definition, version: UInt16, fieldsMax: Int
    ) -> RecordLayout? {
        let key = Key(definition: definition, version: version)
        let known = entries[key]
        let cost =
            Self.templateCost
            + (known == nil ? definition.fields.count + Self.layoutCost : 0)
        guard fieldCount + cost <= fieldsMax else { return nil }
        fieldCount += cost
        let layout = known?.layout ?? RecordLayout(definition, version: version)
        entries[key, default: Entry(layout: layout, users: 0)].users += 1
        return layout
    }

    /// Takes back what ``take(_:version:fieldsMax:)`` gave.
    func release(_ layout: RecordLayout) {
        let key = Key(definition: layout.definition, version: layout.version)
        guard let entry = entries[key] else {
            preconditionFailure("a layout is released once for each time that it was taken")
        }
        fieldCount -= Self.templateCost
        guard entry.users == 1 else {
            entries[key]?.users -= 1
            return
        }
        entries[key] = nil
        fieldCount -= layout.definition.fields.count + Self.layoutCost
    }
}
