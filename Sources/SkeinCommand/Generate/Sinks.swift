import Glibc

/// Why output failed.
enum SinkError: Error, CustomStringConvertible {
    case open(path: String, code: Int32)
    case write(name: String, code: Int32)
    case resolve(host: String, reason: String)
    case send(to: String, code: Int32)
    case nobodyListens(String)

    var description: String {
        switch self {
        case .open(let path, let code): "cannot create \(path): \(Self.reason(code))"
        case .write(let name, let code):
            "cannot write \(name): \(Self.reason(code)); what is there is incomplete"
        case .resolve(let host, let reason): "cannot find \(host): \(reason)"
        case .send(let to, let code): "cannot send to \(to): \(Self.reason(code))"
        case .nobodyListens(let to): "nobody listens at \(to); is the collector running there?"
        }
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}

/// A file or standard output, written without buffering of its own.
final class FileSink {
    let name: String
    private var descriptor: Int32

    init(descriptor: Int32, name: String) {
        // A reader that closes its end is an error to notice, not a signal to die of.
        _ = signal(SIGPIPE, SIG_IGN)
        self.descriptor = descriptor
        self.name = name
    }

    /// Creates or empties a file; `-` is standard output.
    convenience init(path: String) throws {
        guard path != "-" else {
            self.init(descriptor: STDOUT_FILENO, name: "standard output")
            return
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SinkError.open(path: path, code: errno) }
        self.init(descriptor: descriptor, name: path)
    }

    func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { raw in
            var written = 0
            while written < raw.count {
                let rest = UnsafeRawBufferPointer(rebasing: raw[written...])
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count >= 0 {
                    written += count
                } else if errno == EPIPE {
                    throw ClosedPipe()
                } else if errno != EINTR {
                    throw SinkError.write(name: name, code: errno)
                }
            }
        }
    }

    /// Closes a file of its own; a network file system may report a full disk only here.
    func close() throws {
        guard descriptor > STDERR_FILENO else { return }
        let result = Glibc.close(descriptor)
        descriptor = -1
        if result != 0 && errno != EINTR { throw SinkError.write(name: name, code: errno) }
    }

    deinit { if descriptor > STDERR_FILENO { _ = Glibc.close(descriptor) } }
}

/// UDP sockets to one collector, one for each exporter, so that each has a port of its own.
final class DatagramSink {
    /// Datagrams for which the host answered that nobody listens.
    private(set) var refused = 0
    private let name: String
    private var sockets: [Int32] = []

    init(to collector: CollectorArgument, sockets count: Int) throws {
        name = "\(collector)"
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(collector.host, String(collector.port), &hints, &found)
        guard status == 0, let address = found else {
            throw SinkError.resolve(
                host: collector.host, reason: String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(found) }
        for _ in 0..<count {
            let descriptor = socket(
                address.pointee.ai_family, Int32(SOCK_DGRAM.rawValue), 0)
            guard descriptor >= 0 else { throw SinkError.send(to: name, code: errno) }
            sockets.append(descriptor)
            guard
                connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0
            else { throw SinkError.send(to: name, code: errno) }
        }
    }

    func send(_ payload: ArraySlice<UInt8>, from exporter: Int) throws {
        try payload.withUnsafeBytes { raw in
            while true {
                let socket = sockets[exporter]
                if Glibc.send(socket, raw.baseAddress, raw.count, 0) >= 0 { return }
                switch errno {
                case EINTR: continue
                // An answer to a datagram before this one, which is still to be sent.
                case ECONNREFUSED: refused += 1
                case ENOBUFS, EAGAIN: Clock.sleep(milliseconds: 1)
                default: throw SinkError.send(to: name, code: errno)
                }
            }
        }
    }

    deinit { for socket in sockets { _ = close(socket) } }
}
