import Glibc

/// Tells the service manager how the program is doing, as sd_notify(3) describes.
///
/// Where nobody wants to know, nothing is sent.
public struct ServiceNotifier: Sendable {
    /// What can be told.
    public enum State: Hashable, Sendable {
        /// Everything is open; whoever waits for the service may go on.
        case ready
        /// The configuration is read anew; ``ready`` ends it.
        case reloading
        /// It is on its way out.
        case stopping
        /// It is alive; see ``ServiceNotifier/watchdogInterval``.
        case watchdog
        /// A line for people, in `systemctl status`.
        case status(String)
        /// Ending takes longer than was agreed: so much from now on.
        case extendTimeout(Duration)
    }

    /// How often ``State/watchdog`` must be sent: half the time after which the manager takes the
    /// program for stuck; nil where it does not watch.
    public let watchdogInterval: Duration?
    private let socket: String?

    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    ///
    /// - Parameter process: the number of this process; nil = ask the system.
    public init(environment: [String: String], process: Int32? = nil) {
        let name = environment["NOTIFY_SOCKET"] ?? ""
        // sd_notify(3): an absolute path, or with @ a name in the abstract namespace.
        socket = name.hasPrefix("/") || name.hasPrefix("@") && name.utf8.count > 1 ? name : nil
        let isOurs = environment["WATCHDOG_PID"].map { $0 == "\(process ?? getpid())" } ?? true
        let limit = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogInterval = isOurs && limit > 0 ? .microseconds(max(limit / 2, 1)) : nil
    }

    /// Whether somebody wants to know.
    public var isWanted: Bool { socket != nil }

    /// Tells all of `states` at once, and whether it was sent.
    ///
    /// Never waits: a manager that does not read is not worth stopping for.
    @discardableResult
    public func tell(_ states: State...) -> Bool {
        guard let socket, var address = Self.address(socket) else { return false }
        let text = Array(states.map(Self.line).joined(separator: "\n").utf8)
        let descriptor = Glibc.socket(
            AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + socket.utf8.count)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                text.withUnsafeBytes {
                    sendto(
                        descriptor, $0.baseAddress, $0.count,
                        CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT), target, length)
                }
            }
        }
        return sent == text.count
    }

    static func line(_ state: State) -> String {
        switch state {
        case .ready: "READY=1"
        case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds)"
        case .stopping: "STOPPING=1"
        case .watchdog: "WATCHDOG=1"
        // A line break would begin another assignment.
        case .status(let text):
            "STATUS=" + String(text.map { $0.isNewline ? " " : $0 })
        case .extendTimeout(let duration):
            "EXTEND_TIMEOUT_USEC=\(microseconds(duration))"
        }
    }

    private static var monotonicMicroseconds: Int64 {
        var clock = timespec()
        clock_gettime(CLOCK_MONOTONIC, &clock)
        return Int64(clock.tv_sec) * 1_000_000 + Int64(clock.tv_nsec) / 1000
    }

    private static func microseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .max : whole + attoseconds / 1_000_000_000_000
    }

    /// Nil for a name that is too long.
    private static func address(_ name: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var octets = Array(name.utf8)
        guard octets.count <= MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        if octets[0] == UInt8(ascii: "@") { octets[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: octets) }
        return address
    }
}
