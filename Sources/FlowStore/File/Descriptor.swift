import Glibc

/// The `errno` values that messages give advice on.
enum SystemCode {
    static let noSpace = ENOSPC
    static let noFile = ENOENT
    static let quota = EDQUOT
    static let isBusy = EBUSY
    static let noPermission = EACCES
}

/// The system's words for an `errno`.
func systemMessage(_ code: Int32) -> String {
    unsafe String(cString: strerror(code))
}

/// An open file; closes when it goes.
struct Descriptor: ~Copyable {
    let path: String
    private let number: Int32
    private let probe: (any FileProbe)?

    /// What a file is opened for.
    enum Access {
        case reading
        /// Made anew; what is there under that name is emptied.
        case creating
        /// Made anew; an error where there is one of that name. All writes go to its end.
        case appending
        /// Left as it is, and written over.
        case overwriting
        /// Made anew, to be written and read; an error where there is one of that name.
        case scratch
        /// Made where missing, left as it is otherwise.
        case locking
        case directory

        fileprivate var flags: Int32 {
            switch self {
            case .reading: O_RDONLY
            case .creating: O_WRONLY | O_CREAT | O_TRUNC
            case .appending: O_WRONLY | O_CREAT | O_EXCL | O_APPEND
            case .overwriting: O_WRONLY
            case .scratch: O_RDWR | O_CREAT | O_EXCL
            case .locking: O_RDWR | O_CREAT
            case .directory: O_RDONLY | O_DIRECTORY
            }
        }
    }

    init(
        _ path: String, _ access: Access, probe: (any FileProbe)? = nil
    ) throws(StoreError) {
        self.path = path
        self.probe = probe
        number = try Self.open(path, access, probe)
    }

    private static func open(
        _ path: String, _ access: Access, _ probe: (any FileProbe)?
    ) throws(StoreError) -> Int32 {
        if let probe, access == .creating || access == .appending {
            try probe.willDo(.create(path))
        }
        let number = unsafe Glibc.open(path, access.flags | O_CLOEXEC, 0o640)
        if number < 0 { throw failure("open", path) }
        return number
    }

    deinit { close(number) }

    /// The file's length.
    func length() throws(StoreError) -> UInt64 {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw Self.failure("read", path) }
        return UInt64(max(status.st_size, 0))
    }

    /// Appends all of `octets` where the file stands.
    func write(_ octets: RawSpan) throws(StoreError) {
        if let probe {
            try probe.willDo(.write(path, unsafe octets.withUnsafeBytes { unsafe Array($0) }))
        }
        try unsafe put(octets) { base, count, _ in unsafe Glibc.write(number, base, count) }
    }

    /// Writes all of `octets` over what is at `offset`, and behind the file's end.
    func write(_ octets: RawSpan, at offset: UInt64) throws(StoreError) {
        if let probe {
            let written = unsafe octets.withUnsafeBytes { unsafe Array($0) }
            try probe.willDo(.overwrite(path, offset, written))
        }
        try unsafe put(octets) { base, count, done in
            unsafe pwrite(number, base, count, off_t(clamping: offset) + off_t(done))
        }
    }

    /// Calls the system until all is written.
    private func put(
        _ octets: RawSpan, by write: (UnsafeRawPointer, Int, _ done: Int) -> Int
    ) throws(StoreError) {
        var done = 0
        while done < octets.byteCount {
            let written = unsafe octets.withUnsafeBytes { buffer in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe write(base + done, buffer.count - done, done)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw Self.failure("write", path) }
            done += written
        }
    }

    /// Reads the `count` octets at `offset`; fewer are damage.
    func read(_ count: Int, at offset: UInt64) throws(StoreError) -> [UInt8] {
        let count = max(count, 0)
        var failure: StoreError?
        let octets = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            failure = unsafe fill(UnsafeMutableRawBufferPointer(buffer), at: offset)
            filled = failure == nil ? count : 0
        }
        if let failure { throw failure }
        return octets
    }

    /// Fills `output` with the octets at `offset`; fewer are damage.
    func read(into output: inout MutableRawSpan, at offset: UInt64) throws(StoreError) {
        let failure = unsafe output.withUnsafeMutableBytes { unsafe fill($0, at: offset) }
        if let failure { throw failure }
    }

    /// Fills a buffer; answers why not.
    private func fill(
        _ buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) -> StoreError? {
        guard let place = off_t(exactly: offset) else {
            return StoreError(
                path: path, offset: offset, cause: .damaged(.value(part: "position")))
        }
        var filled = 0
        while filled < buffer.count, let base = buffer.baseAddress {
            let got = unsafe pread(
                number, base + filled, buffer.count - filled, place + off_t(filled))
            if got < 0 {
                if errno == EINTR { continue }
                return StoreError(
                    path: path, offset: offset, cause: .system(operation: "read", code: errno))
            }
            if got == 0 {
                return StoreError(
                    path: path, offset: offset,
                    cause: .damaged(
                        .truncated(need: UInt64(buffer.count), have: UInt64(filled))))
            }
            filled += got
        }
        return nil
    }

    /// Waits until the file is on the disk.
    func synchronize() throws(StoreError) {
        try probe?.willDo(.synchronize(path))
        while fsync(number) != 0 {
            if errno != EINTR { throw Self.failure("write", path) }
        }
    }

    /// Takes the file's lock for one process; false where another has it.
    func lock() throws(StoreError) -> Bool {
        while flock(number, LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            if errno != EINTR { throw Self.failure("lock", path) }
        }
        return true
    }

    /// Takes part in the file's lock, which others may too, but not who takes it for itself.
    ///
    /// Where the system has no locks for it, nobody gets one.
    func share() {
        while flock(number, LOCK_SH) != 0, errno == EINTR {}
    }

    /// Lets the file's lock go.
    ///
    /// To close the file would not do where the process is just starting another: until that one runs its
    /// own program it has the file open, too.
    func unlock() { _ = flock(number, LOCK_UN) }

    /// Cuts the file to a length.
    func truncate(to length: UInt64 = 0) throws(StoreError) {
        try probe?.willDo(.truncate(path, length))
        guard ftruncate(number, off_t(clamping: length)) == 0 else {
            throw Self.failure("write", path)
        }
    }

    /// Lets the process open as many files as its hard limit allows, and answers how many.
    ///
    /// The usual soft limit of 1024 is for programs that use `select`, which this one does not.
    static func raiseLimit() -> Int {
        var limit = rlimit()
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(files, &limit) == 0 else { return 256 }
        let soft = limit.rlim_cur
        limit.rlim_cur = max(soft, min(limit.rlim_max, 65_536))
        return Int(clamping: unsafe setrlimit(files, &limit) == 0 ? limit.rlim_cur : soft)
    }

    static func failure(_ operation: String, _ path: String) -> StoreError {
        StoreError(path: path, cause: .system(operation: operation, code: errno))
    }
}
