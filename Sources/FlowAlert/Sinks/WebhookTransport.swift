import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1

/// Where events are posted to.
public struct WebhookTarget: Hashable, Sendable {
    /// `https://…`.
    public var url: String
    /// A file with what is sent as `Authorization`, on its first line; nil: nothing.
    ///
    /// Read for each event, so that it can be changed; never logged.
    public var authorizationFile: String?
    /// Seconds for the whole exchange.
    public var seconds: Int64

    /// Names a place.
    public init(url: String, authorizationFile: String? = nil, seconds: Int64 = 10) {
        self.url = url
        self.authorizationFile = authorizationFile
        self.seconds = seconds
    }
}

/// Posts events, an object each; what does not answer with 2xx is tried again.
///
/// Redirects are not followed: an event goes where the user said.
final class WebhookTransport: SinkTransport {
    private let target: WebhookTarget
    private let client: HTTPClient

    init(_ target: WebhookTarget) {
        self.target = target
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: .seconds(target.seconds))
        client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit { client.shutdown { _ in } }

    func deliver(_ octets: [UInt8]) throws(SinkError) {
        var headers = HTTPHeaders([
            ("Content-Type", "application/json"), ("User-Agent", "skein"),
        ])
        if let file = target.authorizationFile {
            headers.add(name: "Authorization", value: try secret(in: file))
        }
        let status: HTTPResponseStatus
        do {
            let request = try HTTPClient.Request(
                url: target.url, method: .POST, headers: headers, body: .bytes(octets))
            // What a server says besides its status is nobody's business, and bounded.
            status = try client.execute(
                request: request, delegate: StatusOnly(),
                deadline: .now() + .seconds(target.seconds)
            ).futureResult.wait()
        } catch {
            throw SinkError("\(Self.place(target.url)): \(error)")
        }
        guard (200..<300).contains(status.code) else {
            throw SinkError("\(Self.place(target.url)): answers \(status)")
        }
    }

    /// A URL without its path and query, which may hold a secret.
    private static func place(_ url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.count > 2
            ? "\(parts[0])//\(parts[2].split(separator: "@").last ?? "")" : "webhook"
    }
}

/// Takes the status and leaves the rest.
private final class StatusOnly: HTTPClientResponseDelegate, @unchecked Sendable {
    // Sendable: it is of one request, and touched on its event loop only.
    typealias Response = HTTPResponseStatus
    private var status = HTTPResponseStatus.internalServerError

    func didReceiveHead(
        task: HTTPClient.Task<HTTPResponseStatus>, _ head: HTTPResponseHead
    ) -> EventLoopFuture<Void> {
        status = head.status
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didFinishRequest(task: HTTPClient.Task<HTTPResponseStatus>) throws -> HTTPResponseStatus {
        status
    }
}

/// The first line of a file with a secret.
func secret(in path: String) throws(SinkError) -> String {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SinkError("\(path): \(systemMessage(errno))") }
    defer { close(descriptor) }
    var octets = [UInt8](repeating: 0, count: 4096)
    let count = unsafe octets.withUnsafeMutableBytes {
        unsafe read(descriptor, $0.baseAddress, $0.count)
    }
    guard count > 0 else { throw SinkError("\(path): there is nothing in it") }
    let line = octets[..<count].prefix { $0 != 10 && $0 != 13 && $0 != 0 }
    guard !line.isEmpty else { throw SinkError("\(path): its first line is empty") }
    return String(decoding: line, as: UTF8.self)
}
