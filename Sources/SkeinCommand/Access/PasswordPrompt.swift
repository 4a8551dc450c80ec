import Glibc
import SkeinServer

/// Reads a new password: on a terminal twice and without showing it, otherwise the first line of standard
/// input.
///
/// Never from the command line, which every user of the machine can read.
enum PasswordPrompt {
    /// The password.
    static func read() throws -> String {
        guard isatty(STDIN_FILENO) == 1 else { return try line() }
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else {
            throw SystemError(action: "reading the password", number: errno)
        }
        var quiet = before
        quiet.c_lflag &= ~tcflag_t(ECHO)
        quiet.c_lflag |= tcflag_t(ECHONL)
        // Whoever interrupts it shall get their terminal back as it was.
        var signals = sigset_t()
        var old = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGTSTP)
        sigprocmask(SIG_BLOCK, &signals, &old)
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0 else {
            throw SystemError(action: "reading the password", number: errno)
        }
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            sigprocmask(SIG_SETMASK, &old, nil)
        }
        ask("New password: ")
        let first = try line()
        ask("Again: ")
        guard try line() == first else {
            throw AccessProblem(description: "the two are not the same; nothing was changed")
        }
        return first
    }

    private static func ask(_ text: String) {
        let octets = Array(text.utf8)
        _ = octets.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// A line of standard input without its end.
    private static func line() throws -> String {
        var octets: [UInt8] = []
        var octet: UInt8 = 0
        while octets.count <= PasswordHash.octetsMax + 1 {
            let count = Glibc.read(STDIN_FILENO, &octet, 1)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw SystemError(action: "reading the password", number: errno)
            }
            if count == 0 || octet == UInt8(ascii: "\n") { break }
            octets.append(octet)
        }
        if octets.last == UInt8(ascii: "\r") { octets.removeLast() }
        guard let text = String(validating: octets, as: UTF8.self) else {
            throw AccessProblem(description: "the password is not text in UTF-8")
        }
        return text
    }
}
