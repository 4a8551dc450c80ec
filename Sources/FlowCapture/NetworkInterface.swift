import Glibc

/// A network interface of this machine, by its name.
public struct NetworkInterface: Hashable, Sendable {
    /// Its name.
    public let name: String

    /// Names an interface, which need not be there.
    public init(_ name: String) { self.name = name }

    /// The kernel's number of it, another each time that it comes; nil where it is not there.
    public var number: UInt32? {
        let number = unsafe if_nametoindex(name)
        return number == 0 ? nil : number
    }

    /// Whether it is there and up.
    public var isUp: Bool {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { return false }
        defer { unsafe freeifaddrs(list) }
        var next = unsafe list
        while let entry = unsafe next?.pointee {
            if let name = unsafe entry.ifa_name, unsafe strcmp(name, self.name) == 0 {
                return unsafe entry.ifa_flags & UInt32(IFF_UP) != 0
            }
            unsafe next = unsafe entry.ifa_next
        }
        return false
    }

    /// The names of all of them.
    public static var names: [String] {
        guard let first = unsafe if_nameindex() else { return [] }
        defer { unsafe if_freenameindex(first) }
        var names: [String] = []
        var next = unsafe first
        while unsafe next.pointee.if_index != 0, let name = unsafe next.pointee.if_name {
            names.append(unsafe String(cString: name))
            unsafe next += 1
        }
        return names
    }
}
