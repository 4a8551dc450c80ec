public import FlowCapture
import Glibc

/// Why the collector cannot do what it is asked to.
public enum CollectorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A socket cannot be had or used; `code` is its `errno`.
    case socket(operation: String, address: String, code: Int32)
    /// A name has no address.
    case resolve(host: String, reason: String)
    /// Packets of an interface cannot be had.
    case capture(PacketCaptureError)
    /// A file of certificates or keys cannot be used.
    case credentials(path: String, setting: String, reason: String)
    /// The system gives no thread or memory.
    case resources(String)

    /// Whether the machine lacks the family of addresses.
    var isFamilyMissing: Bool {
        guard case .socket(_, _, let code) = self else { return false }
        return code == EAFNOSUPPORT || code == EADDRNOTAVAIL
    }

    /// What, where, and what to do.
    public var description: String {
        switch self {
        case .socket(let operation, let address, let code):
            "cannot \(operation) \(address): \(Self.reason(code))\(Self.advice(code))"
        case .resolve(let host, let reason): "cannot find \(host): \(reason)"
        case .capture(let error): "\(error)"
        case .credentials(let path, let setting, let reason):
            "cannot use \(path) (\(setting)): \(reason)"
        case .resources(let what): "the system has no \(what) to give"
        }
    }

    private static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }

    private static func advice(_ code: Int32) -> String {
        switch code {
        case EADDRINUSE: "; another collector listens there: ss -lunp says which"
        case EADDRNOTAVAIL: "; the address is not one of this machine"
        case EACCES, EPERM: "; ports below 1024 need CAP_NET_BIND_SERVICE"
        default: ""
        }
    }
}
