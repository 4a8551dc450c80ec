import FlowTestSupport
import Glibc

/// A UDP socket on a port of its own on loopback, for exporters that take no other target.
///
/// What a program sent that has ended is there when it is asked for.
final class DatagramCollector {
    /// Where it listens.
    let port: UInt16
    private let descriptor: CInt

    /// A socket call failed.
    struct Failure: Error {
        let code: CInt
    }

    init() throws {
        descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        var bufferBytes: CInt = 8 << 20
        let length = socklen_t(MemoryLayout<CInt>.size)
        // Where neither is permitted the default holds what these tests send.
        if setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &bufferBytes, length) != 0 {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bufferBytes, length)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard isBound else { throw Failure(code: errno) }
    }

    deinit { close(descriptor) }

    /// The datagrams that have arrived, in their order.
    func takeAll() throws -> [[UInt8]] {
        try Loopback.settle()
        var datagrams: [[UInt8]] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, CInt(MSG_DONTWAIT))
            guard count >= 0 else { return datagrams }
            datagrams.append(Array(buffer[..<count]))
        }
    }
}
