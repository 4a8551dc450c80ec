import Glibc

/// Follows a file that another program appends lines to, as `tail -F` does: through its rotation, and where
/// it is cut to nothing and written anew.
///
/// What is no ordinary file is not opened. A line that is too long is passed over and counted.
package final class LogFollower {
    package let path: String
    /// Lines that were too long.
    package private(set) var longLines: UInt64 = 0
    private let lineMax: Int
    private var descriptor: CInt = -1
    private var place = 0
    private var partial: [UInt8] = []
    private var isSkipping = false
    /// Whether a file that is opened is read from its beginning.
    private var isWanted: Bool

    /// Octets that are read in one look at most: what waits is read by the next ones.
    private static let lookMax = 8 << 20

    /// - Parameter fromBeginning: whether what is in it already is read as well; what comes to be there
    ///   later always is.
    package init(path: String, fromBeginning: Bool = false, lineMax: Int) {
        self.path = path
        self.lineMax = lineMax
        isWanted = fromBeginning
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Reads on; whether there may be more.
    ///
    /// - Parameter body: takes each whole line without its end.
    /// - Throws: why the file cannot be read; it is looked for again the next time.
    package func read(_ body: (ArraySlice<UInt8>) -> Void) throws(SinkError) -> Bool {
        if descriptor < 0 { try begin() }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure() }
        if Int(status.st_size) < place {
            // Cut to nothing, as logrotate's copytruncate does it.
            place = 0
            drop()
        }
        let count = try readOn(body)
        guard count == 0 else { return count >= Self.lookMax }
        var next = stat()
        // The old file is left only for one that has something: until then the program may still write it.
        guard unsafe stat(path, &next) == 0, next.st_size > 0,
            (next.st_ino, next.st_dev) != (status.st_ino, status.st_dev)
        else { return false }
        if !partial.isEmpty, !isSkipping { body(partial[...]) }
        finish()
        return true
    }

    /// Reads what is in a file that nobody writes any more: its last line may have no end.
    package func readWhole(_ body: (ArraySlice<UInt8>) -> Void) throws(SinkError) {
        if descriptor < 0 { try begin() }
        while try readOn(body) > 0 {}
        if !partial.isEmpty, !isSkipping { body(partial[...]) }
        finish()
    }

    private func begin() throws(SinkError) {
        // A pipe without a writer would hold up whoever opens it.
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let error = failure()
            // What is not there when it is looked for is new when it is.
            isWanted = true
            throw error
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure() }
        guard status.st_mode & S_IFMT == S_IFREG else {
            finish()
            throw SinkError("\(path): no ordinary file")
        }
        place = isWanted ? 0 : Int(status.st_size)
        isWanted = true
    }

    private func readOn(_ body: (ArraySlice<UInt8>) -> Void) throws(SinkError) -> Int {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var total = 0
        while total < Self.lookMax {
            let count = unsafe buffer.withUnsafeMutableBytes { memory in
                unsafe pread(descriptor, memory.baseAddress, memory.count, off_t(place))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure() }
            if count == 0 { break }
            place += count
            total += count
            split(buffer[..<count], body)
        }
        return total
    }

    private func split(_ piece: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>) -> Void) {
        var rest = piece
        while let end = rest.firstIndex(of: 10) {
            var line = rest[..<end]
            rest = rest[(end + 1)...]
            if isSkipping {
                isSkipping = false
                continue
            }
            if !partial.isEmpty {
                partial += line
                line = partial[...]
            }
            if line.last == 13 { line = line.dropLast() }
            if line.count > lineMax { longLines += 1 } else { body(line) }
            partial = []
        }
        guard !isSkipping else { return }
        partial += rest
        if partial.count > lineMax {
            longLines += 1
            drop()
            isSkipping = true
        }
    }

    /// Forgets the line that has no end yet.
    private func drop() {
        partial = []
        isSkipping = false
    }

    private func finish() {
        drop()
        close(descriptor)
        descriptor = -1
        place = 0
    }

    private func failure() -> SinkError { SinkError("\(path): \(systemMessage(errno))") }
}
