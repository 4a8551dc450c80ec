import FlowQuery
import Glibc

/// What this process took of the machine since a moment.
struct ProcessUsage {
    private let start = Self.seconds()
    private let octetsBefore = Self.octetsRead()

    /// The measure up to now.
    func sinceStart() -> LayoutUsage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return LayoutUsage(
            system: seconds(usage.ru_stime), user: seconds(usage.ru_utime),
            wall: max(0, Self.seconds() - start),
            octetsRead: Self.octetsRead().subtractingReportingOverflow(octetsBefore).partialValue)
    }

    private static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// `rchar` of proc(5): octets that read calls gave this process; 0 where the kernel does not say.
    private static func octetsRead() -> UInt64 {
        guard let file = fopen("/proc/self/io", "re") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 64)
        guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let text = String(
            decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return UInt64(text.filter(\.isNumber)) ?? 0
    }
}
