public import FlowStore
public import FlowWire

/// What became of everything that reached a collector, at every join of its way.
public struct CollectorCounters: Sendable {
    /// One place where exports arrive.
    public struct Listener: Sendable {
        /// Where it listens.
        public let address: ListenAddress
        /// Datagrams received; messages, over TCP.
        public internal(set) var datagrams: UInt64 = 0
        /// Their octets.
        public internal(set) var octets: UInt64 = 0
        /// Datagrams, or connections, of senders that are not allowed.
        public internal(set) var refused: UInt64 = 0
        /// Datagrams of which the kernel gave only the beginning.
        public internal(set) var cut: UInt64 = 0
        /// Datagrams that the kernel dropped because the socket's buffer was full.
        public internal(set) var kernelDrops: UInt64 = 0
        /// Errors of the socket.
        public internal(set) var errors: UInt64 = 0
        /// Why nothing can arrive there now; nil where it can.
        public internal(set) var failure: CollectorError?
        /// Octets that the kernel allows the socket's buffer, as it counts them.
        public internal(set) var receiveBufferBytes = 0
        /// Connections that are open, over TCP.
        public internal(set) var connections: UInt64 = 0
        /// Connections that were taken, over TCP.
        public internal(set) var accepted: UInt64 = 0
        /// Connections that brought something else than IPFIX, or broke off within a message.
        public internal(set) var broken: UInt64 = 0
        /// Connections that never came to speak TLS, over TLS.
        public internal(set) var handshakesFailed: UInt64 = 0
    }

    /// An interface whose packets are metered.
    public struct Interface: Hashable, Sendable {
        /// Its name.
        public let name: String
        /// Whether packets can come now.
        public internal(set) var isUp = true
        /// Whether it is metered as of the latest reload.
        public internal(set) var isWanted = true
        /// Packets metered.
        public internal(set) var packets: UInt64 = 0
        /// Their octets on the wire, with the link's headers.
        public internal(set) var octets: UInt64 = 0
        /// Flows made of them.
        public internal(set) var flows: UInt64 = 0
        /// Flows going on, which are in memory alone.
        public internal(set) var activeFlows: UInt64 = 0
        /// Packets that the kernel dropped because the capture's buffer was full.
        public internal(set) var kernelDrops: UInt64 = 0
        /// Packets that the interface itself dropped, where it says.
        public internal(set) var interfaceDrops: UInt64 = 0
        /// Packets without an IP header, in no flow.
        public internal(set) var otherPackets: UInt64 = 0
        /// Fragments whose first one never came, counted with ports 0.
        public internal(set) var orphanFragments: UInt64 = 0
        /// Flows reported early because there were too many.
        public internal(set) var evictedFlows: UInt64 = 0
    }

    /// Datagrams between listeners and decoder.
    public struct Queue: Hashable, Sendable {
        /// Octets of memory in use.
        public internal(set) var bytes = 0
        /// Octets of memory at most.
        public internal(set) var bytesMax = 0
        /// The most that was in use at once.
        public internal(set) var bytesHighest = 0
        /// How often a listener had to wait because the queue was full.
        public internal(set) var waits: UInt64 = 0
    }

    /// Batches between the decoder and one of those that take them.
    public struct Stage: Hashable, Sendable {
        /// Which one.
        public let name: String
        /// Batches that it has taken.
        public internal(set) var batches: UInt64 = 0
        /// Flows in them.
        public internal(set) var flows: UInt64 = 0
        /// Batches that wait for it.
        public internal(set) var waiting = 0
        /// The most that waited at once.
        public internal(set) var waitingHighest = 0
        /// Batches thrown away because it was stuck, or slow where that may be.
        public internal(set) var shedBatches: UInt64 = 0
        /// Flows in those.
        public internal(set) var shedFlows: UInt64 = 0
    }

    /// What was sent on.
    public struct Forward: Sendable {
        /// Where to.
        public let target: ForwardTarget
        /// Datagrams that left.
        public internal(set) var datagrams: UInt64 = 0
        /// Datagrams that the system did not take, or that were too many to keep.
        public internal(set) var dropped: UInt64 = 0
        /// Answers that nobody listens there.
        public internal(set) var refused: UInt64 = 0
    }

    /// The store.
    public struct Store: Sendable {
        /// The number of the last batch in its journal.
        public internal(set) var appended: UInt64 = 0
        /// Everything up to this number is on the disk.
        public internal(set) var acknowledged: UInt64 = 0
        /// Flows that could not be stored whatever was done.
        public internal(set) var lostFlows: UInt64 = 0
        /// How often the store refused what it was given.
        public internal(set) var refusals: UInt64 = 0
        /// What retention has deleted.
        public internal(set) var expiredFlows: UInt64 = 0
        /// How long datagrams took from their arrival until their flows were in every query's answer; those
        /// without flows are not in it, nor those of batches that were thrown away.
        public internal(set) var visible = LatencyHistogram()
        /// How long they took until their flows were on the disk.
        public internal(set) var durable = LatencyHistogram()
        /// Why it does not take what it is given; nil where it does.
        public internal(set) var trouble: StoreError?
        /// Why what is known of exporters, or retention, could not be written when it was last tried; nil
        /// where it could.
        public internal(set) var maintenanceTrouble: StoreError?
    }

    /// Each socket, in the order of the configuration; those closed by a reload go on to count.
    public internal(set) var listeners: [Listener] = []
    /// The interface that is metered, and those that were until a reload.
    public internal(set) var interfaces: [Interface] = []
    /// What waits to be decoded.
    public internal(set) var queue = Queue()
    /// What decoding made of it.
    public internal(set) var exports = ExportCounters()
    /// Batches that were handed on.
    public internal(set) var batches: UInt64 = 0
    /// The store first, then subscribers.
    public internal(set) var stages: [Stage] = []
    /// The store.
    public internal(set) var store = Store()
    /// Other collectors.
    public internal(set) var forwards: [Forward] = []

    /// Nothing seen.
    public init() {}

    /// Datagrams and messages that arrived.
    public var received: UInt64 { listeners.reduce(0) { $0 + $1.datagrams } }
    /// Datagrams and connections of senders that are not allowed.
    public var refused: UInt64 { listeners.reduce(0) { $0 + $1.refused } }
    /// Datagrams that the kernel dropped.
    public var kernelDrops: UInt64 { listeners.reduce(0) { $0 + $1.kernelDrops } }
    /// Packets of interfaces that were metered.
    public var packets: UInt64 { interfaces.reduce(0) { $0 + $1.packets } }
    /// Flows that were made of them.
    public var meteredFlows: UInt64 { interfaces.reduce(0) { $0 + $1.flows } }
    /// Packets that the kernel or an interface dropped.
    public var packetDrops: UInt64 {
        interfaces.reduce(0) { $0 + $1.kernelDrops + $1.interfaceDrops }
    }
    /// Flows that the store did not get because it was stuck.
    public var shedFlows: UInt64 { (stages.first?.shedFlows ?? 0) + store.lostFlows }
}
