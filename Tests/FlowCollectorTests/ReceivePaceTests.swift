import Testing

@testable import FlowCollector

@Suite struct ReceivePaceTests {
    private let second: UInt64 = 1_000_000_000

    /// The last of some naps, with so many datagrams every so many ns.
    private func nap(_ count: Int, every nanoseconds: UInt64, gathered: Int = 32) -> UInt32 {
        var pace = ReceivePace()
        let begin = 1000 * second
        return (0..<10 as Range<UInt64>).map {
            pace.nap(after: count, gathered: gathered, at: begin + $0 * nanoseconds)
        }.last ?? 0
    }

    @Test func `what comes slowly is taken at once`() {
        #expect(nap(1, every: second) == 0)
        #expect(nap(1, every: second / 1000) == 0)
        #expect(nap(0, every: 10) == 0)
    }

    @Test func `what comes fast is left to gather, as much as there is room for`() {
        // 20,000 a second: 32 take 1.6 ms, 256 12.8.
        #expect(nap(1, every: second / 20_000) == 512)
        #expect(nap(1, every: second / 20_000, gathered: 256) == 2000)
        // 100,000 a second.
        #expect(nap(10, every: second / 10_000) == 320)
        #expect(nap(64, every: second / 100_000) == 0)
    }

    @Test func `a small buffer is not left to fill`() {
        #expect(ReceivePace.gathering(in: 212_992) == 32)
        #expect(ReceivePace.gathering(in: 1 << 20) == 64)
        #expect(ReceivePace.gathering(in: 64 << 20) == 256)
    }

    @Test func `a clock that goes back is no reason to wait`() {
        var pace = ReceivePace()
        _ = pace.nap(after: 1, gathered: 32, at: 1000 * second)
        // No time has gone by: not a nap's worth.
        #expect(pace.nap(after: 1, gathered: 32, at: 10) == 0)
    }
}
