import Glibc

/// Why an exported file is not in its place.
public struct FileReplacementError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What could not be done: `open`, `write`, `fsync`, `close`, `rename`, `create`.
    public var operation: String
    /// With which file.
    public var path: String
    /// The system's `errno`.
    public var code: Int32

    /// What went wrong, in words.
    public var description: String { "cannot \(operation) \(path): \(systemMessage(code))" }
}

/// Puts a file in its place as a whole: whoever reads it finds the old one or the new one.
///
/// A file that has these octets already is left alone, so that nothing is reloaded for nothing.
/// - Returns: whether the file is another now.
public func replaceFile(
    at path: String, with octets: [UInt8]
) throws(FileReplacementError) -> Bool {
    if holds(path, octets) { return false }
    let file = try FileReplacement(path, overwrites: true)
    try file.write(octets)
    try file.finish()
    return true
}

/// A file that is written beside its place, and put there when it is whole and on the disk.
///
/// Nothing is left behind where it is not finished.
public final class FileReplacement {
    private let path: String
    private let partial: String
    private let overwrites: Bool
    private var descriptor: Int32
    private var isInPlace = false

    /// Begins a file; `path` need not be free for that.
    public init(_ path: String, overwrites: Bool) throws(FileReplacementError) {
        self.path = path
        self.overwrites = overwrites
        partial = path + ".partial"
        descriptor = unsafe open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure("open", partial) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !isInPlace { unsafe unlink(partial) }
    }

    /// Writes on.
    public func write(_ octets: [UInt8]) throws(FileReplacementError) {
        var done = 0
        while done < octets.count {
            let start = done
            let count = unsafe octets.withUnsafeBytes { memory in
                unsafe Glibc.write(
                    descriptor, memory.baseAddress.map { unsafe $0 + start }, memory.count - start)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("write", partial) }
            done += count
        }
    }

    /// Puts it in its place; both are on the disk then, the file and its name.
    ///
    /// - Throws: `EEXIST` where the place is taken and the file does not overwrite.
    public func finish() throws(FileReplacementError) {
        guard fsync(descriptor) == 0 else { throw Self.failure("fsync", partial) }
        let status = close(descriptor)
        descriptor = -1
        // A network file system may report a full disk only here.
        guard status == 0 || errno == EINTR else { throw Self.failure("close", partial) }
        if overwrites {
            guard unsafe rename(partial, path) == 0 else { throw Self.failure("rename", path) }
        } else {
            // Unlike a rename, a link does not replace what came there meanwhile.
            guard unsafe link(partial, path) == 0 else { throw Self.failure("create", path) }
            unsafe unlink(partial)
        }
        isInPlace = true
        try syncFolder()
    }

    private func syncFolder() throws(FileReplacementError) {
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open", folder) }
        defer { close(descriptor) }
        // Some file systems have no such thing for folders, and need none.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw Self.failure("fsync", folder)
        }
    }

    private static func failure(_ operation: String, _ path: String) -> FileReplacementError {
        FileReplacementError(operation: operation, path: path, code: errno)
    }
}

/// The octets of a file; nil where there is none, or what is there is no file.
///
/// - Parameter most: what is larger counts as none.
public func fileContents(at path: String, most: Int = 1 << 30) -> [UInt8]? {
    // A pipe without a writer would hold up whoever reads it.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        Int(status.st_size) <= most
    else { return nil }
    var octets: [UInt8] = []
    octets.reserveCapacity(Int(status.st_size))
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe read(descriptor, $0.baseAddress, $0.count)
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return count == 0 ? octets : nil }
        octets += buffer[..<count]
        if octets.count > most { return nil }
    }
}

/// Whether the file at `path` has exactly these octets.
private func holds(_ path: String, _ octets: [UInt8]) -> Bool {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        Int(status.st_size) == octets.count
    else { return false }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var done = 0
    while done < octets.count {
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe read(descriptor, $0.baseAddress, $0.count)
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0, done + count <= octets.count,
            buffer[..<count].elementsEqual(octets[done..<(done + count)])
        else { return false }
        done += count
    }
    return true
}
