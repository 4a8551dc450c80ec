import Glibc

/// A temporary file that could not be made, written or read.
public struct TemporaryFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, as a verb.
    public let operation: String
    /// The folder in which it lies.
    public let folder: String
    /// The system's `errno`; 0 where the file ended too early.
    public let code: Int32

    /// What, where, and what to do.
    public var description: String {
        let reason = code == 0 ? "it has ended" : unsafe String(cString: strerror(code))
        return
            "cannot \(operation) a temporary file in \(folder): \(reason); make room there, name "
            + "another folder with TMPDIR, or let the query have more memory with --memory"
    }
}

/// A file without a name for what does not fit into memory; it goes when the process does.
@safe
final class TemporaryFile {
    /// Octets written.
    private(set) var length: UInt64 = 0
    private let folder: String
    private let number: Int32

    /// Makes an empty file in `$TMPDIR`, else in `/tmp`.
    convenience init() throws(TemporaryFileError) {
        var folder = "/tmp"
        if let named = unsafe getenv("TMPDIR") {
            let path = unsafe String(cString: named)
            if !path.isEmpty { folder = path }
        }
        try self.init(folder: folder)
    }

    init(folder: String) throws(TemporaryFileError) {
        self.folder = folder
        var name = Array((folder + "/skein-XXXXXX").utf8CString)
        number = unsafe name.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return -1 }
            let number = unsafe mkstemp(base)
            if number >= 0 { _ = unsafe unlink(base) }
            return number
        }
        guard number >= 0 else {
            throw TemporaryFileError(operation: "make", folder: folder, code: errno)
        }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    }

    deinit { if number >= 0 { close(number) } }

    /// Appends octets.
    func append(_ octets: RawSpan) throws(TemporaryFileError) {
        var done = 0
        while done < octets.byteCount {
            let written = unsafe octets.withUnsafeBytes { buffer in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe pwrite(number, base + done, buffer.count - done, off_t(length))
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                throw TemporaryFileError(operation: "write", folder: folder, code: errno)
            }
            done += written
            length += UInt64(written)
        }
    }

    /// Fills the first `count` of `octets` with what lies at `offset`.
    func read(
        _ count: Int, into octets: inout MutableRawSpan, at offset: UInt64
    ) throws(TemporaryFileError) {
        precondition(count <= octets.byteCount)
        var done = 0
        while done < count {
            let got = unsafe octets.withUnsafeMutableBytes { buffer in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe pread(
                    number, base + done, count - done, off_t(offset) + off_t(done))
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else {
                throw TemporaryFileError(
                    operation: "read", folder: folder, code: got < 0 ? errno : 0)
            }
            done += got
        }
    }
}
