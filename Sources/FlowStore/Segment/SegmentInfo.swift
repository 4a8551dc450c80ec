/// What the manifest says of a segment.
public struct SegmentInfo: Hashable, Sendable {
    /// Its number, which its file is named after; never used twice in a store.
    public let number: UInt64
    /// Rows in it.
    public let rows: UInt64
    /// Blocks in it.
    public let blocks: Int
    /// The file's length.
    public let octets: UInt64
    /// Smallest and largest `received` of its rows.
    public let received: ClosedRange<UInt64>
    /// Smallest and largest `start`; nil where no row has one.
    public let start: ClosedRange<UInt64>?
    /// Largest `end`, 0 where no row has one; nil where the manifest, written by an older build, does
    /// not say.
    public internal(set) var lastEnd: UInt64?
    /// Checksum of the footer's head, which holds those of all else.
    let checksum: UInt32
}

/// A segment that could not be opened.
public struct DamagedSegment: Hashable, Sendable {
    /// What the manifest says of it.
    public let info: SegmentInfo
    /// Why not.
    public let error: StoreError
}
