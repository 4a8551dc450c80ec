import FlowStore
import Glibc

/// Why an input could not be read: prints as one line that says what, where and what to do.
struct InputError: Error, CustomStringConvertible {
    let path: String
    let problem: String

    var description: String { "\(path): \(problem)" }
}

/// A file to import, read front to back in large pieces.
///
/// `-` is standard input.
struct InputFile: ~Copyable {
    let path: String
    /// Octets in the file; nil where that is not known (a pipe).
    let size: UInt64?
    private let descriptor: CInt

    init(path: String) throws(InputError) {
        self.path = path == "-" ? "standard input" : path
        descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw InputError(path: path, problem: Self.openProblem(errno))
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let problem = String(cString: strerror(errno))
            close(descriptor)
            throw InputError(path: path, problem: problem)
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            close(descriptor)
            throw InputError(path: path, problem: "is a folder; name the capture files in it")
        case S_IFREG:
            size = UInt64(status.st_size)
        default:
            size = nil
        }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    deinit { close(descriptor) }

    /// Reads up to `capacity` octets into `buffer` after the first `filled`; 0 at the end.
    func read(into buffer: inout [UInt8], after filled: Int) throws(InputError) -> Int {
        while true {
            let count = buffer.withUnsafeMutableBytes { memory in
                let rest = UnsafeMutableRawBufferPointer(rebasing: memory[filled...])
                return Glibc.read(descriptor, rest.baseAddress, rest.count)
            }
            if count >= 0 { return count }
            guard errno == EINTR else {
                throw InputError(
                    path: path, problem: "reading failed: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Whether there is a regular file or a folder; nil where there is nothing.
    static func isRegular(_ path: String) -> Bool? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
    }

    /// Its first octets, at most `count`; nil for a pipe, which can be read only once.
    func first(_ count: Int) -> [UInt8]? {
        guard size != nil else { return nil }
        var first = [UInt8](repeating: 0, count: count)
        let got = first.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard got >= 0 else { return nil }
        return Array(first.prefix(got))
    }

    /// Tells whether a file was imported before, without reading all of it.
    ///
    /// The size and a hash of the first and last 64 KiB and of sixteen pieces between. Nil for a pipe.
    func fingerprint() -> ImportFingerprint? {
        guard let size else { return nil }
        var hasher = FingerprintHasher()
        withUnsafeBytes(of: size.littleEndian) { hasher.update($0.bytes) }
        var piece = [UInt8](repeating: 0, count: 65536)
        func take(at offset: UInt64, count: Int) {
            let got = piece.withUnsafeMutableBytes { memory in
                pread(descriptor, memory.baseAddress, count, off_t(offset))
            }
            piece.withUnsafeBytes { memory in
                let taken = UnsafeRawBufferPointer(rebasing: memory.prefix(max(got, 0)))
                hasher.update(taken.bytes)
            }
        }
        take(at: 0, count: 65536)
        for part in 1...16 where size > 4 * 65536 {
            take(at: size / 17 * UInt64(part), count: 4096)
        }
        take(at: size > 65536 ? size - 65536 : 0, count: 65536)
        return hasher.finish()
    }

    private static func openProblem(_ code: CInt) -> String {
        switch code {
        case ENOENT: "no such file"
        case EACCES: "no permission to read it"
        default: String(cString: strerror(code))
        }
    }
}
