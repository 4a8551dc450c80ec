/// The stretch of time that a reader is interested in, so that segments outside it are not opened.
///
/// It means what `--from`, `--to` and `--overlap` mean. A store of a year has thousands of segments;
/// the manifest alone tells which of them can have a flow of a certain hour.
public struct StoreWindow: Hashable, Sendable {
    /// Only flows that start at this time or later, ms since 1970; nil = from the beginning.
    public var from: UInt64?
    /// Only flows that start before this time; nil = to the end.
    public var to: UInt64?
    /// Also flows that started before ``from`` and had not ended by then.
    public var overlap: Bool

    /// Names a stretch of time; by default all of it.
    public init(from: UInt64? = nil, to: UInt64? = nil, overlap: Bool = false) {
        self.from = from
        self.to = to
        self.overlap = overlap
    }

    /// Whether every flow of the other window is one of this.
    public func covers(_ other: StoreWindow) -> Bool {
        (from ?? 0) <= (other.from ?? 0) && (to ?? .max) >= (other.to ?? .max)
            && (overlap || !other.overlap || from == nil)
    }

    /// Whether a segment can have a flow of the window.
    ///
    /// A flow lies where its `start` says, or where it has none at `received`; whether a segment has
    /// flows without a start the manifest does not say, so both ranges count.
    func mayTouch(_ segment: SegmentInfo) -> Bool {
        let places = [segment.start, segment.received].compactMap(\.self)
        if let to, !places.contains(where: { $0.lowerBound < to }) { return false }
        guard let from else { return true }
        if overlap {
            // A flow without an end is as long as a moment, and touches where it lies.
            guard let lastEnd = segment.lastEnd else { return true }
            return lastEnd >= from || places.contains { $0.upperBound >= from }
        }
        return places.contains { $0.upperBound >= from && $0.lowerBound < to ?? .max }
    }
}
