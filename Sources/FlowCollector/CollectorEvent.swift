public import FlowCapture
public import FlowModel
public import FlowStore

/// Something that whoever runs a collector wants to know at once.
///
/// What happens for each datagram is counted instead, see ``CollectorCounters``.
public enum CollectorEvent: Sendable {
    /// How much it matters.
    public enum Level: Int, Sendable, Comparable {
        /// For the record.
        case info
        /// Worth a look.
        case warning
        /// Flows are being lost, or may be.
        case error

        /// By how much it matters.
        public static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
    }

    /// A socket is open.
    case listening(ListenAddress)
    /// A socket is closed, after what it had was taken.
    case closed(ListenAddress)
    /// The machine has no IPv6.
    case familyMissing(ListenAddress)
    /// The kernel allows less memory for a socket than was wanted, octets.
    case receiveBufferSmall(ListenAddress, wanted: Int, got: Int)
    /// A socket failed; it goes on where it can.
    case socketFailed(ListenAddress, CollectorError)
    /// A connection brought something that is not IPFIX, or broke off within a message.
    case streamBroken(IPAddress, ListenAddress.Transport, reason: String)
    /// A connection never came to speak TLS, or as somebody who may not.
    case handshakeFailed(IPAddress, reason: String)
    /// So many events of one place were not said, for there were too many.
    case unsaid(ListenAddress, events: UInt64)
    /// The certificate that the collector shows is not valid for long any more, seconds.
    case certificateEnds(path: String, seconds: Int)
    /// Exporters are taken over TLS without being asked who they are.
    case exportersUnproven
    /// A connection was refused, for there are too many.
    case streamsFull(IPAddress)
    /// Packets of an interface are metered.
    case capturing(String)
    /// An interface is captured otherwise than was asked for.
    case captureWarning(String, reason: String)
    /// An interface has gone down; its packets are metered again as soon as it is up.
    case interfaceDown(String)
    /// An interface is not captured any more; it is tried again each second.
    case captureLost(PacketCaptureError)
    /// Packets of an interface that was down or away are metered again.
    case interfaceBack(String)
    /// A socket that forwards cannot pretend to be the exporter, and sends as itself.
    case sourceNotKept(ForwardTarget, CollectorError)
    /// The store has stopped taking flows, for the reason given.
    case storeStuck(StoreError)
    /// Nothing more fits before the store: flows are thrown away from now on.
    case shedding(stage: String)
    /// That is over; so many flows were thrown away.
    case shedEnded(stage: String, flows: UInt64)
    /// The store takes flows again.
    case storeRecovered
    /// A batch cannot be stored whatever is done.
    case batchLost(StoreError, flows: Int)
    /// Flows were deleted for their age or the size of the store.
    case expired(ExpirySummary)
    /// Maintenance of the store failed; it is tried again.
    case maintenanceFailed(StoreError)

    /// How much it matters.
    public var level: Level {
        switch self {
        case .listening, .closed, .familyMissing, .expired, .storeRecovered, .capturing,
            .interfaceBack:
            .info
        case .receiveBufferSmall, .streamBroken, .handshakeFailed, .unsaid, .certificateEnds,
            .exportersUnproven, .streamsFull, .sourceNotKept, .maintenanceFailed,
            .shedEnded, .captureWarning, .interfaceDown:
            .warning
        case .socketFailed, .storeStuck, .shedding, .batchLost, .captureLost: .error
        }
    }
}

extension CollectorEvent: CustomStringConvertible {
    /// What, where, and what to do.
    public var description: String {
        switch self {
        case .listening(let address): "listening at \(address)"
        case .closed(let address): "closed \(address)"
        case .familyMissing(let address):
            "not listening at \(address) with IPv6, which this machine does not have"
        case .receiveBufferSmall(let address, let wanted, let got):
            "\(address): the kernel allows \(got >> 10) KiB of receive buffer, not "
                + "\(wanted >> 10): bursts may be lost; sysctl -w net.core.rmem_max=\(wanted) allows it"
        case .socketFailed(let address, let error): "\(address): \(error)"
        case .streamBroken(let address, let transport, let reason):
            "\(address), IPFIX over \(transport.rawValue.uppercased()): \(reason)"
        case .handshakeFailed(let address, let reason): "\(address), TLS: \(reason)"
        case .unsaid(let address, let events):
            "\(address): \(events) more connections failed or were refused, too many to say each"
        case .certificateEnds(let path, let seconds) where seconds <= 0:
            "\(path) (tls.certificate) is not valid any more: exporters refuse it"
        case .certificateEnds(let path, let seconds):
            "\(path) (tls.certificate) ends to be valid in \(seconds / 3600) hours: renew it, "
                + "then reload"
        case .exportersUnproven:
            "TLS without tls.authorities: any exporter is taken for what it says it is; "
                + "RFC 7011 §11.3 wants certificates of both sides"
        case .streamsFull(let address): "\(address): connection refused, there are too many"
        case .capturing(let name): "metering the packets of \(name)"
        case .captureWarning(let name, let reason): "metering \(name): \(reason)"
        case .interfaceDown(let name):
            "\(name) is down: there is nothing to meter until it is up again"
        case .captureLost(let error): "\(error); trying again each second"
        case .interfaceBack(let name): "metering the packets of \(name) again"
        case .sourceNotKept(let target, let error):
            "forwarding to \(target) with this machine's own address as the source: \(error); "
                + "CAP_NET_RAW allows to keep the exporter's"
        case .storeStuck(let error): "the store does not take flows: \(error)"
        case .shedding(let stage):
            "the \(stage) is stuck and the queue before it full: FLOWS ARE THROWN AWAY until it goes on"
        case .shedEnded(let stage, let flows):
            "the \(stage) goes on; \(flows) flows were thrown away meanwhile"
        case .storeRecovered: "the store takes flows again"
        case .batchLost(let error, let flows): "\(flows) flows cannot be stored: \(error)"
        case .expired(let summary):
            "deleted \(summary.segments) segments with \(summary.rows) flows, "
                + "\(summary.octets >> 20) MiB"
        case .maintenanceFailed(let error): "\(error)"
        }
    }
}
