package import Glibc

/// How a command that was run after an export ended.
public enum PostCommandResult: Equatable, Sendable {
    case exited(code: Int32)
    case killed(signal: Int32)
    /// It ran for too long, or nobody wanted its end any more, and was killed.
    case abandoned
    /// It could not be started: the system's `errno`.
    case notStarted(code: Int32)
}

extension PostCommandResult: CustomStringConvertible {
    /// How it ended, as the rest of a sentence that begins with its name.
    public var description: String {
        switch self {
        case .exited(let code): "exited with \(code)"
        case .killed(let signal): "died of signal \(signal)"
        case .abandoned: "ran for too long and was killed"
        case .notStarted(let code): "cannot be started: \(systemMessage(code))"
        }
    }
}

/// Runs `arguments` as a program and its arguments, such as `rndc reload rpz.threat.local`, and waits.
///
/// No shell reads them. Standard input is empty; what it says goes to standard error, since standard
/// output is for answers.
/// - Parameter isWanted: asked now and then; where it says no, the program and what it started are killed.
public func runPostCommand(
    _ arguments: [String], while isWanted: () -> Bool = { true }
) -> PostCommandResult {
    let input = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
    guard input >= 0 else { return .notStarted(code: errno) }
    defer { close(input) }
    var process: pid_t = 0
    let code = startProgram(arguments, input: input, &process)
    return code == 0 ? waitForProgram(process, while: isWanted) : .notStarted(code: code)
}

/// Starts a program with its arguments as they are, without a shell; the system's `errno`, or 0.
///
/// - Parameters:
///   - input: its standard input; what it says goes where talk goes.
///   - process: its number.
package func startProgram(
    _ arguments: [String], input: CInt, _ process: inout pid_t
) -> Int32 {
    guard let program = arguments.first else { return EINVAL }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // What a server blocks and ignores is not the program's business.
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
    return unsafe posix_spawnp(
        &process, program, &actions, &attributes, words + [nil], environ)
}

/// Waits for the end of a program that was started by ``startProgram(_:input:_:)``.
///
/// - Parameter isWanted: asked now and then; where it says no, the program and its group are killed.
package func waitForProgram(
    _ process: pid_t, while isWanted: () -> Bool
) -> PostCommandResult {
    var pause: UInt32 = 500
    var isKilled = false
    while true {
        var status: Int32 = 0
        let ended = unsafe waitpid(process, &status, WNOHANG)
        if ended < 0, errno != EINTR { return .notStarted(code: errno) }
        if ended == process {
            if isKilled { return .abandoned }
            let signal = status & 0x7f
            return signal == 0 ? .exited(code: status >> 8 & 0xff) : .killed(signal: signal)
        }
        if !isKilled, !isWanted() {
            isKilled = true
            kill(-process, SIGKILL)
            kill(process, SIGKILL)
        }
        usleep(pause)
        pause = min(pause * 2, 20_000)
    }
}
