import FlowModel

/// A set of columns.
struct FieldSet: Hashable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    func contains(_ field: Field) -> Bool {
        let bit = UInt64(field.rawValue)
        return (bit < 64 ? low >> bit : high >> (bit & 63)) & 1 != 0
    }

    mutating func insert(_ field: Field) {
        let bit = UInt64(field.rawValue)
        if bit < 64 { low |= 1 << bit } else { high |= 1 << (bit & 63) }
    }

    mutating func formUnion(_ other: FieldSet) {
        low |= other.low
        high |= other.high
    }
}

/// One step of making rows of records: a field of the template into a column.
struct FieldOperation {
    /// What is done to the octets.
    enum Kernel {
        case number, numberIfNonZero, numberUnion
        case address, addressIfSet
        case milliseconds, seconds, ntp, beforeExport, uptime
        /// Uptime where the record carries the system's start (160) in `second`.
        case uptimeSinceInit
        /// (interval + space) / interval, space in `second` (305, 306).
        case intervalAndSpace
        /// population / size, population in `second` (309, 310).
        case sizeAndPopulation
    }
    var kernel: Kernel
    var field: Field
    private var slotNumber: UInt16
    private var secondNumber: UInt16

    /// A template counts its fields in 16 bits.
    init(kernel: Kernel, field: Field, slot: Int, second: Int = 0) {
        self.kernel = kernel
        self.field = field
        slotNumber = UInt16(slot)
        secondNumber = UInt16(second)
    }

    /// Which field of the template.
    var slot: Int { Int(slotNumber) }
    /// A second operand's.
    var second: Int {
        get { Int(secondNumber) }
        set { secondNumber = UInt16(newValue) }
    }
}

/// The addresses of one header in a record.
struct AddressPair {
    var source: Int?
    var destination: Int?

    /// The slot that stands first in the record.
    var first: Int { min(source ?? .max, destination ?? .max) }
}

/// Where a record says the ICMP type and code.
struct ICMPSlots {
    /// icmpTypeCodeIPv4, icmpTypeCodeIPv6: type × 256 + code.
    var combinedV4: Int?
    var combinedV6: Int?
    var typeV4: Int?
    var codeV4: Int?
    var typeV6: Int?
    var codeV6: Int?
    /// The destination port, where exporters without the others put type × 256 + code.
    var port: Int?
    /// Without a protocol in the record the elements themselves say that it is ICMP.
    var hasProtocol = false

    var isEmpty: Bool {
        combinedV4 == nil && combinedV6 == nil && typeV4 == nil && typeV6 == nil
            && !(hasProtocol && port != nil)
    }
}

/// A piece of a sampled packet in a record.
struct PacketSection {
    var slot: Int
    var linkType: LinkType
}

/// A list in a record (RFC 6313).
struct StructuredField {
    enum Kind { case basicList, subTemplateList, subTemplateMultiList }
    var slot: Int
    var kind: Kind
}

/// What a plan says, while it is compiled.
struct RecordPlanDraft {
    var operations: [FieldOperation] = []
    var headers: [AddressPair] = []
    var icmp: ICMPSlots?
    var sections: [PacketSection] = []
    var sectionSize: Int?
    var lists: [StructuredField] = []
    var other: [OtherElement] = []
    var otherSlots: [Int] = []
    var columns = FieldSet()
}

/// How to make rows of the records of one template.
///
/// An object, as it is looked at for every set of records: nothing of it is copied then.
final class RecordPlan {
    /// In the order in which they are to be done.
    let operations: [FieldOperation]
    /// The headers, outermost first, where there is more than one.
    let headers: [AddressPair]
    let icmp: ICMPSlots?
    let sections: [PacketSection]
    /// dataLinkFrameSize (312) or sectionExportedOctets (410): bytes of a record that has a section.
    let sectionSize: Int?
    let lists: [StructuredField]
    /// Elements without a column, as the `other` column's layout, and their slots.
    let other: [OtherElement]
    let otherSlots: [Int]
    /// The columns that records of this template set.
    let columns: FieldSet
    /// The batch in which ``BatchColumns`` has the columns of all operations.
    var columnsEpoch = -1

    /// What tells when a flow was: its end, else its start.
    var time: FieldOperation? {
        operations.last { $0.field == .end } ?? operations.last { $0.field == .start }
    }

    /// Whether packets and bytes have to be made up: a sampled packet that is not counted.
    var impliesCounters: Bool {
        !sections.isEmpty && !columns.contains(.packets) && !columns.contains(.bytes)
    }

    /// A plan for records that make no rows.
    convenience init() { self.init(RecordPlanDraft()) }

    convenience init(fields: [TemplateField], version: UInt16) {
        var draft = RecordPlanDraft()
        var compiler = TemplateCompiler(fields: fields, version: version)
        compiler.compile(into: &draft)
        self.init(draft)
    }

    private init(_ draft: RecordPlanDraft) {
        // There may be many: without room to grow.
        operations = draft.operations.map(\.self)
        headers = draft.headers
        icmp = draft.icmp
        sections = draft.sections
        sectionSize = draft.sectionSize
        lists = draft.lists
        other = draft.other.map(\.self)
        otherSlots = draft.otherSlots.map(\.self)
        columns = draft.columns
    }
}
