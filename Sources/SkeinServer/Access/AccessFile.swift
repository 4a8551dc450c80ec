import Glibc

/// The file of who may ask.
///
/// Only its owner may read it. It is never changed but replaced, so whoever reads it has all of it or what
/// was before; two that change it wait for each other.
public struct AccessFile: Sendable {
    /// Why it cannot be read or written.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        /// What, where, and what to do.
        public let description: String

        init(_ description: String) { self.description = description }

        fileprivate init(_ action: String, _ path: String, _ number: Int32 = errno) {
            description = "cannot \(action) \(path): \(String(cString: strerror(number)))"
        }
    }

    /// What is other when the file is.
    struct Version: Hashable, Sendable {
        fileprivate let device: UInt
        fileprivate let inode: UInt
        fileprivate let octets: Int
        fileprivate let times: [Int]
    }

    /// Where it lies.
    public let path: String
    private static let octetsMax = 4 << 20

    /// Names it; it need not be there.
    public init(_ path: String) { self.path = path }

    /// The file as it is now; nil where there is none.
    var version: Version? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return Version(status)
    }

    /// Who is in it; nobody where there is none.
    public func read() throws(Failure) -> AccessList { try readVersion().list }

    func readVersion() throws(Failure) -> (list: AccessList, version: Version?) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT { return (AccessList(), nil) }
            if errno == ELOOP { throw Failure("\(path) is a link; name the file itself") }
            throw Failure("read", path)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Failure("read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure("\(path) is not a file") }
        guard status.st_mode & 0o077 == 0 else {
            throw Failure("others may read or change \(path), who may log in: chmod 600 \(path)")
        }
        guard status.st_uid == geteuid() || status.st_uid == 0 || geteuid() == 0 else {
            throw Failure("\(path) belongs to another user than this program runs as")
        }
        guard status.st_size <= Self.octetsMax else { throw Failure("\(path) is too large") }
        var octets: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure("read", path) }
            if count == 0 { break }
            octets += piece[..<count]
            guard octets.count <= Self.octetsMax else { throw Failure("\(path) is too large") }
        }
        do throws(AccessList.Damage) {
            let list = try AccessList(text: String(decoding: octets, as: UTF8.self))
            return (list, Version(status))
        } catch {
            throw Failure("\(path), line \(error.line): this is neither a user nor a token")
        }
    }

    /// Changes who is in it.
    ///
    /// - Throws: a ``Failure``, or what `body` throws; then it is as it was.
    public func change<Value>(_ body: (inout AccessList) throws -> Value) throws -> Value {
        let folder = open(folderPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Failure("open", folderPath) }
        // Closing it also lets the lock go.
        defer { close(folder) }
        while flock(folder, LOCK_EX) != 0 {
            guard errno == EINTR else { throw Failure("lock", folderPath) }
        }
        let (before, _) = try readVersion()
        var list = before
        let value = try body(&list)
        if list != before { try replace(by: list, in: folder) }
        return value
    }

    private func replace(by list: AccessList, in folder: Int32) throws(Failure) {
        let draft = name + ".tmp"
        // Of a writer that was killed; nobody else has the lock.
        unlinkat(folder, draft, 0)
        let file = openat(
            folder, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure("write", "\(path).tmp") }
        var isInPlace = false
        defer {
            close(file)
            if !isInPlace { unlinkat(folder, draft, 0) }
        }
        try giveAway(file, in: folder)
        var rest = Array(list.text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure("write", "\(path).tmp") }
            rest = rest.dropFirst(count)
        }
        guard fchmod(file, 0o600) == 0, fsync(file) == 0 else {
            throw Failure("write", "\(path).tmp")
        }
        guard renameat(folder, draft, folder, name) == 0 else { throw Failure("replace", path) }
        isInPlace = true
        guard fsync(folder) == 0 else { throw Failure("write", folderPath) }
    }

    /// Makes it the server's where root writes: whose it was, else whose the folder is.
    private func giveAway(_ file: Int32, in folder: Int32) throws(Failure) {
        var status = stat()
        let isThere = fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0
        guard isThere || fstat(folder, &status) == 0 else { throw Failure("look at", folderPath) }
        guard status.st_uid != geteuid() else { return }
        guard geteuid() == 0 else {
            throw Failure(
                "\(isThere ? path : folderPath) belongs to another user: run this as that user, "
                    + "with sudo -u")
        }
        guard fchown(file, status.st_uid, status.st_gid) == 0 else {
            throw Failure("give away", "\(path).tmp")
        }
    }

    private var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    private var folderPath: String {
        guard let mark = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return mark == path.startIndex ? "/" : String(path[..<mark])
    }
}

extension AccessFile.Version {
    fileprivate init(_ status: stat) {
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
        octets = Int(status.st_size)
        times = [
            Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec), Int(status.st_ctim.tv_sec),
            Int(status.st_ctim.tv_nsec),
        ]
    }
}
