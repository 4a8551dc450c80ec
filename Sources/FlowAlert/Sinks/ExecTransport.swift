import FlowIntel
import FlowStore
import Glibc

/// Runs a program for each event, which finds it on its standard input.
///
/// Its arguments are given as they are: no shell reads them, and nothing of an event is among them.
final class ExecTransport: SinkTransport {
    private let arguments: [String]
    private let timeout: UInt64

    /// - Parameter timeout: ms after which it is killed.
    init(_ arguments: [String], timeout: UInt64) {
        self.arguments = arguments
        self.timeout = timeout
        // A program that does not read is no reason to end.
        _ = signal(SIGPIPE, SIG_IGN)
    }

    func deliver(_ octets: [UInt8]) throws(SinkError) {
        guard let program = arguments.first else { throw SinkError("there is no program to run") }
        var ends: [CInt] = [0, 0]
        guard unsafe pipe(&ends) == 0 else {
            throw SinkError("\(program): \(systemMessage(errno))")
        }
        // Children of others, started between these calls, would hold it open; they end too.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var process: pid_t = 0
        let code = startProgram(arguments, input: ends[0], &process)
        guard code == 0 else {
            close(ends[0])
            close(ends[1])
            throw SinkError("\(program): \(systemMessage(code))")
        }
        close(ends[0])
        let due = Monitor.now + timeout * 1_000_000
        write(octets, to: ends[1], until: due)
        close(ends[1])
        switch waitForProgram(process, while: { Monitor.now < due }) {
        case .exited(code: 0): return
        case .abandoned:
            throw SinkError("\(program): ran longer than \(timeout) ms and was killed")
        case let result: throw SinkError("\(program): \(result)")
        }
    }

    private func write(_ octets: [UInt8], to descriptor: CInt, until due: UInt64) {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var done = 0
        while done < octets.count {
            let count = unsafe octets.withUnsafeBytes { memory in
                unsafe Glibc.write(
                    descriptor, memory.baseAddress.map { unsafe $0 + done }, memory.count - done)
            }
            if count > 0 {
                done += count
                continue
            }
            guard errno == EAGAIN || errno == EINTR, Monitor.now < due else { return }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            unsafe poll(&waiting, 1, CInt(clamping: (due - Monitor.now) / 1_000_000 + 1))
        }
    }
}
