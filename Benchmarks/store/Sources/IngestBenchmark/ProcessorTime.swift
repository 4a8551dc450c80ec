import Glibc

/// Processor seconds, of the program's own code and of the system's for it.
struct ProcessorTime {
    var user = 0.0
    var system = 0.0

    var total: Double { user + system }

    /// What this thread took so far.
    ///
    /// 1 is `RUSAGE_THREAD`, which the headers keep for programs that ask for GNU's extensions.
    static var thread: ProcessorTime { Self(of: __rusage_who_t(1)) }

    /// What all threads took so far.
    static var process: ProcessorTime { Self(of: __rusage_who_t(RUSAGE_SELF.rawValue)) }

    /// Megabytes of memory that the process had at most.
    static var peakMegabytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss / 1024
    }

    init() {}

    private init(of who: __rusage_who_t) {
        var usage = rusage()
        getrusage(who, &usage)
        user = Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6
        system = Double(usage.ru_stime.tv_sec) + Double(usage.ru_stime.tv_usec) / 1e6
    }

    static func - (a: Self, b: Self) -> Self {
        var difference = a
        difference.user -= b.user
        difference.system -= b.system
        return difference
    }

    static func += (a: inout Self, b: Self) {
        a.user += b.user
        a.system += b.system
    }
}
