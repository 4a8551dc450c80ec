import Glibc
import Synchronization

/// Words in a temporary file.
struct SpillExtent {
    /// Where they begin, in octets.
    var offset: Int
    var words: Int
    /// What kind of records they are.
    var form: GroupLayout.Form
}

/// A temporary file for what does not fit into memory; workers share it.
///
/// It is made when first needed and has no name from then on, so it is gone with the process whatever
/// happens.
final class SpillFile: Sendable {
    private let directory: String
    private let state = Mutex((descriptor: Int32(-1), end: 0))

    /// - Parameter directory: where; nil: `$TMPDIR`, else `/tmp`.
    init(directory: String?) {
        if let directory {
            self.directory = directory
        } else if let variable = unsafe getenv("TMPDIR"), unsafe variable.pointee != 0 {
            self.directory = unsafe String(cString: variable)
        } else {
            self.directory = "/tmp"
        }
    }

    deinit { state.withLock { if $0.descriptor >= 0 { close($0.descriptor) } } }

    /// Writes words at the end; answers where they begin.
    func append(_ words: Span<UInt64>) throws -> Int {
        let size = words.count * 8
        let (descriptor, offset) = try state.withLock { state in
            if state.descriptor < 0 { state.descriptor = try open() }
            defer { state.end += size }
            return (state.descriptor, state.end)
        }
        var written = 0
        let bytes = unsafe words.bytes
        while written < size {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe pwrite(
                    descriptor, $0.baseAddress.map { unsafe $0 + written }, size - written,
                    off_t(offset + written))
            }
            if count > 0 {
                written += count
            } else if count == 0 || errno != EINTR {
                throw QueryError.spillFailed(directory: directory, errno: count == 0 ? EIO : errno)
            }
        }
        return offset
    }

    /// Reads words into a span of at least as many.
    func read(_ offset: Int, words: Int, into output: inout MutableSpan<UInt64>) throws {
        precondition(words <= output.count)
        let descriptor = state.withLock { $0.descriptor }
        var done = 0
        while done < words * 8 {
            let count = unsafe output.withUnsafeMutableBytes {
                unsafe pread(
                    descriptor, $0.baseAddress.map { unsafe $0 + done }, words * 8 - done,
                    off_t(offset + done))
            }
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                throw QueryError.spillFailed(directory: directory, errno: count == 0 ? EIO : errno)
            }
        }
    }

    /// Reads an extent in pieces of whole records.
    func read(
        _ extent: SpillExtent, _ buffer: SpillBuffer, stride: Int, _ body: (Span<UInt64>) -> Void
    ) throws {
        let buffer = buffer.words
        let piece = buffer.count / stride * stride
        precondition(piece > 0)
        var done = 0
        while done < extent.words {
            let count = min(piece, extent.words - done)
            var words = buffer.mutable
            try read(extent.offset + done * 8, words: count, into: &words)
            body(buffer.span.extracting(0..<count))
            done += count
        }
    }

    private func open() throws -> Int32 {
        let path = directory + "/skein-XXXXXX"
        var name = Array(path.utf8CString)
        let descriptor = unsafe mkstemp(&name)
        guard descriptor >= 0 else {
            throw QueryError.spillFailed(directory: directory, errno: errno)
        }
        _ = unsafe unlink(&name)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }
}

/// Memory to read a temporary file into.
final class SpillBuffer {
    let words = Scratch<UInt64>(unwritten: 1 << 17)
}
