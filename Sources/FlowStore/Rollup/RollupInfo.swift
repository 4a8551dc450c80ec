import FlowModel

/// What the manifest says of a rollup: the flows of a segment, or of several that are gone, added up.
public struct RollupInfo: Hashable, Sendable {
    /// The length of its buckets.
    public let step: RollupStep
    /// The segment whose flows it adds up, also when that has expired.
    public let segment: UInt64
    /// The flows that it adds up.
    public let flows: UInt64
    /// The file's length.
    public let octets: UInt64
    /// Rows in it.
    public let rows: UInt64
    /// Smallest and largest `received` of the flows.
    public let received: ClosedRange<UInt64>
    /// Smallest and largest start of a bucket.
    public let buckets: ClosedRange<UInt64>
    /// How often it was counted anew; its file is named after it too.
    let edition: UInt32
    /// Stands for the sampling rates that it was counted with; see ``RollupStamp``.
    let stamp: UInt64
    let blocks: Int
    let checksum: UInt32
}

/// What a rollup's file says of itself behind the records of its blocks, so that a manifest can be made
/// anew of files.
struct RollupHead: Hashable, Sendable {
    static let octets = 48

    var step: RollupStep
    var edition: UInt32
    var segment: UInt64
    var flows: UInt64
    var stamp: UInt64
    var received: ClosedRange<UInt64>

    func encoded() -> [UInt8] {
        var output: [UInt8] = []
        output.put(step.rawValue)
        output.put(edition)
        output.put(segment)
        output.put(flows)
        output.put(stamp)
        output.put(received.lowerBound)
        output.put(received.upperBound)
        return output
    }

    init(
        step: RollupStep, edition: UInt32, segment: UInt64, flows: UInt64, stamp: UInt64,
        received: ClosedRange<UInt64>
    ) {
        self.step = step
        self.edition = edition
        self.segment = segment
        self.flows = flows
        self.stamp = stamp
        self.received = received
    }

    init(_ reader: inout ByteReader) throws(Damage) {
        let length = try reader.next(UInt32.self)
        edition = try reader.next(UInt32.self)
        segment = try reader.next(UInt64.self)
        flows = try reader.next(UInt64.self)
        stamp = try reader.next(UInt64.self)
        let first = try reader.next(UInt64.self)
        let last = try reader.next(UInt64.self)
        guard let step = RollupStep(rawValue: length), first <= last else {
            throw .value(part: "rollup")
        }
        self.step = step
        received = first...last
    }
}

extension RollupInfo {
    init(_ head: RollupHead, _ file: SegmentInfo) {
        step = head.step
        edition = head.edition
        segment = head.segment
        flows = head.flows
        octets = file.octets
        rows = file.rows
        received = head.received
        buckets = file.received
        stamp = head.stamp
        blocks = file.blocks
        checksum = file.checksum
    }

    /// The file, as the reader of segments wants it described.
    var file: SegmentInfo {
        SegmentInfo(
            number: segment, rows: rows, blocks: blocks, octets: octets, received: buckets,
            start: nil, checksum: checksum)
    }

    func write(to output: inout [UInt8]) {
        let head = RollupHead(
            step: step, edition: edition, segment: segment, flows: flows, stamp: stamp,
            received: received)
        output += head.encoded()
        output.put(octets)
        output.put(rows)
        output.put(buckets.lowerBound)
        output.put(buckets.upperBound)
        output.put(UInt32(blocks))
        output.put(checksum)
    }

    init(_ reader: inout ByteReader) throws(Damage) {
        let head = try RollupHead(&reader)
        octets = try reader.next(UInt64.self)
        rows = try reader.next(UInt64.self)
        let first = try reader.next(UInt64.self)
        let last = try reader.next(UInt64.self)
        blocks = Int(try reader.next(UInt32.self))
        checksum = try reader.next(UInt32.self)
        guard first <= last else { throw .value(part: "manifest") }
        step = head.step
        edition = head.edition
        segment = head.segment
        flows = head.flows
        stamp = head.stamp
        received = head.received
        buckets = first...last
    }
}
