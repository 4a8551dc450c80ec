import Glibc

/// Why an exported file is not in its place.
public struct FileReplacementError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What could not be done: `open`, `write`, `fsync`, `rename`.
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
    let partial = path + ".partial"
    let descriptor = unsafe open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("open", partial) }
    do throws(FileReplacementError) {
        try write(octets, to: descriptor, partial)
        guard fsync(descriptor) == 0 else { throw failure("fsync", partial) }
    } catch {
        close(descriptor)
        unsafe unlink(partial)
        throw error
    }
    guard close(descriptor) == 0, unsafe rename(partial, path) == 0 else {
        let error = failure("rename", path)
        unsafe unlink(partial)
        throw error
    }
    return true
}

private func failure(_ operation: String, _ path: String) -> FileReplacementError {
    FileReplacementError(operation: operation, path: path, code: errno)
}

private func write(
    _ octets: [UInt8], to descriptor: Int32, _ path: String
) throws(FileReplacementError) {
    var done = 0
    while done < octets.count {
        let start = done
        let count = unsafe octets.withUnsafeBytes { memory in
            unsafe Glibc.write(
                descriptor, memory.baseAddress.map { unsafe $0 + start }, memory.count - start)
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw failure("write", path) }
        done += count
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
