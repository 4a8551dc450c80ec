import Dispatch
import Glibc
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// Serves what the pipeline tells of over HTTP.
///
/// Without ``ServerConfiguration/access`` whoever reaches it may ask everything.
public final class Server: Sendable {
    /// Why it cannot be started.
    public struct StartFailure: Error, Sendable, CustomStringConvertible {
        /// Where, why, and what to do.
        public let description: String
    }

    /// The port that it has.
    public let port: UInt16
    /// Its address and port, as they stand in the address of a page.
    public var place: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    /// How it is asked: `https` or `http`.
    public let scheme: String
    private let host: String
    private let group: ServiceGroup
    private let runner: QueryRunner
    private let hub: EventHub
    private let ended: DispatchSemaphore

    /// Starts to serve, and returns when the port is open.
    public init(
        _ configuration: ServerConfiguration, source: any ServerSource
    ) throws(StartFailure) {
        // What is to be said of requests is in their answers.
        let logger = Logger(label: "skein.http") { _ in SwiftLogNoOpLogHandler() }
        let runner = QueryRunner(
            time: configuration.queryTime, running: configuration.queries,
            waiting: configuration.queriesWaiting)
        let hub = EventHub(every: configuration.pulse) { source.pulse }
        let access = try Self.access(configuration)
        let certificate = try configuration.tls.map { files throws(StartFailure) in
            try ServerCertificate(files, say: configuration.say)
        }
        let opened = DispatchSemaphore(value: 0)
        let ended = DispatchSemaphore(value: 0)
        let outcome = FirstOutcome()
        let application = Application(
            responder: ServerResponder(
                source: source,
                guardian: RequestGuard(
                    names: configuration.names,
                    isReachable: configuration.access?.isReachable ?? false,
                    isSecure: certificate != nil),
                runner: runner, hub: hub,
                identification: Identification(
                    access, isSecure: certificate != nil, port: configuration.port)),
            server: Self.channels(configuration, certificate),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: Int(configuration.port)),
                availableConnectionsDelegate: .maximum(configuration.connectionsMax, logger: logger)
            ),
            onServerRunning: { channel in
                outcome.set(.success(channel.localAddress?.port ?? 0))
                opened.signal()
            }, logger: logger)
        group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [application], logger: logger))
        self.runner = runner
        self.hub = hub
        host = configuration.host
        scheme = certificate == nil ? "http" : "https"
        self.ended = ended
        Task { [group] in
            do {
                try await group.run()
                outcome.set(.failure(CancellationError()))
            } catch {
                outcome.set(.failure(error))
            }
            opened.signal()
            ended.signal()
        }
        opened.wait()
        switch outcome.first {
        case .success(let port): self.port = UInt16(clamping: port)
        case .failure(let error):
            throw StartFailure(
                description: "cannot serve HTTP at \(configuration.host):\(configuration.port): "
                    + Self.reason(error))
        }
    }

    /// Who may ask.
    ///
    /// - Throws: where nobody could, which whoever starts it cannot mean.
    private static func access(
        _ configuration: ServerConfiguration
    ) throws(StartFailure) -> AccessControl? {
        guard let plan = configuration.access else { return nil }
        let access: AccessControl
        do throws(AccessFile.Failure) {
            access = try AccessControl(plan, say: configuration.say)
        } catch {
            throw StartFailure(description: error.description)
        }
        guard !plan.isReachable || !access.isEmpty else {
            throw StartFailure(
                description:
                    "http.listen is \(configuration.host), which others reach, and nobody has "
                    + "a password yet: type skein user add NAME --scope admin --access-file "
                    + plan.file.path)
        }
        return access
    }

    private static func channels(
        _ configuration: ServerConfiguration, _ certificate: ServerCertificate?
    ) -> HTTPServerBuilder {
        let time = TimeAmount.milliseconds(Int64(configuration.requestTime.milliseconds))
        return HTTPServerBuilder { responder in
            GuardedChannel(
                HTTP1Channel(
                    responder: responder,
                    configuration: .init(
                        additionalChannelHandlers: [RequestEnds()], idleTimeout: .seconds(60),
                        httpDecoderConfiguration: .init(
                            maxHeaderFieldSize: 98_304, maxHeaderListSize: 131_072,
                            maxHeaderFieldCount: 100))),
                certificate, requestTime: time)
        }
    }

    /// Takes no more requests, ends queries, and waits for what is being answered, at most so long.
    public func stop(within limit: Duration = .seconds(5)) {
        hub.close()
        runner.close()
        Task { [group] in await group.triggerGracefulShutdown() }
        // Whoever stops it once more need not wait.
        if ended.wait(timeout: .now() + .milliseconds(limit.milliseconds)) == .success {
            ended.signal()
        }
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        let advice = error.errnoCode == EADDRINUSE ? "; another program listens there" : ""
        return String(cString: strerror(error.errnoCode)) + advice
    }
}

/// What became of the start: the port, or why there is none.
private final class FirstOutcome: Sendable {
    private let outcome = Mutex<Result<Int, any Error>?>(nil)

    func set(_ result: Result<Int, any Error>) {
        outcome.withLock { if $0 == nil { $0 = result } }
    }

    var first: Result<Int, any Error> {
        outcome.withLock { $0 } ?? .failure(CancellationError())
    }
}
