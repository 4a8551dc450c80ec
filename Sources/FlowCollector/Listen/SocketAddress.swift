import FlowModel
import Glibc

/// An address and port as the system's calls take them.
struct SocketAddress {
    private var storage = sockaddr_storage()
    private var length: socklen_t

    init(_ address: IPAddress, port: UInt16) {
        if let v4 = address.v4 {
            var parts = sockaddr_in()
            parts.sin_family = sa_family_t(AF_INET)
            parts.sin_port = port.bigEndian
            parts.sin_addr.s_addr = v4.bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            unsafe withUnsafeMutableBytes(of: &storage) {
                unsafe $0.storeBytes(of: parts, as: sockaddr_in.self)
            }
        } else {
            var parts = sockaddr_in6()
            parts.sin6_family = sa_family_t(AF_INET6)
            parts.sin6_port = port.bigEndian
            unsafe withUnsafeMutableBytes(of: &parts.sin6_addr) {
                unsafe $0.storeBytes(of: address.high.bigEndian, as: UInt64.self)
                unsafe $0.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            unsafe withUnsafeMutableBytes(of: &storage) {
                unsafe $0.storeBytes(of: parts, as: sockaddr_in6.self)
            }
        }
    }

    /// What a call such as `accept` or `getsockname` fills in; nil where it fails.
    init?(
        filledBy call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) {
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var length = length
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe call($0, &length)
            }
        }
        guard result >= 0 else { return nil }
        self.length = length
    }

    var family: Int32 { Int32(storage.ss_family) }

    /// The address; `::` where it is of another family.
    var address: IPAddress {
        unsafe withUnsafeBytes(of: storage) { octets in
            if family == AF_INET {
                let parts = unsafe octets.load(as: sockaddr_in.self)
                return IPAddress(v4: UInt32(bigEndian: parts.sin_addr.s_addr))
            }
            let start = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8
            let high = unsafe octets.load(fromByteOffset: start, as: UInt64.self)
            let low = unsafe octets.load(fromByteOffset: start + 8, as: UInt64.self)
            return IPAddress(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
        }
    }

    var port: UInt16 {
        // Of IPv4 and IPv6 alike.
        unsafe withUnsafeBytes(of: storage) {
            UInt16(bigEndian: unsafe $0.load(fromByteOffset: 2, as: UInt16.self))
        }
    }

    /// Hands it to a system call.
    func pass<Result>(
        to call: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe call($0, length)
            }
        }
    }
}
