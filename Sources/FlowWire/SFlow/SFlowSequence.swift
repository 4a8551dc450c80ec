/// Follows the datagram numbers of one sub-agent and says what is missing.
struct SFlowSequence {
    /// What a number says of those before it.
    enum Event: Equatable {
        case inOrder
        /// So many datagrams are missing.
        case lost(UInt64)
        /// It was overtaken, and counted as lost before or came twice.
        case late(wasLost: Bool)
        case restart
    }

    private var last: UInt32
    private var uptime: UInt32
    private var missing: UInt64 = 0

    init(first: UInt32, uptime: UInt32) {
        last = first
        self.uptime = uptime
    }

    /// Datagrams behind the last one that count as late; from there on it is a restart.
    private static let reorderMax: Int32 = 256
    /// Datagrams ahead that count as lost; from there on it is a restart.
    private static let gapMax: Int32 = 1 << 20

    /// Takes in the next number.
    mutating func next(_ number: UInt32, uptime now: UInt32) -> Event {
        let step = Int32(bitPattern: number &- last)
        // The uptime is in milliseconds and wraps; a minute back at most is reordering.
        let isRestart = Int32(bitPattern: now &- uptime) < -60_000
        if isRestart || step > Self.gapMax || step <= -Self.reorderMax {
            self = SFlowSequence(first: number, uptime: now)
            return .restart
        }
        if step <= 0 {
            guard step < 0, missing > 0 else { return .late(wasLost: false) }
            missing -= 1
            return .late(wasLost: true)
        }
        last = number
        uptime = now
        guard step > 1 else { return .inOrder }
        missing += UInt64(step - 1)
        return .lost(UInt64(step - 1))
    }
}
