import FlowModel
import FlowWire
import NIOCore
import NIOSSL
import NIOTLS

/// What the handlers of a connection share: how far it is, so that its end is said once.
///
/// Used by the loop's thread alone.
final class TLSConnection {
    enum State {
        case handshaking
        case open
        case over
    }

    let intake: StreamIntake
    let connections: TLSConnections
    let sender: IPAddress
    let port: UInt16
    private(set) var state = State.handshaking

    init(_ intake: StreamIntake, _ connections: TLSConnections, sender: IPAddress, port: UInt16) {
        self.intake = intake
        self.connections = connections
        self.sender = sender
        self.port = port
    }

    func noteHandshake() { if state == .handshaking { state = .open } }

    func noteEnd() { state = .over }

    /// Counts and says why it ends, the first time.
    func fail(_ reason: String) {
        switch state {
        case .handshaking: intake.noteHandshake(of: sender, reason)
        case .open: intake.noteBroken(sender, reason)
        case .over: break
        }
        state = .over
    }
}

/// Turns away who does not speak TLS, in words that say so.
///
/// TLS begins with a record of the type handshake (RFC 8446 §5.1).
final class FirstOctetHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: TLSConnection
    private var isChecked = false

    private static let handshakeRecord: UInt8 = 22

    init(_ connection: TLSConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.connections.noteRead()
        if !isChecked {
            let octets = unwrapInboundIn(data)
            guard octets.getInteger(at: octets.readerIndex) == Self.handshakeRecord else {
                connection.fail("plain text; this port is for TLS")
                // From here, before TLS: there is nobody to say good-bye to.
                context.close(promise: nil)
                return
            }
            isChecked = true
        }
        guard connection.state != .over else { return }
        context.fireChannelRead(data)
    }
}

/// Takes messages out of what TLS brings, and closes a connection that brings none in time.
final class MessageHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: TLSConnection
    private var buffer = MessageBuffer()
    private var deadlines: [Scheduled<Void>] = []

    init(_ connection: TLSConnection) { self.connection = connection }

    func handlerAdded(context: ChannelHandlerContext) {
        let limits = connection.intake.limits
        expect(within: limits.handshake, context) { [connection] in
            connection.state == .handshaking ? "the handshake took too long" : nil
        }
        expect(within: limits.firstMessage, context) { [self] in
            buffer.messages == 0 ? "brought no message" : nil
        }
    }

    /// Ends the connection after a time where there is a reason.
    private func expect(
        within limit: Duration, _ context: ChannelHandlerContext, reason: @escaping () -> String?
    ) {
        let bound = NIOLoopBound((self, context, reason), eventLoop: context.eventLoop)
        let time = TimeAmount.nanoseconds(Int64(clamping: limit.nanoseconds))
        deadlines.append(
            context.eventLoop.scheduleTask(in: time) {
                let (handler, context, reason) = bound.value
                guard let reason = reason() else { return }
                handler.end(context, for: reason)
            })
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent {
            connection.noteHandshake()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard connection.state == .open else { return }
        let arrived = unwrapInboundIn(data)
        do {
            try connection.intake.take(from: connection.sender, port: connection.port) { message in
                try unsafe arrived.withUnsafeReadableBytes { octets in
                    try unsafe buffer.take(octets, message)
                }
            }
        } catch {
            end(context, for: "\(error)")
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case NIOSSLError.uncleanShutdown = error, connection.state == .open {
            // Messages say how long they are: who hangs up between two has lost nothing.
            return
        }
        end(context, for: TLSFailure(error).description)
    }

    func channelInactive(context: ChannelHandlerContext) {
        for deadline in deadlines { deadline.cancel() }
        deadlines = []
        if connection.state == .handshaking {
            connection.fail("hung up during the handshake")
        } else if buffer.pending > 0 {
            connection.fail("ended within a message, \(buffer.pending) octets of it")
        }
        connection.noteEnd()
        context.fireChannelInactive()
    }

    private func end(_ context: ChannelHandlerContext, for reason: String) {
        connection.fail(reason)
        context.close(promise: nil)
    }
}

/// Why TLS failed, in words for whoever runs the exporter.
struct TLSFailure: CustomStringConvertible {
    let description: String

    /// BoringSSL's names of reasons, and what they mean here.
    private static let meanings = [
        (
            "PEER_DID_NOT_RETURN_A_CERTIFICATE",
            "it presents no certificate; tls.authorities asks for one"
        ),
        (
            "CERTIFICATE_VERIFY_FAILED",
            "its certificate is not of tls.authorities, or not valid now"
        ),
        ("UNSUPPORTED_PROTOCOL", "it speaks no TLS of version 1.2 or above"),
        ("NO_SHARED_CIPHER", "it knows none of the ciphers that are safe"),
        ("ALERT_UNKNOWN_CA", "it does not know who signed tls.certificate"),
        ("ALERT_BAD_CERTIFICATE", "it does not accept tls.certificate"),
        ("ALERT_CERTIFICATE_UNKNOWN", "it does not accept tls.certificate"),
        ("ALERT_CERTIFICATE_EXPIRED", "for it, tls.certificate has expired"),
        ("EOF during handshake", "hung up during the handshake"),
    ]

    init(_ error: any Error) {
        let text = "\(error)"
        if let meaning = Self.meanings.first(where: { text.contains($0.0) }) {
            description = meaning.1
        } else {
            description = String(text.prefix(200))
        }
    }
}
