import HTTPTypes
import Hummingbird
import NIOCore

/// Answers requests.
struct ServerResponder: HTTPResponder {
    let source: any ServerSource
    let guardian: RequestGuard
    let runner: QueryRunner

    /// What belongs to one request: the connection, whose loop is waited for while an answer streams.
    struct Context: InitializableFromSource {
        let channel: any Channel

        init(source: ApplicationRequestContextSource) { channel = source.channel }
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        var response = try await answer(to: request, context)
        if request.method == .head {
            // RFC 9110 §9.3.2: what GET would say, without the body.
            let length = response.headers[.contentLength]
            response.body = ResponseBody()
            response.headers[.contentLength] = length
        }
        return response
    }

    private func answer(to request: Request, _ context: Context) async throws -> Response {
        do throws(RequestGuard.Refusal) {
            try guardian.check(
                host: request.head.authority, origin: request.headers[.origin],
                site: request.headers[Self.site], mode: request.headers[Self.mode])
        } catch {
            return refusal(error == .hostMissing ? .badRequest : .forbidden, "\(error)")
        }
        guard let endpoint = Endpoint(path: request.uri.path) else {
            let paths = Endpoint.allCases.map(\.rawValue).joined(separator: ", ")
            return refusal(.notFound, "there is nothing here; there are \(paths)")
        }
        guard request.method == .get || request.method == .head else {
            var response = refusal(.methodNotAllowed, "only GET is understood here")
            response.headers[.allow] = "GET, HEAD"
            return response
        }
        do {
            return try await answer(endpoint, request, context)
        } catch let problem as QueryParameters.Problem {
            return refusal(.badRequest, "\(problem)")
        } catch let problem as QueryRefusal {
            return refusal(.badRequest, "\(problem)")
        } catch QueryFailure.timeout {
            return refusal(
                .gatewayTimeout,
                "the query took longer than it may (http.query-time); ask for less time or fewer flows"
            )
        } catch {
            return refusal(.internalServerError, "\(error)")
        }
    }

    private func answer(
        _ endpoint: Endpoint, _ request: Request, _ context: Context
    ) async throws -> Response {
        switch endpoint {
        case .health:
            let troubles = source.troubles
            let list = troubles.map(JSONText.quoted).joined(separator: ",")
            return whole(
                "{\"well\":\(troubles.isEmpty),\"troubles\":[\(list)]}\n",
                status: troubles.isEmpty ? .ok : .serviceUnavailable)
        case .metrics:
            return whole(
                source.metrics.prometheusText, type: "text/plain; version=0.0.4; charset=utf-8")
        case .counters: return whole(source.metrics.json)
        case .exporters: return whole(try source.exporters())
        case .document: return whole(OpenAPIDocument.text)
        case .query:
            return try await stream(
                source.query(QueryParameters(query: request.uri.query ?? "")), request, context)
        case .alerts:
            let parameters = try QueryParameters(
                query: request.uri.query ?? "", names: QueryParameters.ofAlerts)
            return try await stream(source.alerts(parameters), request, context)
        case .export: return try await export(request, context)
        }
    }

    private func stream(
        _ query: any ServedQuery, _ request: Request, _ context: Context
    ) async throws -> Response {
        guard request.method == .get else { return whole([], type: query.contentType) }
        guard let stream = runner.start(query) else {
            var response = refusal(
                .serviceUnavailable, "too many queries wait for their turn; ask again later")
            response.headers[.retryAfter] = "5"
            return response
        }
        // Until the first piece is there the status is open, and the client may go away.
        let first = try await request.body.consumeWithCancellationOnInboundClose { _ in
            try await stream.next()
        }
        var response = Response(
            status: .ok, headers: Self.headers(query.contentType),
            body: ResponseBody { writer in
                // Whatever ends the sending ends the query too.
                defer { stream.cancel() }
                var piece = first
                while let octets = piece {
                    try await writer.write(ByteBuffer(bytes: octets))
                    // A write returns before the connection knows that its buffer is full: without this
                    // a client that does not read gets the whole answer into our memory.
                    try await context.channel.eventLoop.submit {}.get()
                    piece = try await stream.next()
                }
                try await writer.finish(nil)
            })
        response.headers[.connection] = "close"
        return response
    }

    // MARK: - Answers in one piece

    private func whole(
        _ text: String, type: String = "application/json", status: HTTPResponse.Status = .ok
    ) -> Response {
        whole(Array(text.utf8), type: type, status: status)
    }

    private func whole(
        _ octets: [UInt8], type: String = "application/json", status: HTTPResponse.Status = .ok
    ) -> Response {
        Response(
            status: status, headers: Self.headers(type),
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: octets)))
    }

    func refusal(_ status: HTTPResponse.Status, _ message: String) -> Response {
        whole("{\"error\":\(JSONText.quoted(message))}\n", status: status)
    }

    /// Nothing of it is to be kept, framed, guessed at, or read by other sites.
    static func headers(_ type: String) -> HTTPFields {
        var headers = HTTPFields()
        headers[.contentType] = type
        headers[.cacheControl] = "no-store"
        headers[.xContentTypeOptions] = "nosniff"
        headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        headers[resourcePolicy] = "same-origin"
        headers[referrerPolicy] = "no-referrer"
        return headers
    }

    private static let site = name("Sec-Fetch-Site")
    private static let mode = name("Sec-Fetch-Mode")
    private static let resourcePolicy = name("Cross-Origin-Resource-Policy")
    private static let referrerPolicy = name("Referrer-Policy")

    /// A header that the library has no name for.
    private static func name(_ text: String) -> HTTPField.Name {
        HTTPField.Name(text) ?? .userAgent
    }
}
