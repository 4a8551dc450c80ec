import CSockets
import FlowModel
import Glibc

/// A socket that is connected to another collector.
final class ForwardSocket {
    let socket: Socket
    /// Where it sends to.
    let address: IPAddress
    let port: UInt16

    /// Finds the target's address and opens a socket to it.
    convenience init(to target: ForwardTarget) throws(CollectorError) {
        let found = try Self.resolve(target)
        try self.init(to: found, of: target, isRaw: false)
    }

    /// One that lets the source be written, to where `other` sends.
    convenience init(rawLike other: ForwardSocket, of target: ForwardTarget) throws(CollectorError)
    {
        try self.init(
            to: SocketAddress(other.address, port: other.port), of: target, isRaw: true)
    }

    private init(
        to found: SocketAddress, of target: ForwardTarget, isRaw: Bool
    ) throws(CollectorError) {
        address = found.address
        port = found.port
        let kind = isRaw ? SOCK_RAW : SOCK_DGRAM
        let number = Glibc.socket(
            found.family, Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            isRaw ? Int32(IPPROTO_RAW) : 0)
        guard number >= 0 else {
            throw .socket(operation: "open a socket for", address: "\(target)", code: errno)
        }
        socket = Socket(taking: number)
        let connected = unsafe found.pass { unsafe connect(number, $0, $1) }
        guard connected == 0 else {
            throw .socket(operation: "forward to", address: "\(target)", code: errno)
        }
    }

    private static func resolve(_ target: ForwardTarget) throws(CollectorError) -> SocketAddress {
        if let address = IPAddress(target.host) {
            return SocketAddress(address, port: target.port)
        }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>? = nil
        let status = unsafe getaddrinfo(target.host, nil, &hints, &found)
        guard status == 0, let first = unsafe found else {
            throw .resolve(
                host: target.host, reason: unsafe String(cString: gai_strerror(status)))
        }
        defer { unsafe freeaddrinfo(first) }
        let address = unsafe SocketAddress { pointer, length in
            guard let source = unsafe first.pointee.ai_addr else { return -1 }
            unsafe memcpy(pointer, source, Int(first.pointee.ai_addrlen))
            unsafe length.pointee = first.pointee.ai_addrlen
            return 0
        }
        guard let address else { throw .resolve(host: target.host, reason: "no address") }
        return SocketAddress(address.address, port: target.port)
    }

    /// What became of a batch.
    struct Outcome {
        var sent = 0
        var dropped = 0
        var refused = 0
    }

    /// Sends pieces of memory; what the system does not take in a tenth of a second is given up.
    func send(
        _ memory: UnsafeRawPointer, _ offsets: [UInt32], _ lengths: [UInt32]
    ) -> Outcome {
        precondition(offsets.count == lengths.count)
        var outcome = Outcome()
        var next = 0
        var hasWaited = false
        while next < offsets.count {
            let count = unsafe offsets.withUnsafeBufferPointer { offsets in
                unsafe lengths.withUnsafeBufferPointer { lengths in
                    unsafe csockets_send(
                        socket.number, memory.assumingMemoryBound(to: UInt8.self),
                        offsets.baseAddress.map { unsafe $0 + next },
                        lengths.baseAddress.map { unsafe $0 + next },
                        UInt32(offsets.count - next))
                }
            }
            switch -count {
            case ..<0:
                outcome.sent += Int(count)
                next += Int(count)
            case EINTR: continue
            // The answer to an earlier datagram; this one is still to be sent.
            case ECONNREFUSED where outcome.refused <= offsets.count: outcome.refused += 1
            case EAGAIN where !hasWaited, ENOBUFS where !hasWaited:
                hasWaited = true
                var watched = pollfd(fd: socket.number, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&watched, 1, 100)
            default:
                // This one cannot be sent; the next may be.
                outcome.dropped += 1
                next += 1
            }
        }
        return outcome
    }
}
