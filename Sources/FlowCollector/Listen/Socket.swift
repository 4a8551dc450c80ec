import CSockets
import FlowModel
import Glibc

/// An open socket; closes when it goes.
struct Socket: ~Copyable {
    let number: Int32

    /// Takes an open socket over.
    init(taking number: Int32) { self.number = number }

    /// Opens a socket at `address`, which must name an address.
    init(listeningAt address: ListenAddress, shared: Bool) throws(CollectorError) {
        let host = address.address ?? .v4Zero
        let kind = address.transport == .udp ? SOCK_DGRAM : SOCK_STREAM
        let flags =
            Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            | Int32(SOCK_NONBLOCK.rawValue)
        number = socket(host.isV4 ? AF_INET : AF_INET6, flags, 0)
        guard number >= 0 else { throw Self.failure("open a socket for", address) }
        // Beside a socket of IPv4 on the same port.
        if !host.isV4 { set(IPPROTO_IPV6, IPV6_V6ONLY, 1) }
        if shared { set(SOL_SOCKET, SO_REUSEPORT, 1) }
        // Connections of the run before linger on the port for a minute.
        if address.transport != .udp { set(SOL_SOCKET, SO_REUSEADDR, 1) }
        let number = number
        let bound = unsafe SocketAddress(host, port: address.port).pass {
            unsafe bind(number, $0, $1)
        }
        guard bound == 0 else { throw Self.failure("listen at", address) }
        if address.transport != .udp, listen(number, 128) != 0 {
            throw Self.failure("listen at", address)
        }
    }

    deinit { _ = close(number) }

    /// Leaves it open, for somebody else to close.
    consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }

    /// The port that it has.
    var port: UInt16 {
        let number = number
        return unsafe SocketAddress { unsafe getsockname(number, $0, $1) }?
            .port ?? 0
    }

    /// Sets an option that may fail without harm.
    func set(_ level: some BinaryInteger, _ option: Int32, _ value: Int32) {
        var value = value
        unsafe setsockopt(
            number, Int32(level), option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Asks for a receive buffer, and answers what the kernel allows, in octets as it was asked.
    func setReceiveBuffer(_ bytes: Int) -> Int {
        var wanted = Int32(clamping: bytes)
        let size = socklen_t(MemoryLayout<Int32>.size)
        // Above the system's limit only with CAP_NET_ADMIN.
        if unsafe setsockopt(number, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, size) != 0 {
            unsafe setsockopt(number, SOL_SOCKET, SO_RCVBUF, &wanted, size)
        }
        return receiveBuffer
    }

    /// Octets of the receive buffer, without what the kernel adds for itself.
    var receiveBuffer: Int {
        var got: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        unsafe getsockopt(number, SOL_SOCKET, SO_RCVBUF, &got, &size)
        // socket(7): the kernel doubles what it was asked.
        return Int(got) / 2
    }

    private static func failure(_ operation: String, _ address: ListenAddress) -> CollectorError {
        .socket(operation: operation, address: "\(address)", code: errno)
    }
}

/// Wakes a thread that waits in `poll`.
final class WakeUp: Sendable {
    /// Readable when it was woken.
    let number: Int32

    init() throws(CollectorError) {
        number = csockets_event_make()
        guard number >= 0 else { throw .resources("event descriptor") }
    }

    deinit { close(number) }

    func wake() { csockets_event_wake(number) }
}

/// The time of day, ms since 1970.
func millisecondsNow() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(max(time.tv_sec, 0)) * 1000 + UInt64(time.tv_nsec) / 1_000_000
}

extension Duration {
    /// In whole nanoseconds, 0 where it is negative.
    var nanoseconds: UInt64 {
        let parts = components
        guard parts.seconds >= 0, parts.attoseconds >= 0 else { return 0 }
        let (whole, isTooLong) = UInt64(parts.seconds).multipliedReportingOverflow(
            by: 1_000_000_000)
        return isTooLong ? .max >> 1 : whole + UInt64(parts.attoseconds / 1_000_000_000)
    }
}
