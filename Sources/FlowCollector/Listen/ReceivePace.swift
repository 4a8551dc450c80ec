import FlowStore

/// How long a listener lets datagrams gather before it takes them.
///
/// Waking up for each datagram costs more than decoding it. Where they come fast, half a batch is waited
/// for, half a millisecond at most; where they come slowly nothing is.
struct ReceivePace {
    private var last = Monitor.now

    /// A nap that is not worth going to sleep for, in µs: a timer comes that much late.
    private static let napMin: UInt64 = 50
    private static let napMax: UInt64 = 500

    /// How long to sleep, in µs, when so many datagrams were taken just now.
    mutating func nap(after count: Int) -> UInt32 { nap(after: count, at: Monitor.now) }

    /// - Parameter now: ns, by ``Monitor/now``.
    mutating func nap(after count: Int, at now: UInt64) -> UInt32 {
        let elapsed = now - min(last, now)
        last = now
        let wanted = UInt64(DatagramReceiver.batch / 2)
        guard count > 0, elapsed < 10 * Self.napMax * 1000 else { return 0 }
        let nap = elapsed * wanted / UInt64(count) / 1000
        // So slow that half a batch takes long: each is taken as it comes.
        guard nap < 10 * Self.napMax else { return 0 }
        return nap < Self.napMin ? 0 : UInt32(min(nap, Self.napMax))
    }
}
