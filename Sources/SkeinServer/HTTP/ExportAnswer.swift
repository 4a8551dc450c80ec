import FlowQuery
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Files of what is listed, for firewalls and resolvers that fetch them: RFC 9110 §8.8 and §13.
///
///     GET /api/v1/intel/export/rpz
///     If-None-Match: "…"            304 while nothing else is listed
enum ExportAnswer {
    private static let folder = "/api/v1/intel/export/"

    /// The format that a path asks for; nil where it asks for something else.
    static func format(in path: String) -> String? {
        guard path.hasPrefix(folder) else { return nil }
        let format = path.dropFirst(folder.count)
        return format.isEmpty || format.contains("/") ? nil : String(format)
    }

    /// Whether one who asks has the file already (RFC 9110 §13.2.2): tags go before times.
    static func isKnown(_ file: any ServedFile, to headers: HTTPFields) -> Bool {
        if let tags = headers[.ifNoneMatch] {
            return tags.split(separator: ",").contains { entry in
                var tag = Substring(entry.drop { $0 == " " || $0 == "\t" })
                while tag.last == " " || tag.last == "\t" { tag.removeLast() }
                // If-None-Match compares weakly (§13.1.2).
                if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
                return tag == "*" || tag == "\"\(file.tag)\""
            }
        }
        guard let since = headers[.ifModifiedSince].flatMap(HTTPDate.parse) else { return false }
        return file.modified <= since
    }
}

extension ServerResponder {
    /// Answers with a file of what is listed.
    func export(_ request: Request, _ context: Context) async throws -> Response {
        let parameters = try QueryParameters(
            query: request.uri.query ?? "", names: QueryParameters.ofExports)
        guard let format = ExportAnswer.format(in: request.uri.path),
            let export = try source.export(format, parameters)
        else {
            return refusal(
                .notFound,
                "there is no such format; there are \(source.exportFormats.joined(separator: ", "))"
            )
        }
        let making = ExportMaking(export)
        guard let stream = runner.start(making) else {
            return later("too many questions wait for their turn; ask again later")
        }
        do {
            _ = try await request.body.consumeWithCancellationOnInboundClose { _ in
                try await stream.next()
            }
        } catch let problem as NotReady {
            return later("\(problem)")
        }
        guard let file = making.file else { throw QueryFailure.cancelled }
        var headers = ResponseHeaders.answer(file.contentType)
        // It may be kept, and is asked after each time.
        headers[.cacheControl] = "no-cache"
        headers[.eTag] = "\"\(file.tag)\""
        headers[.lastModified] = HTTPDate.text(file.modified)
        if ExportAnswer.isKnown(file, to: request.headers) {
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentDisposition] = "attachment; filename=\"\(file.name)\""
        headers[.contentLength] = "\(file.octets)"
        if request.method == .head { return Response(status: .ok, headers: headers) }
        let body = ResponseBody(contentLength: file.octets) { writer in
            var place = 0
            while place < file.octets {
                let piece = try file.read(at: place, most: 65_536)
                guard !piece.isEmpty else { throw QueryFailure.cancelled }
                place += piece.count
                try await writer.write(ByteBuffer(bytes: piece))
                // A write returns before the connection knows that its buffer is full.
                try await context.channel.eventLoop.submit {}.get()
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private func later(_ message: String) -> Response {
        var response = refusal(.serviceUnavailable, message)
        response.headers[.retryAfter] = "5"
        return response
    }
}

/// The making of a file in the turn of a query: it may take seconds, and others wait for theirs.
private final class ExportMaking: ServedQuery {
    let contentType = ""
    private let export: any ServedExport
    private let made = Mutex<(any ServedFile)?>(nil)

    init(_ export: any ServedExport) { self.export = export }

    var file: (any ServedFile)? { made.withLock { $0 } }

    func run(stop: QueryStop, write: @escaping ([UInt8]) throws -> Void) throws {
        let file = try export.file()
        made.withLock { $0 = file }
    }
}
