import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes

/// Sends those away whose requests do not come to an end: neither within their time nor within their octets.
///
/// It stands before the decoder of HTTP, which takes a line of any length and waits for the rest of it:
///
///     octets → RequestLimits → decoder → RequestEnds → …
///                    ↑                        │
///                    └── begun, ended ────────┘
final class RequestLimits: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let time: TimeAmount
    private var octets = 0
    private var deadline: Scheduled<Void>?
    private var isOver = false

    /// A request may be so long; nothing that is asked here has more, the login's form included.
    static let octetsMax = 192 << 10

    /// - Parameter time: from the first octet of a request to its last.
    init(time: TimeAmount) { self.time = time }

    func channelActive(context: ChannelHandlerContext) {
        // Whoever connects and says nothing, or does not come to terms about TLS, has as long.
        begin(context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        let count = unwrapInboundIn(data).readableBytes
        if deadline == nil { begin(context) }
        octets += count
        guard octets <= Self.octetsMax else {
            return refuse(context, "431 Request Header Fields Too Large", "the request is too long")
        }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    /// The request has ended.
    func end() {
        deadline?.cancel()
        deadline = nil
        octets = 0
    }

    private func begin(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: time) {
            let (limits, context) = bound.value
            limits.refuse(context, "408 Request Timeout", "the request takes too long to arrive")
        }
    }

    /// Nothing that follows is read any more.
    private func refuse(_ context: ChannelHandlerContext, _ status: String, _ reason: String) {
        guard !isOver else { return }
        isOver = true
        let isSilent = octets == 0
        end()
        // Perhaps it does not even come to terms about TLS: there is nobody to say it to.
        guard !isSilent else { return context.close(promise: nil) }
        let body = "{\"error\":\"\(reason)\"}\n"
        let text =
            "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        let context_ = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(NIOAny(ByteBuffer(string: text))).whenComplete { _ in
            context_.value.close(promise: nil)
        }
    }
}

/// Tells ``RequestLimits`` that a request has ended.
final class RequestEnds: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private var limits: RequestLimits?

    func handlerAdded(context: ChannelHandlerContext) {
        limits = try? context.pipeline.syncOperations.handler(type: RequestLimits.self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .end = unwrapInboundIn(data) { limits?.end() }
        context.fireChannelRead(data)
    }
}
