import Glibc

/// The signals that a server acts on, one after another, in a thread that waits for them.
struct SignalQueue {
    /// What a signal asks for.
    enum Request {
        /// SIGTERM, SIGINT.
        case end
        /// SIGHUP.
        case reload
        /// SIGUSR1.
        case report
    }

    private var signals = sigset_t()

    /// Keeps the signals from being delivered to this thread and those that it starts.
    init() {
        sigemptyset(&signals)
        for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR1] { sigaddset(&signals, number) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// The next signal; nil where none came for so long.
    func next(milliseconds: Int) -> Request? {
        var signals = signals
        var timeout = timespec(
            tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        switch sigtimedwait(&signals, nil, &timeout) {
        case SIGTERM, SIGINT: return .end
        case SIGHUP: return .reload
        case SIGUSR1: return .report
        default: return nil
        }
    }
}
