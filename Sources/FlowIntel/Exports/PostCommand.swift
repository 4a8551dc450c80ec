import Glibc

/// How a command that was run after an export ended.
public enum PostCommandResult: Equatable, Sendable {
    case exited(code: Int32)
    case killed(signal: Int32)
    /// It could not be started: the system's `errno`.
    case notStarted(code: Int32)
}

/// Runs `arguments` as a program and its arguments, such as `rndc reload rpz.threat.local`, and waits.
///
/// No shell reads them. Standard input is empty; what it says goes to standard error, since standard
/// output is for answers.
public func runPostCommand(_ arguments: [String]) -> PostCommandResult {
    guard let program = arguments.first else { return .notStarted(code: EINVAL) }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
    let words = unsafe arguments.map { unsafe strdup($0) }
    defer { unsafe words.forEach { unsafe free($0) } }
    var process: pid_t = 0
    let code = unsafe posix_spawnp(&process, program, &actions, nil, words + [nil], environ)
    guard code == 0 else { return .notStarted(code: code) }
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 {
        guard errno == EINTR else { return .notStarted(code: errno) }
    }
    let signal = status & 0x7f
    return signal == 0 ? .exited(code: status >> 8 & 0xff) : .killed(signal: signal)
}
