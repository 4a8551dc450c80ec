/// Finished datagrams, behind each other in one buffer, in the order in which they leave.
public struct DatagramQueue: Sendable {
    /// One datagram's UDP payload.
    public struct Datagram: Hashable, Sendable {
        /// The exporter's place in the fleet.
        public var exporter: Int
        /// When it leaves, ms since 1970.
        public var time: UInt64
        /// How many flow records it carries; for sFlow packet samples.
        public var records: Int
        /// Where its octets are in ``DatagramQueue/bytes``.
        public var range: Range<Int>
    }

    /// The payloads.
    public private(set) var bytes: [UInt8] = []
    /// What they are.
    public private(set) var datagrams: [Datagram] = []

    /// An empty queue.
    public init() {}

    /// Forgets all, keeps the storage.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        datagrams.removeAll(keepingCapacity: true)
    }

    mutating func append(_ payload: ArraySlice<UInt8>, exporter: Int, time: UInt64, records: Int) {
        let start = bytes.count
        bytes += payload
        datagrams.append(
            Datagram(exporter: exporter, time: time, records: records, range: start..<bytes.count))
    }
}
