public import FlowModel

/// One cell of an answer.
public enum Cell: Hashable, Sendable {
    /// Nothing there.
    case null
    /// An integer.
    case number(UInt64)
    /// A share or a rate that is not whole.
    case real(Double)
    /// An IP address.
    case address(IPAddress)
    /// A block of addresses, for groups by prefix.
    case prefix(IPPrefix)
    /// Named values, for `other`.
    case elements([OtherElements.Named])
}

extension OtherElements {
    /// One element with its octets as on the wire.
    public struct Named: Hashable, Sendable {
        /// Which element.
        public let element: OtherElement
        /// Its octets, big-endian.
        public let octets: [UInt8]

        /// Pairs an element with its octets.
        public init(element: OtherElement, octets: [UInt8]) {
            self.element = element
            self.octets = octets
        }
    }
}

/// A column of an answer.
public struct AnswerColumn: Hashable, Sendable {
    /// Its name: the vocabulary's word, also the JSON key; for keys as the user wrote them (`srcip/24`).
    public let name: String
    /// What its cells mean, for tables (a `transportProtocol` prints as `TCP`, an `instant` as a time).
    public let meaning: FieldMeaning
    /// Absent cells are 0 in JSON instead of null.
    public let absentIsZero: Bool

    /// Describes a column.
    public init(name: String, meaning: FieldMeaning, absentIsZero: Bool = false) {
        self.name = name
        self.meaning = meaning
        self.absentIsZero = absentIsZero
    }
}

/// What the answer rests on: what a reader must know before trusting it.
public struct Footing: Hashable, Sendable {
    /// Rows looked at after pruning.
    public var rowsScanned: UInt64 = 0
    /// Blocks of the store, and how many of them the summaries spared.
    public var blocks = 0
    /// Blocks that summaries spared.
    public var blocksPruned = 0
    /// Matching flows whose sampler's rate is not known (`sampling` 0): their counters are not scaled.
    public var flowsOfUnknownRate: UInt64 = 0
    /// Matching flows without a start, placed by `received`.
    public var flowsWithoutStart: UInt64 = 0
    /// Damaged blocks that were skipped.
    public var blocksDamaged = 0
    /// Damaged segments that could not be opened.
    public var segmentsDamaged = 0
    /// Rows in damaged blocks and segments, as far as is known.
    public var rowsDamaged: UInt64 = 0
    /// Groups in all, where only the top ones were asked for.
    public var groups: UInt64?
    /// Groups or buckets whose number of distinct values is an estimate.
    public var groupsEstimated: UInt64 = 0
    /// Empty buckets of a series that are not in the answer, in long runs between flows that lie far
    /// apart.
    public var bucketsLeftOut: UInt64 = 0
    /// What rollups stand in for, and what has expired.
    public var rollups = RollupFooting()

    /// A footing of nothing.
    public init() {}
}

/// Takes an answer row by row: first ``begin(columns:)``, then rows, then ``end(footing:)``.
public protocol AnswerWriter: AnyObject {
    /// The columns that every row has.
    func begin(columns: [AnswerColumn]) throws
    /// One row, a cell a column.
    func row(_ cells: [Cell]) throws
    /// After the last row.
    func end(footing: Footing) throws
}
