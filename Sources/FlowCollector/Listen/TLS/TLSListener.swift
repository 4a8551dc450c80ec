import FlowModel
import FlowStore
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A thread that takes IPFIX messages out of the TLS connections of one listening socket (RFC 7011
/// §10.4, §11.1).
///
///     socket ─▶ FirstOctetHandler ─▶ NIOSSLServerHandler ─▶ MessageHandler ─▶ StreamIntake
///               plain text is turned away        octets            messages
///
/// It has an event loop of its own: where the queue is full the loop waits, reads no more, and the
/// exporters wait, as they do over TCP.
final class TLSListener: @unchecked Sendable {
    // Sendable: the group is made by `start` and ended by `join`, which the collector calls in turn.
    private let intake: StreamIntake
    private let connections: TLSConnections
    private let tls: SharedTLSContext
    private let number: Int32
    private var isStarted = false
    private var group: MultiThreadedEventLoopGroup?
    private var server: (any Channel)?
    private var end: EventLoopFuture<Void>?

    /// Octets that are read at once of a connection.
    private static let readOctets = 1 << 15
    /// How long to wait where a connection cannot be taken.
    private static let pause = TimeAmount.milliseconds(10)
    /// How long nothing may arrive of any connection until the kernel has nothing more.
    private static let quiet = TimeAmount.milliseconds(5)

    init(
        _ address: ListenAddress, limits: StreamLimits, tls: SharedTLSContext, queue: ArrivalQueue,
        allowed: SharedAllowList, report: @escaping @Sendable (CollectorEvent) -> Void
    ) throws(CollectorError) {
        let socket = try Socket(listeningAt: address, shared: false)
        var bound = address
        bound.port = socket.port
        intake = StreamIntake(
            bound, limits: limits, queue: queue, allowed: allowed, report: report)
        connections = TLSConnections(intake)
        self.tls = tls
        number = socket.release()
    }

    deinit {
        // Where it was never started; else it is the channel's to close.
        if !isStarted { _ = Socket(taking: number) }
    }

    /// Where it listens, with the port that it has.
    var address: ListenAddress { intake.address }
    var counters: CollectorCounters.Listener { intake.counters }

    func start() throws(CollectorError) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelInitializer { [intake] channel in
                channel.eventLoop.makeCompletedFuture {
                    // Where descriptors are short one waits for one, instead of asking all the time.
                    let backoff = AcceptBackoffHandler(shouldForwardIOErrorCaught: false) { error in
                        intake.note(error: error.errnoCode)
                        return Self.pause
                    }
                    try channel.pipeline.syncOperations.addHandler(backoff)
                }
            }
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readOctets)
            )
            .childChannelInitializer { [connections, tls] channel in
                channel.eventLoop.makeCompletedFuture {
                    try connections.admit(channel, tls.current)
                }
            }
        isStarted = true
        do {
            server = try bootstrap.withBoundSocket(number).wait()
        } catch {
            try? group.syncShutdownGracefully()
            throw .resources("event loop")
        }
        self.group = group
        intake.begin()
    }

    /// Takes what the kernel has of each connection, for so long at most, and ends.
    func requestEnd(within limit: Duration) {
        guard let server else { return }
        let due = NIODeadline.now() + .nanoseconds(Int64(clamping: limit.nanoseconds))
        let isOver = server.eventLoop.makePromise(of: Void.self)
        end = isOver.futureResult
        server.close(promise: nil)
        // Between two calls the loop has looked at every connection.
        server.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: Self.quiet) {
            [connections] task in
            let isQuiet = connections.areQuiet()
            guard isQuiet || NIODeadline.now() >= due else { return }
            task.cancel()
            connections.closeAll(isOver)
        }
    }

    /// Waits for the end.
    func join() {
        guard let group else { return }
        try? end?.wait()
        try? group.syncShutdownGracefully()
        self.group = nil
        intake.end()
    }
}

/// The connections of a listener, by the loop's thread alone but for what is said of each.
final class TLSConnections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: (channel: any Channel, sender: IPAddress)] = [:]
        var reads: UInt64 = 1
        var readsSeen: UInt64 = 0
    }
    private let state = Mutex(State())
    private let intake: StreamIntake

    /// A connection is not wanted.
    struct Refusal: Error {}

    init(_ intake: StreamIntake) { self.intake = intake }

    /// Whether nothing was read since this was asked the last time.
    func areQuiet() -> Bool {
        state.withLock { state in
            defer { state.readsSeen = state.reads }
            return state.reads == state.readsSeen
        }
    }

    /// Notes that something was read.
    func noteRead() { state.withLock { $0.reads &+= 1 } }

    /// Gives a connection its handlers.
    ///
    /// - Throws: where it is not wanted, which closes it.
    func admit(_ channel: any Channel, _ context: NIOSSLContext?) throws {
        guard let context, let remote = channel.remoteAddress,
            let sender = remote.ipAddress.flatMap({ IPAddress($0) })
        else { throw Refusal() }
        let others = state.withLock { $0.channels.values.map(\.sender) }
        guard intake.admits(sender, beside: others) else { throw Refusal() }
        let id = ObjectIdentifier(channel)
        state.withLock { $0.channels[id] = (channel, sender) }
        intake.noteOpen(others.count + 1)
        channel.closeFuture.whenComplete { [self] _ in
            let count = state.withLock { state in
                state.channels[id] = nil
                return state.channels.count
            }
            intake.noteOpen(count)
        }
        let connection = TLSConnection(
            intake, self, sender: sender, port: UInt16(clamping: remote.port ?? 0))
        try channel.pipeline.syncOperations.addHandlers([
            FirstOctetHandler(connection), NIOSSLServerHandler(context: context),
            MessageHandler(connection),
        ])
    }

    /// Closes every connection, and says when that is done.
    func closeAll(_ promise: EventLoopPromise<Void>) {
        let channels = state.withLock { $0.channels.values.map(\.channel) }
        for channel in channels { channel.close(promise: nil) }
        EventLoopFuture.andAllComplete(
            channels.map(\.closeFuture), on: promise.futureResult.eventLoop
        ).cascade(to: promise)
    }
}
