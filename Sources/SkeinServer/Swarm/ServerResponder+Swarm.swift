import HTTPTypes
import Hummingbird

extension ServerResponder {
    /// The scenes of a swarm, as they are made; compressed for whoever takes it.
    func swarm(_ request: Request, _ context: Context) async throws -> Response {
        let parameters = try QueryParameters(
            query: request.uri.query ?? "", names: QueryParameters.ofSwarm)
        let query = try source.swarm(parameters)
        let isCompressed = PageResponses.takesGzip(request.headers[.acceptEncoding])
        // Answers are kept as they were sent, and who asks next may not take it compressed.
        var head = request.head
        head.headerFields[.cacheControl] = nil
        var response = try await stream(
            isCompressed ? CompressedQuery(query) : query, Request(head: head, body: request.body),
            context)
        guard response.status == .ok else { return response }
        response.headers[.vary] = "Accept-Encoding, Authorization, Cookie"
        if isCompressed { response.headers[.contentEncoding] = "gzip" }
        return response
    }
}

extension QueryParameters {
    /// The names of a question for a swarm.
    public static let ofSwarm: Names = (
        ["filter", "from", "to", "step", "start", "seed"], ["raw", "utc"]
    )
}
