import AsyncHTTPClient
public import FlowIntel
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Bounds on what asking a server may cost, and whom to believe.
public struct FetchOptions: Sendable {
    /// Certificates of authorities to believe in place of the system's, a file in PEM.
    public var authorities: String?
    /// Whom to ask in place of the servers; nil for nobody.
    public var proxy: WebProxy?
    /// How long a request may take, from the connection to the last octet; 5 minutes by default.
    public var requestTime = Duration.seconds(300)
    /// How long a server may be silent; 30 s by default.
    public var silenceTime = Duration.seconds(30)
    /// How long a connection may take to come about; 10 s by default.
    public var connectTime = Duration.seconds(10)
    /// How often a server may point elsewhere; 5 by default.
    public var redirectsMax = 5
    /// Bounds on lists and documents.
    public var limits = FeedLimits()
    /// How long to wait before each further try, where a server has trouble in the middle of many pages.
    public var retryPauses: [Duration] = [.seconds(2), .seconds(8)]

    /// Makes the default options.
    public init() {}
}

/// Asks web servers for lists, one request at a time, and blocks the thread that asks.
///
/// What comes is handed on as it comes and never kept here. Redirects are followed by hand, so that each
/// place is judged before it is asked.
public final class HTTPFetcher: Sendable {
    let options: FetchOptions
    private let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let client: HTTPClient
    private let running = Mutex(Running())

    private struct Running {
        var isCancelled = false
        var cancel: (@Sendable () -> Void)?
    }

    /// What is asked for.
    struct Request: Sendable {
        var location: FeedLocation
        /// What goes to any server that has the list.
        var headers: [(name: String, value: String)] = []
        /// What only the user's server sees.
        var secrets: [(name: String, value: String)] = []
        /// What is posted; nil to get.
        var body: [UInt8]?
        var bytesMax: Int
    }

    /// What came of it, besides the body that was handed on.
    struct Answer: Sendable {
        /// 200, or 304 where nothing has changed; then there was no body.
        var isUnchanged: Bool
        var headers: HTTPHeaders
    }

    /// Makes a fetcher; to be closed when it is done with.
    public init(options: FetchOptions = FetchOptions()) {
        self.options = options
        client = HTTPClient(
            eventLoopGroupProvider: .shared(loops), configuration: Self.configuration(options))
    }

    /// Ends its connections and its thread.
    public func close() {
        try? client.syncShutdown()
        try? loops.syncShutdownGracefully()
    }

    /// Breaks off what is being asked, and lets nothing more be asked.
    public func cancel() {
        let cancel = running.withLock { running in
            running.isCancelled = true
            return running.cancel
        }
        cancel?()
    }

    /// Whether ``cancel()`` was called.
    var isCancelled: Bool { running.withLock(\.isCancelled) }

    /// Asks, and hands on what comes; `take` is called by another thread, one piece at a time.
    func fetch(
        _ request: Request, take: @escaping @Sendable (Span<UInt8>) throws -> Void
    ) throws(FetchError) -> Answer {
        let origin = request.location
        var location = origin
        var redirects = 0
        while true {
            let head = try once(request, at: location, take: take)
            switch head.status.code {
            case 200, 304:
                return Answer(isUnchanged: head.status.code == 304, headers: head.headers)
            case 301, 302, 303, 307, 308:
                redirects += 1
                guard redirects <= options.redirectsMax else {
                    throw .redirects(place: "\(origin)", most: options.redirectsMax)
                }
                location = try Self.next(from: location, head, request)
            case let code:
                throw .status(
                    Int(code), place: "\(location)", retryAfter: Self.retryAfter(head.headers))
            }
        }
    }

    /// The whole of a document.
    func document(
        _ request: Request
    ) throws(FetchError) -> (answer: Answer, octets: [UInt8]) {
        let octets = Mutex<[UInt8]>([])
        let answer = try fetch(request) { piece in
            octets.withLock { octets in
                for index in piece.indices { octets.append(piece[index]) }
            }
        }
        return (answer, octets.withLock { $0 })
    }

    /// Where a redirect points to, if that may be asked.
    private static func next(
        from location: FeedLocation, _ head: HTTPResponseHead, _ request: Request
    ) throws(FetchError) -> FeedLocation {
        guard let reference = head.headers.first(name: "location") else {
            throw .protocolError(
                place: "\(location)", what: "\(head.status.code) without saying where to")
        }
        let next: FeedLocation
        do throws(FetchError) {
            next = try location.resolving(reference)
        } catch {
            guard case .location(let text, let why) = error else { throw error }
            throw .redirect(from: "\(location)", to: text.asOneLine, why: why)
        }
        func refusal(_ why: String) -> FetchError {
            .redirect(from: "\(location)", to: "\(next)", why: why)
        }
        guard request.body == nil else { throw refusal("what is posted goes nowhere else") }
        if location.scheme == "https", next.scheme == "http" {
            throw refusal("it would no longer be encrypted")
        }
        return next
    }

    private func once(
        _ request: Request, at location: FeedLocation,
        take: @escaping @Sendable (Span<UInt8>) throws -> Void
    ) throws(FetchError) -> HTTPResponseHead {
        // What the user has written is asked wherever it is; what a server points to only if that is
        // public, and at the very address that was judged.
        let isOwn =
            location.host == request.location.host
            && (location.port == request.location.port
                || (location.scheme, location.port) == ("https", 443))
        guard !isOwn else {
            if options.proxy?.isBypassed(for: location) == true {
                let direct = HTTPClient(
                    eventLoopGroupProvider: .shared(loops),
                    configuration: Self.configuration(options, isDirect: true))
                defer { try? direct.syncShutdown() }
                return try once(request, at: location, through: direct, take: take)
            }
            return try once(request, at: location, through: client, take: take)
        }
        guard let address = try PublicAddress.of(location.host) else {
            throw .redirect(
                from: "\(request.location)", to: "\(location)",
                why: "it is no public address")
        }
        var configuration = Self.configuration(options)
        configuration.dnsOverride = [location.host: address]
        let pinned = HTTPClient(
            eventLoopGroupProvider: .shared(loops), configuration: configuration)
        defer { try? pinned.syncShutdown() }
        return try once(request, at: location, through: pinned, take: take)
    }

    private func once(
        _ request: Request, at location: FeedLocation, through client: HTTPClient,
        take: @escaping @Sendable (Span<UInt8>) throws -> Void
    ) throws(FetchError) -> HTTPResponseHead {
        let reception = Reception(bytesMax: request.bytesMax, take: take)
        do {
            let task = client.execute(
                request: try Self.request(request, at: location), delegate: reception,
                deadline: .now() + TimeAmount(options.requestTime))
            let isCancelled = running.withLock { running in
                running.cancel = { task.cancel() }
                return running.isCancelled
            }
            if isCancelled { task.cancel() }
            defer { running.withLock { $0.cancel = nil } }
            return try task.wait()
        } catch let stop as Reception.Stop {
            switch stop {
            case .head(let head): return head
            case .tooLarge:
                throw .tooLarge(place: "\(location)", bytesMax: request.bytesMax)
            case .refused(let cause): throw .answer(place: "\(location)", cause: cause)
            }
        } catch {
            if isCancelled { throw .cancelled }
            throw FetchError(error, location, options, bytesMax: request.bytesMax)
        }
    }

    private static func request(
        _ request: Request, at location: FeedLocation
    ) throws -> HTTPClient.Request {
        var headers = HTTPHeaders([
            ("user-agent", "skein"), ("accept-encoding", "gzip"),
        ])
        for (name, value) in request.headers { headers.replaceOrAdd(name: name, value: value) }
        if location.isOnServer(of: request.location) {
            for (name, value) in request.secrets { headers.replaceOrAdd(name: name, value: value) }
        }
        if !headers.contains(name: "accept") { headers.add(name: "accept", value: "*/*") }
        return try HTTPClient.Request(
            url: location.text, method: request.body == nil ? .GET : .POST, headers: headers,
            body: request.body.map { .bytes($0) })
    }

    private static func configuration(
        _ options: FetchOptions, isDirect: Bool = false
    ) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let authorities = options.authorities { tls.trustRoots = .file(authorities) }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: HTTPClient.Configuration.Timeout(
                connect: TimeAmount(options.connectTime), read: TimeAmount(options.silenceTime)),
            // What is handed on is counted as well, and ends it first.
            decompression: .enabled(limit: .size(options.limits.listBytesMax + 1 << 20)))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        if let proxy = options.proxy, !isDirect {
            configuration.proxy = .server(
                host: proxy.host, port: proxy.port,
                authorization: proxy.credentials.map { .basic(credentials: $0) })
        }
        return configuration
    }

    /// How long to leave the server alone, ms (RFC 9110 §10.2.3); at most a day.
    static func retryAfter(_ headers: HTTPHeaders, now: Int64? = nil) -> Int64? {
        guard let text = headers.first(name: "retry-after") else { return nil }
        let most: Int64 = 86_400_000
        if let seconds = Int64(text) { return min(max(0, min(seconds, 86_400) * 1000), most) }
        guard let instant = MailDate.parse(text) else { return nil }
        return min(max(0, instant - (now ?? WallClock.milliseconds)), most)
    }
}

/// What comes of a request, piece by piece.
///
/// All is called on the event loop of the request; the thread that asks looks only when it has ended.
private final class Reception: HTTPClientResponseDelegate, @unchecked Sendable {
    enum Stop: Error {
        /// Another status than 200.
        case head(HTTPResponseHead)
        case tooLarge
        case refused(FeedError)
    }

    private let bytesMax: Int
    private let take: @Sendable (Span<UInt8>) throws -> Void
    private var head: HTTPResponseHead?
    private var bytes = 0

    init(bytesMax: Int, take: @escaping @Sendable (Span<UInt8>) throws -> Void) {
        self.bytesMax = bytesMax
        self.take = take
    }

    func didReceiveHead(
        task: HTTPClient.Task<HTTPResponseHead>, _ head: HTTPResponseHead
    ) -> EventLoopFuture<Void> {
        guard head.status == .ok else {
            return task.eventLoop.makeFailedFuture(Stop.head(head))
        }
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }),
            length > bytesMax
        {
            return task.eventLoop.makeFailedFuture(Stop.tooLarge)
        }
        self.head = head
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(
        task: HTTPClient.Task<HTTPResponseHead>, _ buffer: ByteBuffer
    ) -> EventLoopFuture<Void> {
        bytes += buffer.readableBytes
        guard bytes <= bytesMax else { return task.eventLoop.makeFailedFuture(Stop.tooLarge) }
        do {
            try unsafe buffer.withUnsafeReadableBytes { octets in
                try unsafe take(octets.bindMemory(to: UInt8.self).span)
            }
            return task.eventLoop.makeSucceededVoidFuture()
        } catch let error as FeedError {
            return task.eventLoop.makeFailedFuture(Stop.refused(error))
        } catch {
            return task.eventLoop.makeFailedFuture(error)
        }
    }

    func didFinishRequest(task: HTTPClient.Task<HTTPResponseHead>) throws -> HTTPResponseHead {
        guard let head else { throw HTTPClientError.remoteConnectionClosed }
        return head
    }
}
