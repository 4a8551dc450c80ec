import Dispatch
import Glibc
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// Serves what the pipeline tells of over HTTP.
///
/// On the loopback only, or behind a web server that asks for passwords: whoever reaches it may ask
/// everything.
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
        let opened = DispatchSemaphore(value: 0)
        let ended = DispatchSemaphore(value: 0)
        let outcome = FirstOutcome()
        let application = Application(
            responder: ServerResponder(
                source: source, guardian: RequestGuard(names: configuration.names), runner: runner,
                hub: hub),
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 98_304, maxHeaderListSize: 131_072,
                        maxHeaderFieldCount: 100))),
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

    /// Takes no more requests, ends queries, and waits for what is being answered, at most so long.
    public func stop(within limit: Duration = .seconds(5)) {
        hub.close()
        runner.close()
        Task { [group] in await group.triggerGracefulShutdown() }
        _ = ended.wait(timeout: .now() + .milliseconds(limit.milliseconds))
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
