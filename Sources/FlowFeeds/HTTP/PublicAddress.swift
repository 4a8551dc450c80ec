import FlowIntel
import FlowModel
import Glibc

/// Which places on the Internet a server may send others to.
///
/// A list's server that answers "look at http://127.0.0.1:8055/" or at a router's page would have its reader
/// ask what it cannot reach itself.
enum PublicAddress {
    /// What no server may point to, besides what no source can list.
    private static let alsoPrivate: [IPPrefix] = [
        "192.0.0.0/24", "198.18.0.0/15", "64:ff9b:1::/48",
    ].compactMap { IPPrefix($0) }
    private static let policy = AddressPolicy(own: alsoPrivate)
    /// NAT64 (RFC 6052) and 6to4 (RFC 3056): an IPv4 address is in them.
    private static let embedding: [(prefix: IPPrefix, shift: UInt64, isHigh: Bool)] = [
        ("64:ff9b::/96", UInt64(0), false), ("2002::/16", UInt64(16), true),
    ].compactMap { text, shift, isHigh in
        IPPrefix(text).map { ($0, shift, isHigh) }
    }

    static func isPublic(_ address: IPAddress) -> Bool {
        if policy.refusal(of: AddressRange(address)) != nil { return false }
        for (prefix, shift, isHigh) in embedding where prefix.contains(address) {
            let half = isHigh ? address.high : address.low
            return isPublic(IPAddress(v4: UInt32(truncatingIfNeeded: half >> shift)))
        }
        return true
    }

    /// An address of `host`, all of whose addresses are public; nil where one is not.
    ///
    /// The connection is made to what is answered here: a name could mean something else a moment later.
    static func of(_ host: String) throws(FetchError) -> String? {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &hints, &list)
        guard code == 0, let first = unsafe list else {
            throw .connection(
                place: host,
                cause: "the name is not found (\(unsafe String(cString: gai_strerror(code))))")
        }
        defer { unsafe freeaddrinfo(first) }
        var chosen: String?
        var next: UnsafeMutablePointer<addrinfo>? = unsafe first
        while let entry = unsafe next {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let status = unsafe getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil,
                0, NI_NUMERICHOST)
            let octets = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            let name = String(decoding: octets, as: UTF8.self)
            // With a zone ("fe80::1%eth0") it is no address for IPAddress, and not public.
            guard status == 0, let address = IPAddress(name), isPublic(address) else { return nil }
            if chosen == nil { chosen = name }
            unsafe next = entry.pointee.ai_next
        }
        return chosen
    }
}
