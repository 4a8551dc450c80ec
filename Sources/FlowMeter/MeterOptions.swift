public import FlowModel

/// How packets become flows.
public struct MeterOptions: Sendable {
    /// What packets of one flow have in common.
    public enum Key: String, Sendable, CaseIterable {
        /// Addresses, ports and protocol.
        case fiveTuple = "5tuple"
        /// These and the (outer) VLAN.
        case vlan
    }

    /// A flow that lasts longer is reported in pieces of this length; default 300 s, zero = never.
    public var activeTimeout: Duration = .seconds(300)
    /// A flow ends when no packet came for this long; default 15 s, zero = never, and then TCP's end
    /// does not end a flow either.
    public var idleTimeout: Duration = .seconds(15)
    /// How long a TCP connection that was closed takes up late packets; default 5 s.
    public var closeLinger: Duration = .seconds(5)
    /// Two records, one for each direction, instead of one with `rpackets` and `rbytes`.
    public var isUniflow = false
    /// What packets of one flow have in common; default the five-tuple.
    public var key = Key.fiveTuple
    /// Whether later fragments count to the ports of their first one; else they are flows with
    /// ports 0.
    public var reassembles = true
    /// Whether the flow inside of a tunnel is metered, with the outer header in `tun*`.
    public var unwrapsTunnels = true
    /// Flows at a time; beyond them the oldest is reported early and counted.
    ///
    /// A flow takes about 450 octets.
    public var maxFlows = 524_288
    /// What goes into `exporter`; default `::`.
    public var exporter = IPAddress.v6Zero

    /// The defaults.
    public init() {}
}

/// What became of the packets of a meter: none is dropped uncounted.
public struct MeterCounters: Hashable, Sendable {
    /// Packets seen.
    public var packets: UInt64 = 0
    /// Packets without an IP header that could be read, in no flow.
    public var otherPackets: UInt64 = 0
    /// Fragments of IP packets.
    public var fragments: UInt64 = 0
    /// Later fragments whose first one was never seen: counted with ports 0.
    public var orphanFragments: UInt64 = 0
    /// Flow records written.
    public var flows: UInt64 = 0
    /// Flows reported early because there were too many.
    public var evictedFlows: UInt64 = 0

    /// Nothing seen.
    public init() {}
}

/// The values of `endreason` (IPFIX element 136, flowEndReason).
enum FlowEndReason: UInt8 {
    case idleTimeout = 1
    case activeTimeout = 2
    case endOfFlow = 3
    case forcedEnd = 4
    case lackOfResources = 5
}
