import HTTPTypes
import Hummingbird
import NIOCore

extension ServerResponder {
    /// How long a client may take to read a piece before it is sent away.
    static let liveReadTime = TimeAmount.seconds(20)

    /// The scenes of what arrives, until the client goes away.
    ///
    /// Not by ``QueryRunner``: it computes nothing for whoever watches, and must not keep a query from its turn.
    func live(_ request: Request, _ context: Context) throws -> Response {
        let parameters = try QueryParameters(
            query: request.uri.query ?? "", names: QueryParameters.ofLive)
        let type = "application/octet-stream"
        let feed: any ServedFeed
        do {
            feed = try source.live(parameters)
        } catch let problem as FeedFull {
            var response = refusal(.serviceUnavailable, "\(problem)")
            response.headers[.retryAfter] = "10"
            return response
        }
        let isCompressed = PageResponses.takesGzip(request.headers[.acceptEncoding])
        var headers = ResponseHeaders.answer(type)
        headers[.vary] = "Accept-Encoding, Authorization, Cookie"
        if isCompressed { headers[.contentEncoding] = "gzip" }
        guard request.method == .get else {
            return Response(status: .ok, headers: headers, body: ResponseBody())
        }
        headers[.connection] = "close"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { [identification] writer in
                let packing = isCompressed ? try GzipStream() : nil
                let loop = context.channel.eventLoop
                while let octets = await feed.next() {
                    // Whoever may ask no more gets no more of it.
                    guard identification.isStill(context.caller) else {
                        throw QueryFailure.cancelled
                    }
                    // Whoever does not read holds a connection and a place: not for ever.
                    let late = loop.scheduleTask(in: Self.liveReadTime) {
                        context.channel.close(promise: nil)
                    }
                    defer { late.cancel() }
                    try await writer.write(
                        ByteBuffer(bytes: try packing?.compress(octets) ?? octets))
                    // As in ``stream(_:_:_:)``: a write returns before it is known that a buffer is full.
                    try await loop.submit {}.get()
                }
                if let end = try packing?.compress([], isLast: true) {
                    try await writer.write(ByteBuffer(bytes: end))
                }
                try await writer.finish(nil)
            })
    }
}

extension QueryParameters {
    /// The names of a question for the scenes of what arrives.
    public static let ofLive: Names = (["filter", "start", "seed"], ["raw"])
}
