import FlowIntel
import FlowModel
import Glibc

/// Loads a million listed addresses, compiles them and looks flows up; checks every answer.
///
///     swift run -c release --package-path Benchmarks/match match-benchmark
@main
enum MatchBenchmark {
    static func main() throws {
        let text = Numbers.list(count: 1_000_000)
        let before = residentKiB()
        let clock = ContinuousClock()
        let start = clock.now
        let judged = try readFeed(text).judged(by: AddressPolicy(), now: 0)
        let loaded = clock.now
        let inForce = AddressSet(judged.contents.addresses.lazy.map(\.range))
        let matcher = Matcher(sources: [("list", inForce)])
        let compiled = clock.now
        print(
            "list         \(judged.read) read, \(judged.inForce) in force,", "\(text.count) octets")
        print("load         \(seconds(loaded - start)) s")
        print("compile      \(seconds(compiled - loaded)) s, \(matcher.rangeCount) ranges")
        print("memory       \((peakKiB() - before) / 1024) MiB at the peak beyond the text")
        withExtendedLifetime(judged) {}
        measure("IPv4, few listed", matcher, inForce, Numbers.batch(isV6: false, listed: nil))
        measure("IPv4, all listed", matcher, inForce, Numbers.batch(isV6: false, listed: inForce))
        measure("IPv6, few listed", matcher, inForce, Numbers.batch(isV6: true, listed: nil))
        measure("IPv6, all listed", matcher, inForce, Numbers.batch(isV6: true, listed: inForce))
    }

    private static func measure(
        _ name: String, _ matcher: Matcher, _ listed: AddressSet, _ batch: FlowBatch
    ) {
        var matches: [FlowMatch] = []
        matcher.match(batch, into: &matches)
        var expected = 0
        for row in 0..<batch.count {
            for field in [Field.srcip, .dstip] {
                guard let address = batch.address(field, at: row) else { continue }
                expected += listed.contains(address) ? 1 : 0
            }
        }
        precondition(matches.count == expected, "fast and wrong is a failure")
        var best = Double.infinity
        for _ in 0..<5 {
            let start = threadSeconds()
            for _ in 0..<40 {
                matches.removeAll(keepingCapacity: true)
                matcher.match(batch, into: &matches)
            }
            best = min(best, threadSeconds() - start)
        }
        let rate = Double(40 * 2 * batch.count) / best / 1e6
        print("\(name)  \(Int(rate)) M look-ups/s, \(matches.count) of \(2 * batch.count) listed")
    }

    private static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return ((Double(seconds) + Double(attoseconds) / 1e18) * 1000).rounded() / 1000
    }

    private static func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func residentKiB() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return 0 }
        let text = String(
            decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * 4
    }

    private static func peakKiB() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss
    }
}
