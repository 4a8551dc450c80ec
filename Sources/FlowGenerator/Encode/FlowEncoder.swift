/// Turns the flows of one router into datagrams.
///
/// Pure: no clock, no I/O, nothing shared with the decoders, whose second opinion it is.
public protocol FlowEncoder: Sendable {
    /// Flows that the protocol has no room for.
    var omitted: Int { get }

    /// Adds a flow; a datagram that is full goes into `queue`.
    ///
    /// Flows come in the order of ``GeneratedFlow/exported``.
    mutating func encode(_ flow: GeneratedFlow, into queue: inout DatagramQueue)

    /// Sends what has been collected, `time` being the present, ms since 1970.
    mutating func flush(at time: UInt64, into queue: inout DatagramQueue)
}

/// The largest UDP payload that is made, so that no datagram is fragmented on Ethernet.
let datagramBytesMax = 1_400

/// How often templates are sent again: with the first datagram of every so many.
let templateInterval: UInt32 = 20
