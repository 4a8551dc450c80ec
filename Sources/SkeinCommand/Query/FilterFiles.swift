import ArgumentParser
import FlowModel
import FlowQuery
import Glibc

/// What a filter on the command line may reach: files, named sets in a folder, the resolver.
///
/// `@scanners` is the list `scanners.txt` in the folder of sets, else what the source `scanners` of the
/// configuration lists.
struct FilterFiles: FilterSources {
    /// The folder of the named sets.
    let setFolder: String
    private let intel: IntelSets?

    /// The sets of `$SKEIN_SETS`, else those in the folder `sets` of the store, and the listed addresses.
    init(store: String, intel: IntelSets? = nil) {
        self.intel = intel
        let variable = getenv("SKEIN_SETS").map { String(cString: $0) } ?? ""
        setFolder = variable.isEmpty ? "\(store)/sets" : variable
    }

    private static let setSuffix = ".txt"

    var setNames: [String] { fileNames + (intel?.names() ?? []) }

    private var fileNames: [String] {
        guard let folder = opendir(setFolder) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(Self.setSuffix), !name.hasPrefix(".") {
                names.append(String(name.dropLast(Self.setSuffix.count)))
            }
        }
        return names.sorted()
    }

    func set(named name: String) throws(FilterSourceError) -> FilterSet? {
        let path = "\(setFolder)/\(name)\(Self.setSuffix)"
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR {
                guard let intel, let found = try intel.addresses(of: name) else { return nil }
                return .addresses(found)
            }
            throw FilterSourceError("\(path): \(String(cString: strerror(errno)))")
        }
        let list = try contents(of: path, bytesMax: FilterRules.trusted.listBytesMax)
        return .list(list, location: path)
    }

    func location(of path: String, from includer: String?) throws(FilterSourceError) -> String {
        var whole = path
        if !path.hasPrefix("/"), let slash = includer?.lastIndex(of: "/"), let includer {
            whole = includer[...slash] + path
        }
        if let real = realpath(whole, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        // A pipe (`/dev/fd/3`) has no other name.
        var status = stat()
        guard stat(whole, &status) == 0 else { throw Self.problem(errno) }
        return whole
    }

    func contents(
        of location: String, bytesMax: Int
    ) throws(FilterSourceError) -> [UInt8] {
        let descriptor = open(location, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.problem(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.problem(errno) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw Self.problem(EISDIR) }
        // One octet more than the file has shows its end without growing.
        var octets = [UInt8](repeating: 0, count: min(max(Int(status.st_size), 0), bytesMax) + 1)
        var filled = 0
        while true {
            let count = octets.withUnsafeMutableBytes { memory in
                let rest = UnsafeMutableRawBufferPointer(rebasing: memory[filled...])
                return read(descriptor, rest.baseAddress, rest.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Self.problem(errno) }
            if count == 0 { break }
            filled += count
            guard filled <= bytesMax else {
                throw FilterSourceError("more than \(bytesMax) octets")
            }
            if filled == octets.count {
                octets += [UInt8](repeating: 0, count: min(filled, bytesMax + 1 - filled) + 1)
            }
        }
        octets.removeLast(octets.count - filled)
        return octets
    }

    private static func problem(_ code: CInt) -> FilterSourceError {
        switch code {
        case ENOENT: FilterSourceError("no such file")
        case EACCES: FilterSourceError("no permission to read it")
        case EISDIR: FilterSourceError("a folder, not a file")
        default: FilterSourceError(String(cString: strerror(code)))
        }
    }

    func addresses(of host: String) throws(FilterSourceError) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        // One answer an address, not one for each kind of socket.
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { throw FilterSourceError(String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = list
        while let entry = next?.pointee {
            if let address = entry.ai_addr.flatMap(Self.address) { addresses.append(address) }
            next = entry.ai_next
        }
        return addresses
    }

    private static func address(_ socket: UnsafeMutablePointer<sockaddr>) -> IPAddress? {
        let memory = UnsafeRawPointer(socket)
        switch CInt(socket.pointee.sa_family) {
        case AF_INET:
            let v4 = memory.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr
            return IPAddress(v4: UInt32(bigEndian: v4))
        case AF_INET6:
            let octets = memory.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            return withUnsafeBytes(of: octets) { bytes in
                IPAddress(
                    high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                    low: UInt64(
                        bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
            }
        default: return nil
        }
    }
}

extension StoreOption {
    /// Reads a filter; several words are joined by blanks.
    ///
    /// Where only the text is looked at, whatever is wrong is wrong usage; a file that cannot be read
    /// is found later, and is a failure.
    ///
    /// - Parameters:
    ///   - rules: ``FilterRules/unread`` where only the text is to be checked.
    ///   - intel: the listed addresses; nil: those of the configuration that `$SKEIN_CONFIG` names.
    func filter(
        _ words: [String], times: TimeText, rules: FilterRules = .trusted, intel: IntelSets? = nil
    ) throws -> FlowFilter {
        let sources = FilterFiles(store: directory, intel: intel ?? IntelSets.configured(nil))
        do throws(FilterError) {
            return try FlowFilter(
                parsing: words.joined(separator: " "), times: times,
                sources: sources, rules: rules)
        } catch {
            if rules.readsSources { throw error }
            throw ValidationError(error.description)
        }
    }
}
