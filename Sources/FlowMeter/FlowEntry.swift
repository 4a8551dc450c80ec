/// A flow in the table: what every packet of it touches, in two cache lines.
///
/// What only the first packet says is kept beside it as that packet's headers.
struct FlowEntry: BitwiseCopyable {
    /// How far a TCP connection has come, and which way round the flow is.
    struct State: OptionSet, BitwiseCopyable {
        let rawValue: UInt8
        /// The first packet's source is the key's `b`.
        static let isSwapped = Self(rawValue: 1)
        static let forwardFIN = Self(rawValue: 2)
        static let reverseFIN = Self(rawValue: 4)
        /// Both sides have closed, or one has reset: in the queue of the closed.
        static let isClosed = Self(rawValue: 8)
        static let isTCP = Self(rawValue: 16)
    }

    var key: FlowKey
    /// First and last packet, nanoseconds since 1970.
    var first: UInt64
    var last: UInt64
    /// The meter's clock at the last packet, and when the flow was put into its queue.
    var touched: UInt64
    var queued: UInt64
    var packets: UInt64 = 0
    var bytes: UInt64 = 0
    var reversePackets: UInt64 = 0
    var reverseBytes: UInt64 = 0
    /// Neighbours in the queue; `next` also links what is free.
    var previous: UInt32 = 0
    var next: UInt32 = 0
    var hash: UInt32
    var state: State
    /// TCP flags and lifetimes of the forward direction.
    var flags: UInt8 = 0
    var minTTL: UInt8 = 255
    var maxTTL: UInt8 = 0
    /// Fills the second cache line, so that no entry begins inside of one.
    private let padding: UInt64 = 0

    init(
        key: FlowKey, first: UInt64, last: UInt64, clock: UInt64, hash: UInt32, state: State
    ) {
        self.key = key
        self.first = first
        self.last = last
        touched = clock
        queued = clock
        self.hash = hash
        self.state = state
    }

    /// Octets of the two cache lines.
    static let alignment = 128
}

extension FlowEntry {
    /// Counts packets to the flow.
    @inline(__always)
    mutating func add(_ tally: PacketTally, flags: UInt8, isReverse: Bool, clock: UInt64) {
        first = min(first, tally.first)
        last = max(last, tally.last)
        touched = clock
        if isReverse {
            reversePackets &+= tally.packets
            reverseBytes &+= tally.bytes
        } else {
            packets &+= tally.packets
            bytes &+= tally.bytes
            self.flags |= flags
            minTTL = min(minTTL, tally.minTTL)
            maxTTL = max(maxTTL, tally.maxTTL)
        }
    }
}
