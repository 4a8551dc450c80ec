/// The last scenes of a swarm that goes on, as octets, for readers who come and go.
///
///     chunk: checkpoint, scene … scene │ chunk │ … │ the one that grows
///
/// A reader begins at a checkpoint. Whole chunks are forgotten, so what is kept always begins with one.
public struct SceneRing: Sendable {
    /// What a reader gets next.
    public enum Piece: Sendable, Equatable {
        /// A scene; `skipped` lie between it and the one before.
        case scene([UInt8], number: UInt64, skipped: UInt64)
        /// There is nothing yet.
        case nothing
    }

    /// Where a reader is.
    public struct Place: Sendable, Equatable {
        /// The number of the scene that is read next.
        public fileprivate(set) var next: UInt64
        /// The first that was not there when the reader came: what is before is read at leisure.
        fileprivate let came: UInt64
    }

    private var chunks: [[[UInt8]]] = []
    private var encoder = SceneEncoder()
    private var octets = 0
    /// The numbers of the scenes that are kept.
    public private(set) var numbers: Range<UInt64> = 0..<0
    private let octetsMax: Int

    /// Whole chunks that are kept besides the one that grows.
    public static let chunksMax = 8
    /// Scenes behind the newest beyond which a reader is too slow, and goes on at a later checkpoint.
    public static let behindMax: UInt64 = 20

    /// - Parameter octetsMax: octets from which on chunks are forgotten earlier.
    public init(octetsMax: Int = 24 << 20) { self.octetsMax = octetsMax }

    /// Keeps the next scene; numbers follow one another.
    public mutating func append(_ scene: SwarmScene) {
        if chunks.isEmpty { numbers = scene.number..<scene.number }
        precondition(scene.number == numbers.upperBound)
        if encoder.isAtCheckpoint { chunks.append([]) }
        let record = encoder.record(of: scene)
        octets += record.count
        chunks[chunks.count - 1].append(record)
        numbers = numbers.lowerBound..<scene.number + 1
        while chunks.count > 1, chunks.count > Self.chunksMax + 1 || octets > octetsMax {
            let oldest = chunks.removeFirst()
            octets -= oldest.reduce(0) { $0 + $1.count }
            numbers = numbers.lowerBound + UInt64(oldest.count)..<numbers.upperBound
        }
    }

    /// Where a reader begins who comes now; nil where there is no scene yet.
    ///
    /// - Parameter first: the first scene that is wanted: it begins with the last checkpoint that is not
    ///   after it, or with the oldest one. nil: with the newest checkpoint.
    public func place(from first: UInt64? = nil) -> Place? {
        guard !numbers.isEmpty else { return nil }
        let begin = checkpoints.last { $0 <= first ?? .max } ?? numbers.lowerBound
        return Place(next: begin, came: numbers.upperBound)
    }

    /// The next piece for a reader; one that is too slow is told how many scenes it has not got.
    public func read(_ place: inout Place) -> Piece {
        guard place.next < numbers.upperBound else { return .nothing }
        var skipped: UInt64 = 0
        let isSlow = place.next >= place.came && numbers.upperBound - place.next > Self.behindMax
        if place.next < numbers.lowerBound || isSlow, let newest = checkpoints.last,
            newest > place.next
        {
            skipped = newest - place.next
            place.next = newest
        }
        let at = Int(place.next - numbers.lowerBound)
        let interval = SceneEncoder.checkpointInterval
        defer { place.next += 1 }
        return .scene(chunks[at / interval][at % interval], number: place.next, skipped: skipped)
    }

    private var checkpoints: [UInt64] {
        chunks.indices.map {
            numbers.lowerBound + UInt64($0 * SceneEncoder.checkpointInterval)
        }
    }
}
