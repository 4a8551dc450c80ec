import Glibc

/// When the messages of a replay are due.
final class ReplayPace {
    private let speed: Double?
    private var pacer: Pacer
    private let begun = Clock.nanoseconds()
    private var first: UInt64?
    private var flows = 0

    /// - Parameters:
    ///   - speed: how many times as fast as they were received; nil: by the rate.
    ///   - flowsPerSecond: 0 = never wait.
    init(speed: Double?, flowsPerSecond: Int) {
        self.speed = speed
        pacer = Pacer(flowsPerSecond: speed == nil ? flowsPerSecond : 0)
    }

    /// Waits until a message is due; one from before the first, or late, is due at once.
    func wait(for message: IPFIXExporter.Message) {
        guard let speed else {
            pacer.wait(for: flows)
            flows += message.flows
            return
        }
        // Announcements have no flows and no time of their own.
        guard message.flows > 0 else { return }
        guard let first else {
            first = message.received
            return
        }
        guard message.received > first else { return }
        let distance = Double(message.received - first) / speed * 1_000_000
        let due = begun + UInt64(min(distance, 1e18))
        while true {
            let now = Clock.nanoseconds()
            guard due > now + 1_000_000 else { return }
            Clock.sleep(milliseconds: min((due - now) / 1_000_000, 100))
        }
    }
}
