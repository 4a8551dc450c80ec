/// A piece of a network's life that can be played again and again: the same numbers, the same flows.
///
/// An ordinary stretch of days at Harbour Works (see `Organisation`) with a story hidden in it (see
/// ``story``). Everything follows from the four values given here, on any machine.
public struct FlowScript: Sendable {
    /// What every choice is drawn from.
    public let seed: UInt64
    /// How many flows there are, the story's among them, exactly.
    public let flows: Int
    /// When it begins, ms since 1970.
    public let start: UInt64
    /// When the last flow has ended, ms since 1970.
    public let end: UInt64
    /// What a judgement over the flows should find.
    ///
    /// From about 10,000 flows on every chapter is there in full; below 500 there is none.
    public let story: [StoryFact]

    /// 2026-03-02T00:00:00Z, a Monday.
    public static let defaultStart: UInt64 = 1_772_409_600_000

    /// Makes a script.
    ///
    /// - Parameters:
    ///   - flows: how many, not negative.
    ///   - start: ms since 1970.
    ///   - seconds: how long it lasts, 1 second to 366 days.
    public init(
        flows: Int, seed: UInt64 = 1, start: UInt64 = defaultStart, seconds: Int = 86_400
    ) {
        precondition(flows >= 0 && seconds >= 1 && seconds <= 366 * 86_400)
        precondition(start < 1 << 48)
        self.seed = seed
        self.flows = flows
        self.start = start
        end = start + UInt64(seconds) * 1_000
        story = Chapter.plan(flows: flows, seed: seed, start: start, end: end)
            .map(\.fact)
    }

    /// All flows at once, in the order of export.
    ///
    /// - Complexity: about 150 octets of memory a flow; for tests. ``FlowStream`` keeps only what is
    ///   under way.
    public func allFlows() -> [GeneratedFlow] {
        var stream = FlowStream(self)
        var all: [GeneratedFlow] = []
        var slice: [GeneratedFlow] = []
        all.reserveCapacity(flows)
        while stream.nextSlice(into: &slice) != nil { all += slice }
        return all
    }
}
