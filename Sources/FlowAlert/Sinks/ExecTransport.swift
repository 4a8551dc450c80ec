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
        let process: pid_t
        do throws(SinkError) {
            process = try start(program, input: ends[0])
        } catch {
            close(ends[0])
            close(ends[1])
            throw error
        }
        close(ends[0])
        let due = Monitor.now + timeout * 1_000_000
        write(octets, to: ends[1], until: due)
        close(ends[1])
        try wait(for: process, program, until: due)
    }

    private func start(_ program: String, input: CInt) throws(SinkError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        // What it says goes where talk goes.
        unsafe posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        // A group of its own, so that its children end with it.
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        let words = unsafe arguments.map { unsafe strdup($0) }
        defer { unsafe words.forEach { unsafe free($0) } }
        var process: pid_t = 0
        let code = unsafe posix_spawnp(
            &process, program, &actions, &attributes, words + [nil], environ)
        guard code == 0 else { throw SinkError("\(program): \(systemMessage(code))") }
        return process
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

    private func wait(
        for process: pid_t, _ program: String, until due: UInt64
    ) throws(SinkError) {
        var pause: UInt32 = 500
        var isKilled = false
        while true {
            var status: CInt = 0
            let ended = unsafe waitpid(process, &status, WNOHANG)
            if ended < 0, errno != EINTR { throw SinkError("\(program): \(systemMessage(errno))") }
            if ended == process {
                let signal = status & 0x7f
                let code = status >> 8 & 0xff
                if isKilled {
                    throw SinkError("\(program): ran longer than \(timeout) ms and was killed")
                }
                if signal != 0 { throw SinkError("\(program): ended by signal \(signal)") }
                if code != 0 { throw SinkError("\(program): exited with \(code)") }
                return
            }
            if !isKilled, Monitor.now >= due {
                isKilled = true
                kill(-process, SIGKILL)
                kill(process, SIGKILL)
            }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }
}
