import Glibc

/// A socket between processes of this machine (unix(7)); closes when it goes.
struct LocalSocket: ~Copyable {
    let number: Int32
    private let path: String

    /// Who is at the other end, as it was when it connected or listened.
    struct Peer: Hashable, Sendable {
        var process: Int32
        var user: UInt32
        var group: UInt32
    }

    private init(number: Int32, path: String) {
        self.number = number
        self.path = path
    }

    deinit { _ = close(number) }

    /// Listens at a path, of which what an earlier process left is taken away.
    ///
    /// Only for this process's user.
    static func listening(at path: String) throws(StoreError) -> LocalSocket {
        let socket = try make(path)
        unsafe unlink(path)
        let number = socket.number
        try unsafe withAddress(path) { address, length in unsafe bind(number, address, length) }
        // Before it listens nobody can connect, whatever the umask was.
        guard unsafe chmod(path, 0o600) == 0, listen(number, 8) == 0 else {
            throw Descriptor.failure("listen at", path)
        }
        return socket
    }

    /// Connects to who listens at a path; nil where nobody does.
    static func connected(to path: String) throws(StoreError) -> LocalSocket? {
        let socket = try make(path)
        let number = socket.number
        // One that does not answer has a full queue, and is not waited for for ever.
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(
            number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        do throws(StoreError) {
            try unsafe withAddress(path) { address, length in
                unsafe connect(number, address, length)
            }
        } catch {
            switch error.cause {
            case .system(_, ENOENT), .system(_, ECONNREFUSED), .system(_, ENOTSOCK): return nil
            default: throw error
            }
        }
        return socket
    }

    /// Takes a connection; nil where there is none.
    func accepted() -> LocalSocket? {
        let taken = accept(number, nil, nil)
        guard taken >= 0 else { return nil }
        _ = fcntl(taken, F_SETFD, FD_CLOEXEC)
        return LocalSocket(number: taken, path: path)
    }

    /// Ends the connection.
    func hangUp() { _ = shutdown(number, Int32(SHUT_RDWR)) }

    /// Who is at the other end.
    var peer: Peer? {
        // struct ucred of the kernel: pid, uid, gid, 32 bits each.
        var parts: [UInt32] = [0, 0, 0]
        var length = socklen_t(12)
        let number = number
        guard unsafe getsockopt(number, SOL_SOCKET, SO_PEERCRED, &parts, &length) == 0, length == 12
        else { return nil }
        return Peer(
            process: Int32(bitPattern: parts[0]), user: parts[1], group: parts[2])
    }

    /// Sends all of it; false where the other end is gone.
    func send(_ message: AdmissionMessage) -> Bool {
        let octets = message.encoded
        var sent = 0
        while sent < octets.count {
            let (number, start) = (number, sent)
            let count = unsafe octets.withUnsafeBytes { memory in
                unsafe Glibc.send(
                    number, memory.baseAddress.map { unsafe $0 + start }, memory.count - start,
                    Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                // Half of a message must not be waited on for its rest.
                _ = shutdown(number, Int32(SHUT_WR))
                return false
            }
            sent += count
        }
        return true
    }

    /// What has come, waiting for it; empty at the end, nil where nothing is there and one is not to wait.
    func receive(waits: Bool) -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe recv(number, &piece, piece.count, waits ? 0 : Int32(MSG_DONTWAIT))
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { return nil }
            return Array(piece[..<max(count, 0)])
        }
    }

    private static func make(_ path: String) throws(StoreError) -> LocalSocket {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let number = socket(AF_UNIX, kind, 0)
        guard number >= 0 else { throw Descriptor.failure("make a socket for", path) }
        return LocalSocket(number: number, path: path)
    }

    /// Calls `body` with the address of a path, which may be longer than an address can be.
    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(StoreError) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
        let opened = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { throw Descriptor.failure("open", folder) }
        defer { close(opened) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let short = Array("/proc/self/fd/\(opened)/\(name)".utf8)
        let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { space in
            guard short.count < space.count else { return false }
            unsafe space.copyBytes(from: short)
            return true
        }
        guard fits else {
            throw StoreError(path: path, cause: .system(operation: "name", code: ENAMETOOLONG))
        }
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Descriptor.failure("connect to", path) }
    }
}
