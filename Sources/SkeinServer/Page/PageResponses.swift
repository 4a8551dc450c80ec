import HTTPTypes
import Hummingbird

/// Answers for the files of the page.
enum PageResponses {
    /// The file of a path; nil where it is none of the page's.
    static func response(path: String, accepts encodings: String?) -> Response? {
        let files = PageFiles.all
        var headers = ResponseHeaders.common
        if PageFiles.views.contains(path) {
            headers[.cacheControl] = "no-cache"
            headers[.contentSecurityPolicy] = policy
            return response(files.shell, headers, encodings)
        }
        guard let file = files.files[path] else { return nil }
        headers[.cacheControl] = "public, max-age=31536000, immutable"
        headers[.contentSecurityPolicy] = ResponseHeaders.nothingAllowed
        return response(file, headers, encodings)
    }

    /// Scripts, styles and requests are this server's own; pictures are also made by the page (as PNG).
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'; trusted-types 'none'"

    private static func response(
        _ file: PageFiles.File, _ headers: HTTPFields, _ encodings: String?
    ) -> Response {
        var headers = headers
        headers[.contentType] = file.type
        headers[.vary] = "Accept-Encoding"
        if let compressed = file.compressed, takesGzip(encodings) {
            headers[.contentEncoding] = "gzip"
            return Response(
                status: .ok, headers: headers, body: ResponseBody(byteBuffer: compressed))
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.octets))
    }

    /// Whether `Accept-Encoding` has gzip with a weight other than 0 (RFC 9110 §12.5.3).
    static func takesGzip(_ encodings: String?) -> Bool {
        (encodings ?? "").lowercased().split(separator: ",").contains { part in
            let words = part.split(separator: ";").map { $0.filter { $0 != " " } }
            guard words.first == "gzip" || words.first == "*" else { return false }
            let weight = words.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
            return weight.map { Double($0) ?? 0 > 0 } ?? true
        }
    }
}
