public import FlowQuery

/// What is worth an alert.
public struct AlertRule: Sendable {
    /// What it looks for.
    public enum Test: Hashable, Sendable {
        /// Flows with a listed peer; of these sources, or of any where there is none.
        case contact(sources: [String])
        /// More than there may be in a window.
        case threshold(Threshold)
        /// Contacts as regular as a clock, over the store.
        case beacon(Beacon)
        /// Blocked questions to a resolver; of what these sources list, or of all where there is none.
        case dns(sources: [String])
    }

    /// More than there may be.
    public struct Threshold: Hashable, Sendable {
        /// What is counted.
        public var measure: Measure
        /// How much of it, within the window, is too much.
        public var reach: UInt64
        /// For whom it is counted.
        public var track: Track

        /// Puts a threshold together.
        public init(_ measure: Measure, reach: UInt64, track: Track) {
            self.measure = measure
            self.reach = reach
            self.track = track
        }
    }

    /// What is counted.
    public enum Measure: String, CaseIterable, Hashable, Sendable {
        case flows
        /// Scaled by the sampling rate.
        case packets
        /// Scaled by the sampling rate.
        case bytes
        /// Different addresses on the other side.
        case peers
        /// Different destination ports.
        case ports
    }

    /// For whom it is counted.
    public enum Track: String, CaseIterable, Hashable, Sendable {
        case source
        case destination
        case pair
    }

    /// How regular is too regular.
    public struct Beacon: Hashable, Sendable {
        /// 0 to 100.
        public var score: UInt64
        /// Contacts at least, after joining what the active timeout split.
        public var contacts: Int

        /// Puts it together.
        public init(score: UInt64, contacts: Int) {
            self.score = score
            self.contacts = contacts
        }
    }

    /// What alerts call it.
    public var name: String
    /// Which flows it looks at.
    public var filter: FlowExpression
    /// What it looks for.
    public var test: Test
    /// How bad it is.
    public var severity: AlertSeverity
    /// The time within which a threshold counts, and in which there is one line at most, ms.
    public var window: UInt64
    /// Silence after which it is resolved, ms.
    public var silence: UInt64

    /// Puts a rule together.
    public init(
        name: String, filter: FlowExpression = .constant(true), test: Test,
        severity: AlertSeverity, window: UInt64, silence: UInt64
    ) {
        self.name = name
        self.filter = filter
        self.test = test
        self.severity = severity
        self.window = max(window, 1)
        self.silence = max(silence, 1)
    }
}
