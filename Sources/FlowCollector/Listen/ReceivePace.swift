import FlowStore

/// How long a listener lets datagrams gather before it takes them.
///
/// Waking up for each datagram costs more than decoding it. Where they come fast, as many are waited for as
/// the socket's buffer holds with ease, half a millisecond to two; where they come slowly nothing is.
struct ReceivePace {
    private var last = Monitor.now

    /// What is slower than this, in ns from one to the next, is taken as it comes.
    private static let intervalMax: UInt64 = 150_000
    /// A nap that is not worth going to sleep for, in µs: a timer comes that much late.
    private static let napMin: UInt64 = 50
    /// The longest nap in µs, by how many may gather: what comes all at once meanwhile has to fit, too.
    private static func napMax(_ gathered: Int) -> UInt64 { UInt64(min(gathered * 16, 2000)) }

    /// How many datagrams may wait in a buffer of so many octets.
    ///
    /// A quarter of it, where each takes as much as one that fills a page: a burst has the rest.
    static func gathering(in buffer: Int) -> Int { min(max(buffer / 4 / 4096, 32), 256) }

    /// How long to sleep, in µs, when so many datagrams were taken just now.
    ///
    /// - Parameter gathered: as many as may wait.
    mutating func nap(after count: Int, gathered: Int) -> UInt32 {
        nap(after: count, gathered: gathered, at: Monitor.now)
    }

    /// - Parameter now: ns, by ``Monitor/now``.
    mutating func nap(after count: Int, gathered: Int, at now: UInt64) -> UInt32 {
        guard count > 0 else { return 0 }
        let elapsed = now - min(last, now)
        last = now
        guard elapsed / UInt64(count) < Self.intervalMax else { return 0 }
        let nap = elapsed * UInt64(gathered) / UInt64(count) / 1000
        return nap < Self.napMin ? 0 : UInt32(min(nap, Self.napMax(gathered)))
    }
}
