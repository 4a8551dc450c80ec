import FlowStore
import NIOCore
import NIOPosix
import NIOSSL

/// A connection that one thread speaks over and waits for: syslog, mail.
///
/// NIO does the work; each step has its time and fails after that.
final class StreamClient {
    enum Security {
        case none
        /// From the beginning; authorities, PEM, or the system's.
        case tls(authorities: String?)
    }

    private let channel: any Channel
    private let inbox: Inbox
    private let host: String
    private let place: String
    private let seconds: Int64

    /// Connects.
    init(
        host: String, port: Int, security: Security, seconds: Int64 = 10
    ) throws(SinkError) {
        self.host = host
        self.seconds = seconds
        place = "\(host):\(port)"
        let inbox = Inbox()
        self.inbox = inbox
        do {
            var context: NIOSSLContext?
            if case .tls(let authorities) = security {
                context = try Self.context(authorities)
            }
            let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(seconds))
                .channelInitializer { [context] channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let context {
                            try channel.pipeline.syncOperations.addHandler(
                                Self.handler(context, host))
                        }
                        try channel.pipeline.syncOperations.addHandler(InboxHandler(inbox))
                    }
                }
            channel = try bootstrap.connect(host: host, port: port).wait()
        } catch {
            throw SinkError("\(host):\(port): \(error)")
        }
    }

    deinit { channel.close(promise: nil) }

    /// Whether the other side has not closed it, as far as is known.
    var isOpen: Bool { channel.isActive && !inbox.isClosed }

    private static func context(_ authorities: String?) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authorities { configuration.trustRoots = .file(authorities) }
        return try NIOSSLContext(configuration: configuration)
    }

    private static func handler(
        _ context: NIOSSLContext, _ host: String
    ) throws -> NIOSSLClientHandler {
        // An address is no name to ask for (RFC 6066 §3).
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }

    /// Goes on in TLS, as STARTTLS has it.
    ///
    /// What the other side has said ahead of it anybody may have said: that is an error (CVE-2011-0411).
    func secure(authorities: String?) throws(SinkError) {
        guard inbox.isEmpty else { throw SinkError("\(place): says more than it was asked") }
        do {
            let context = try Self.context(authorities)
            let host = host
            let channel = channel
            try channel.eventLoop.submit {
                try channel.pipeline.syncOperations.addHandler(
                    Self.handler(context, host), position: .first)
            }.wait()
        } catch {
            throw SinkError("\(place): \(error)")
        }
    }

    /// Sends, and waits until the system has taken it.
    func send(_ octets: [UInt8]) throws(SinkError) {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        let late = channel.eventLoop.scheduleTask(in: .seconds(seconds)) {
            promise.fail(ChannelError.connectTimeout(.seconds(0)))
        }
        channel.writeAndFlush(ByteBuffer(bytes: octets)).cascade(to: promise)
        defer { late.cancel() }
        do {
            try promise.futureResult.wait()
        } catch {
            channel.close(promise: nil)
            throw SinkError("\(place): \(error)")
        }
        if inbox.isClosed { throw SinkError("\(place): the other side has closed the connection") }
    }

    /// The next line, without its end.
    func line() throws(SinkError) -> String {
        guard let line = inbox.line(nanoseconds: UInt64(seconds) * 1_000_000_000) else {
            channel.close(promise: nil)
            throw SinkError(
                "\(place): "
                    + (inbox.isClosed
                        ? "the other side has closed the connection" : "no answer for \(seconds) s")
            )
        }
        return line
    }
}

/// What has come in.
private final class Inbox: @unchecked Sendable {
    // Sendable: all of it is under the monitor's lock.
    private let monitor = Monitor()
    private var octets: [UInt8] = []
    private var closed = false
    private static let octetsMax = 65_536

    var isClosed: Bool {
        monitor.lock()
        defer { monitor.unlock() }
        return closed
    }

    var isEmpty: Bool {
        monitor.lock()
        defer { monitor.unlock() }
        return octets.isEmpty
    }

    func append(_ buffer: ByteBuffer) {
        monitor.lock()
        // Who says that much has nothing to say to us.
        if octets.count < Self.octetsMax { octets += buffer.readableBytesView }
        monitor.signal()
        monitor.unlock()
    }

    func close() {
        monitor.lock()
        closed = true
        monitor.signal()
        monitor.unlock()
    }

    func line(nanoseconds: UInt64) -> String? {
        let due = Monitor.now + nanoseconds
        monitor.lock()
        defer { monitor.unlock() }
        while true {
            if let end = octets.firstIndex(of: 10) {
                var line = octets[..<end]
                if line.last == 13 { line.removeLast() }
                let text = String(decoding: line, as: UTF8.self)
                octets.removeFirst(end + 1)
                return text
            }
            guard !closed, Monitor.now < due else { return nil }
            monitor.wait(until: due)
        }
    }
}

private final class InboxHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let inbox: Inbox

    init(_ inbox: Inbox) { self.inbox = inbox }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inbox.append(unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        inbox.close()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        inbox.close()
        context.close(promise: nil)
    }
}
