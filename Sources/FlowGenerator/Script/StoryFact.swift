public import FlowModel

/// One chapter of the story: who, whom, when and how many flows.
public struct StoryFact: Hashable, Sendable {
    /// Which chapter.
    public var kind: FlowKind
    /// What happens, in a sentence.
    public var summary: String
    /// Who; empty where the sources are many and forged.
    public var sources: [IPPrefix]
    /// Whom.
    public var targets: [IPPrefix]
    /// The ports at the target.
    public var ports: [ClosedRange<UInt16>]
    /// IP protocol numbers.
    public var protocols: [UInt8]
    /// The first packet of the first exchange, at the earliest; ms since 1970.
    public var start: UInt64
    /// No exchange begins at or after this; ms since 1970.
    public var end: UInt64
    /// The pace of what is periodic, ms.
    public var period: UInt64?
    /// How many conversations.
    public var exchanges: Int
    /// How many flows they make, replies included.
    public var flows: Int
}
