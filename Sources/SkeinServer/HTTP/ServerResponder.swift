import HTTPTypes
import Hummingbird
import NIOCore

/// Answers requests.
struct ServerResponder: HTTPResponder {
    let source: any ServerSource
    let guardian: RequestGuard
    let runner: QueryRunner
    let hub: EventHub
    let identification: Identification
    let cache = AnswerCache()

    /// What belongs to one request: the connection, whose loop is waited for while an answer streams, and
    /// who asks.
    struct Context: InitializableFromSource {
        let channel: any Channel
        var caller = Caller(name: nil, scope: .admin, proof: .none)

        init(source: ApplicationRequestContextSource) { channel = source.channel }
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        var response = try await answer(to: request, context)
        if identification.isSecure {
            response.headers[.strictTransportSecurity] = ResponseHeaders.strictTransport
        }
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
                site: request.headers[ResponseHeaders.site],
                mode: request.headers[ResponseHeaders.mode],
                writes: request.method != .get && request.method != .head)
        } catch {
            return refusal(error == .hostMissing ? .badRequest : .forbidden, "\(error)")
        }
        let isReading = request.method == .get || request.method == .head
        guard let endpoint = Endpoint(path: request.uri.path) else {
            if isReading,
                let response = PageResponses.response(
                    path: request.uri.path, accepts: request.headers[.acceptEncoding])
            {
                return response
            }
            let paths = Endpoint.allCases.map(\.rawValue).joined(separator: ", ")
            return refusal(.notFound, "there is nothing here; there are \(paths)")
        }
        guard endpoint.methods.contains(request.method) else {
            let methods = endpoint.methods.map(\.rawValue).joined(separator: ", ")
            var response = refusal(.methodNotAllowed, "only \(methods) is understood here")
            response.headers[.allow] = methods
            return response
        }
        let caller = identification.caller(of: request)
        if let refusal = refusal(of: endpoint, to: caller, request, context) { return refusal }
        var context = context
        if let caller { context.caller = caller }
        do {
            if endpoint == .session { return try await session(request, caller, context) }
            return try await answer(endpoint, request, context, isKnown: caller != nil)
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
        _ endpoint: Endpoint, _ request: Request, _ context: Context, isKnown: Bool
    ) async throws -> Response {
        switch endpoint {
        case .health:
            let troubles = source.troubles
            // What is wrong tells of paths and disks: who may not ask hears that something is.
            let said =
                isKnown || troubles.isEmpty
                ? troubles : ["something is wrong; whoever is logged in is told what"]
            let list = said.map(JSONText.quoted).joined(separator: ",")
            return whole(
                "{\"well\":\(troubles.isEmpty),\"troubles\":[\(list)]}\n",
                status: troubles.isEmpty ? .ok : .serviceUnavailable)
        case .metrics:
            return whole(
                metrics.prometheusText, type: "text/plain; version=0.0.4; charset=utf-8")
        case .counters: return whole(metrics.json)
        case .exporters: return whole(try source.exporters())
        case .document: return whole(OpenAPIDocument.text)
        case .about: return whole(try source.about())
        case .feeds: return whole(try source.sources())
        case .events: return events(request, context)
        case .filter:
            let parameters = try parameters(request, QueryParameters.ofFilter)
            return whole(try source.check(filter: parameters["filter"] ?? ""))
        case .lookup:
            let parameters = try parameters(request, QueryParameters.ofLookup)
            return whole(try source.listings(of: parameters["value"] ?? ""))
        case .acknowledge:
            let parameters = try parameters(request, QueryParameters.ofAcknowledgement)
            return whole(try source.acknowledge(parameters))
        case .map:
            let parameters = try parameters(request, QueryParameters.ofMap)
            return try await stream(source.map(parameters), request, context)
        case .query:
            let parameters = try QueryParameters(
                query: request.uri.query ?? "", lists: QueryParameters.lists)
            return try await stream(source.query(parameters), request, context)
        case .alerts:
            let parameters = try parameters(request, QueryParameters.ofAlerts)
            return try await stream(source.alerts(parameters), request, context)
        case .export: return try await export(request, context)
        case .session: return try await session(request, context.caller, context)
        case .swarm: return try await swarm(request, context)
        case .live: return try live(request, context)
        }
    }

    private var metrics: [MetricFamily] {
        source.metrics + (identification.access?.metrics ?? [])
    }

    private func parameters(
        _ request: Request, _ names: QueryParameters.Names
    ) throws(QueryParameters.Problem) -> QueryParameters {
        try QueryParameters(query: request.uri.query ?? "", names: names)
    }

    /// Server-sent events (WHATWG HTML §9.2).
    private func events(_ request: Request, _ context: Context) -> Response {
        guard request.method == .get else { return whole([], type: "text/event-stream") }
        let listener = hub.listen(
            isWelcome: { [identification] in identification.isStill(context.caller) },
            hangUp: { context.channel.close(promise: nil) })
        guard let (id, messages) = listener else {
            var response = refusal(.serviceUnavailable, "too many listen; come back later")
            response.headers[.retryAfter] = "30"
            return response
        }
        return Response(
            status: .ok, headers: ResponseHeaders.answer("text/event-stream"),
            body: ResponseBody { [hub] writer in
                defer { hub.leave(id) }
                for await message in messages {
                    try await writer.write(message)
                    try await context.channel.eventLoop.submit {}.get()
                }
                try await writer.finish(nil)
            })
    }

    func stream(
        _ query: any ServedQuery, _ request: Request, _ context: Context
    ) async throws -> Response {
        guard request.method == .get else { return whole([], type: query.contentType) }
        var duty: AnswerCache.Duty?
        if let age = Duration(maxAgeIn: request.headers[.cacheControl]) {
            switch await cache.turn(of: request.uri.string, within: age) {
            case .take(let answer):
                var response = whole(answer.octets, type: answer.type)
                response.headers[.age] = "\(answer.age.components.seconds)"
                return response
            case .make(let own): duty = own
            case .ask: break
            }
        }
        guard let stream = runner.start(query) else {
            var response = refusal(
                .serviceUnavailable, "too many queries wait for their turn; ask again later")
            response.headers[.retryAfter] = "5"
            return response
        }
        // Until the first piece is there the status is open, and the client may go away.
        let type = query.contentType
        let first = try await request.body.consumeWithCancellationOnInboundClose { _ in
            try await stream.next()
        }
        var response = Response(
            status: .ok, headers: ResponseHeaders.answer(type),
            body: ResponseBody { [duty, identification] writer in
                // Whatever ends the sending ends the query too.
                defer { stream.cancel() }
                var kept: [UInt8] = []
                var piece = first
                while let octets = piece {
                    if duty != nil, kept.count <= AnswerCache.answerMax { kept += octets }
                    try await writer.write(ByteBuffer(bytes: octets))
                    // A write returns before the connection knows that its buffer is full: without this
                    // a client that does not read gets the whole answer into our memory.
                    try await context.channel.eventLoop.submit {}.get()
                    piece = try await stream.next()
                    // Whoever may ask no more gets no more of it.
                    guard identification.isStill(context.caller) else {
                        throw QueryFailure.cancelled
                    }
                }
                if kept.count <= AnswerCache.answerMax { duty?.put(kept, type: type) }
                try await writer.finish(nil)
            })
        response.headers[.connection] = "close"
        return response
    }

    // MARK: - Answers in one piece

    func whole(
        _ text: String, type: String = "application/json", status: HTTPResponse.Status = .ok
    ) -> Response {
        whole(Array(text.utf8), type: type, status: status)
    }

    private func whole(
        _ octets: [UInt8], type: String = "application/json", status: HTTPResponse.Status = .ok
    ) -> Response {
        Response(
            status: status, headers: ResponseHeaders.answer(type),
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: octets)))
    }

    func refusal(_ status: HTTPResponse.Status, _ message: String) -> Response {
        whole("{\"error\":\(JSONText.quoted(message))}\n", status: status)
    }
}
