import CPrivileges
import Glibc
import Synchronization

/// What the system allows this process beyond other processes of its user.
///
/// To open interfaces, sockets that send in another's name, low ports and large buffers takes
/// capabilities; to use them does not. So they are kept aside, and in effect only while something is
/// opened: at the start, at a reload, and when an interface comes back.
public enum Privileges {
    /// Capabilities that can be of use, by their numbers in capabilities(7).
    private static let bindService: UInt64 = 1 << 10
    private static let administer: UInt64 = 1 << 12
    private static let rawSockets: UInt64 = 1 << 13
    private static let useful = bindService | administer | rawSockets
    /// The page's sockets are opened by threads of others, and a low port is nobody's secret.
    private static let always = bindService

    private static let areAside = Atomic<Bool>(false)

    /// Makes root another user, who keeps the capabilities to open networks and no other right of root's.
    ///
    /// To be called while there is one thread. Somebody else than root can only become who he is.
    public static func become(_ name: String) throws(PrivilegeError) {
        let user = try User(name)
        guard user.id != geteuid() || user.id != getuid() else { return }
        guard geteuid() == 0 else { throw .notRoot(name) }
        try check(cprivileges_keep(1), "keep capabilities")
        // In this order: a user cannot change his groups.
        try check(unsafe initgroups(name, user.group) == 0 ? 0 : -errno, "become \(name)")
        try check(setgid(user.group) == 0 ? 0 : -errno, "become \(name)")
        try check(setuid(user.id) == 0 ? 0 : -errno, "become \(name)")
        try check(cprivileges_keep(0), "keep capabilities")
        try check(cprivileges_grow_no_more(), "refuse new privileges")
        let kept = permitted & useful
        try check(cprivileges_set(kept & always, kept), "drop capabilities")
        areAside.store(true, ordering: .relaxed)
    }

    /// Puts capabilities aside, for this thread and those that it starts.
    ///
    /// Root keeps his, which are not capabilities alone. Where the system forbids to change them, as a
    /// service manager may, they stay as that gave them.
    public static func putAside() {
        guard geteuid() != 0, !areAside.load(ordering: .relaxed) else { return }
        let kept = permitted & useful
        guard cprivileges_set(kept & always, kept) == 0 else { return }
        areAside.store(true, ordering: .relaxed)
    }

    /// Does something for which capabilities may be needed.
    static func whileOpening<Result, Failure>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard areAside.load(ordering: .relaxed) else { return try body() }
        let kept = permitted
        _ = cprivileges_set(kept, kept)
        defer { _ = cprivileges_set(kept & always, kept) }
        return try body()
    }

    /// Whether the process has all rights of root.
    public static var areRoots: Bool { geteuid() == 0 }

    private static var permitted: UInt64 {
        var (effective, permitted): (UInt64, UInt64) = (0, 0)
        return unsafe cprivileges_get(&effective, &permitted) == 0 ? permitted : 0
    }

    private static func check(_ code: Int32, _ action: String) throws(PrivilegeError) {
        guard code == 0 else { throw .system(action: action, code: -code) }
    }
}

/// A user of this machine.
private struct User {
    let id: uid_t
    let group: gid_t

    init(_ name: String) throws(PrivilegeError) {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var text = [CChar](repeating: 0, count: 16_384)
        let code = unsafe getpwnam_r(name, &entry, &text, text.count, &found)
        guard code == 0, unsafe found != nil else { throw .noUser(name) }
        id = unsafe entry.pw_uid
        group = unsafe entry.pw_gid
    }
}

/// Why a process cannot become what it is to be.
public enum PrivilegeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no user of that name.
    case noUser(String)
    /// Only root can become another user.
    case notRoot(String)
    /// The system refuses; `code` is its `errno`.
    case system(action: String, code: Int32)

    /// What, and what to do.
    public var description: String {
        switch self {
        case .noUser(let name):
            "cannot become \(name) (user): there is no such user; useradd --system \(name) makes one"
        case .notRoot(let name):
            "cannot become \(name) (user): only root can; start as root, or leave user out"
        case .system(let action, let code):
            "cannot \(action): \(unsafe String(cString: strerror(code)))"
        }
    }
}
