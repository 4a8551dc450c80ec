public import FlowModel

/// Something that a rule found: who, with whom, how much, and who says that it is bad.
///
/// One of each (rule, indicator, inside host): what follows is added up in it until it is silent.
/// Times are ms since 1970.
public struct Alert: Hashable, Sendable {
    /// What sort of rule found it.
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        /// A listed peer.
        case contact
        /// More than there may be in a window.
        case threshold
        /// Regular contacts.
        case beacon
        /// A question to a resolver that a policy zone has blocked.
        case dns
    }

    /// Where it stands.
    public enum State: String, CaseIterable, Hashable, Sendable {
        /// It goes on, or was not silent for long enough.
        case open
        /// Somebody knows of it.
        case acknowledged
        /// It was silent for long enough.
        case resolved
    }

    /// Who sent, seen from the inside.
    public enum Direction: String, Hashable, Sendable {
        /// Only the peer.
        case inward = "in"
        /// Only the inside host.
        case outward = "out"
        /// Both.
        case both

        /// Both, where they differ.
        func joined(_ other: Direction) -> Direction { self == other ? self : .both }
    }

    /// Its number in the store.
    public var id: Int64 = 0
    /// The rule's name.
    public var rule: String
    /// What sort of rule it is.
    public var kind: Kind
    /// How bad, by the rule.
    public var severity: AlertSeverity
    /// Whether it was found in the stored past.
    public var isRetro = false
    /// The source of the first flow; nil where it is many.
    public var source: IPAddress?
    /// The destination of the first flow; nil where it is many.
    public var target: IPAddress?
    /// The inside host; nil where no single one is inside.
    public var host: IPAddress?
    /// The other side; nil where it is many.
    public var peer: IPAddress?
    /// What is listed: an address, a network; of a threshold what is tracked.
    public var indicator = ""
    /// The name that was asked for, of blocked questions; otherwise empty.
    public var question = ""
    /// Who sent.
    public var direction = Direction.outward
    /// Protocol of the first flow.
    public var proto: UInt8 = 0
    /// Source port of the first flow.
    public var sourcePort: UInt16 = 0
    /// Destination port of the first flow.
    public var targetPort: UInt16 = 0
    /// Flows so far.
    public var flows: UInt64 = 0
    /// Packets so far, scaled by the sampling rate.
    public var packets: UInt64 = 0
    /// Octets so far, scaled by the sampling rate.
    public var bytes: UInt64 = 0
    /// When the first contact began.
    public var first: UInt64 = 0
    /// When the last contact ended.
    public var last: UInt64 = 0
    /// When the alert was made.
    public var opened: UInt64 = 0
    /// When something was last added.
    public var updated: UInt64 = 0
    /// When it had been silent for long enough; nil while it goes on.
    public var resolved: UInt64?
    /// Windows in which it was told of.
    public var windows: UInt64 = 1
    /// Who lists the peer.
    public var sources: [String] = []
    /// Where their reports can be read.
    public var links: [String] = []
    /// What they say of it.
    public var descriptions: [String] = []
    /// The peer's country, two letters; empty where nobody knows.
    public var country = ""
    /// What was counted or scored, of thresholds and beacons.
    public var measure = ""
    /// How much of it there was.
    public var value: UInt64 = 0
    /// When somebody acknowledged it.
    public var acknowledged: UInt64?
    /// What they wrote.
    public var note = ""

    /// Makes an alert of a rule.
    public init(rule: String, kind: Kind, severity: AlertSeverity) {
        self.rule = rule
        self.kind = kind
        self.severity = severity
    }

    /// Where it stands.
    public var state: State {
        if resolved != nil { return .resolved }
        return acknowledged == nil ? .open : .acknowledged
    }

    /// Brings the figures up to date.
    public mutating func add(_ progress: AlertProgress) {
        // Sums only grow; a beacon's end has none.
        flows = max(flows, progress.flows)
        packets = max(packets, progress.packets)
        bytes = max(bytes, progress.bytes)
        first = min(first, progress.first)
        last = max(last, progress.last)
        if progress.flows > 0 { direction = progress.direction }
        value = max(value, progress.value)
        updated = progress.time
    }
}

/// How bad something is.
public enum AlertSeverity: String, CaseIterable, Hashable, Sendable, Comparable {
    case low, medium, high, critical

    /// 1 to 4, the worst highest.
    public var rank: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }

    /// By how bad it is.
    public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
}

/// What has become of an open alert.
public struct AlertProgress: Hashable, Sendable {
    /// Which.
    public var id: Int64
    /// All flows so far.
    public var flows: UInt64
    /// All packets so far.
    public var packets: UInt64
    /// All octets so far.
    public var bytes: UInt64
    /// When the first contact began.
    public var first: UInt64
    /// When the last contact ended.
    public var last: UInt64
    /// Who sent.
    public var direction: Alert.Direction
    /// What was counted.
    public var value: UInt64
    /// Now.
    public var time: UInt64

    /// Puts it together.
    public init(
        id: Int64, flows: UInt64, packets: UInt64, bytes: UInt64, first: UInt64, last: UInt64,
        direction: Alert.Direction, value: UInt64, time: UInt64
    ) {
        self.id = id
        self.flows = flows
        self.packets = packets
        self.bytes = bytes
        self.first = first
        self.last = last
        self.direction = direction
        self.value = value
        self.time = time
    }
}

/// What the engine has to say.
public enum AlertNews: Sendable {
    /// A new alert; `received`: when the flow arrived that made it, 0 where none did.
    case opened(Alert, received: UInt64)
    /// Another window in which it goes on.
    case continued(AlertProgress, received: UInt64)
    /// Figures only, which nobody is told of.
    case grown(AlertProgress)
    /// Silence.
    case resolved(AlertProgress)
}

/// What people and programs are told.
public struct AlertEvent: Sendable {
    /// What has happened.
    public enum Kind: String, Hashable, Sendable {
        case opened
        case continued
        case resolved
    }

    /// What has happened.
    public var kind: Kind
    /// The alert as it is now.
    public var alert: Alert
    /// When it happened, ms since 1970.
    public var time: UInt64
    /// When the flow arrived because of which it did; nil where none did.
    public var received: UInt64?

    /// Puts an event together.
    public init(_ kind: Kind, _ alert: Alert, time: UInt64, received: UInt64?) {
        self.kind = kind
        self.alert = alert
        self.time = time
        self.received = received
    }
}
