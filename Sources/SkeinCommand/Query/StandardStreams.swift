import Glibc

/// The reader of our output went away, as `head` does; success.
struct ClosedPipe: Error {}

/// A system call that failed.
struct SystemError: Error, CustomStringConvertible {
    let action: String
    let number: Int32

    /// `writing the answer: No space left on device`.
    var description: String { "\(action): \(String(cString: strerror(number)))" }
}

/// Answers go to stdout, talk goes to stderr.
enum StandardStreams {
    /// Makes a closed pipe an error of ``write(_:)`` instead of a signal.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Writes to stdout, whole.
    static func write(_ text: [UInt8]) throws {
        var rest = text[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes {
                Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EPIPE {
                throw ClosedPipe()
            } else if errno != EINTR {
                throw SystemError(action: "writing the answer", number: errno)
            }
        }
    }

    /// Says a line on stderr.
    static func say(_ line: String) {
        let text = Array("skein: \(line)\n".utf8)
        // Where stderr is gone there is nobody to tell.
        _ = text.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
