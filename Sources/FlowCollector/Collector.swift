import FlowModel
public import FlowStore
import Synchronization

/// Receives exports, decodes them, and hands the flows to a store and to subscribers.
///
///     UDP sockets ─┐                             ┌─▶ store
///                  ├─▶ queue ─▶ decode, enrich ──┼─▶ lossless subscribers
///     TCP, TLS ────┘     └─▶ forwarders          ├─▶ lossy subscribers
///                                                │
///     interface ─▶ packets ─▶ meter, enrich ─────┘
///
/// Between two threads there is a bounded queue: what is slow makes what is before it wait, back to the
/// kernel's buffer, whose drops are counted. Only a store that is stuck lets flows be thrown away.
public final class Collector: @unchecked Sendable {
    // Sendable: what changes after the start, changes under the mutex.
    private let queue: ArrivalQueue
    private let allowed: SharedAllowList
    private let tls: SharedTLSContext
    private let forwarders = SharedForwarders()
    private let enrichers: SharedEnricherMaker
    private let receiver: StoreReceiver
    private let notes: ExporterNotes
    private let maintenance: StoreMaintenance
    private let stages: [BatchStage]
    private let decode: DecodeStage
    private let report: @Sendable (CollectorEvent) -> Void

    private struct State {
        var configuration: CollectorConfiguration
        var sockets: [ListenSocket] = []
        /// What was counted by sockets that a reload closed.
        var closed: [CollectorCounters.Listener] = []
        var closedForwards: [CollectorCounters.Forward] = []
        var meter: InterfaceMeter?
        var closedMeters: [(interface: CollectorCounters.Interface, batches: UInt64)] = []
        var isRunning = false
    }
    private let state: Mutex<State>

    /// Opens the sockets; nothing is read before ``start()``.
    ///
    /// - Parameters:
    ///   - writer: takes the flows. It is the caller's to finish, after ``stop()``.
    ///   - report: called by any thread, and not to be waited in.
    public init(
        configuration: CollectorConfiguration, writer: LiveWriter,
        enricher: EnricherMaker? = nil, subscriptions: [BatchSubscription] = [],
        report: @escaping @Sendable (CollectorEvent) -> Void
    ) throws {
        self.report = report
        queue = ArrivalQueue(bytesMax: configuration.queueBytesMax)
        allowed = SharedAllowList(AllowList(configuration.allow))
        tls = SharedTLSContext(try configuration.tls?.context())
        enrichers = SharedEnricherMaker(enricher)
        notes = ExporterNotes(restored: try writer.exporterState())
        receiver = StoreReceiver(writer, report: report)
        maintenance = StoreMaintenance(
            writer, notes: notes, configuration: configuration, report: report)
        let store = BatchStage(
            name: "store", receiver, depth: configuration.storeQueueBatches,
            whenFull: .shedWhenStuck(configuration.shedsAfter.nanoseconds), report: report)
        stages =
            [store]
            + subscriptions.map {
                BatchStage(
                    name: $0.name, SubscribedReader(subscriber: $0.subscriber), depth: $0.depth,
                    whenFull: $0.delivery == .lossless ? .wait : .shed, report: report)
            }
        decode = DecodeStage(
            queue: queue, stages: stages, enricher: enrichers, notes: notes,
            forwarders: forwarders, configuration: configuration)
        state = Mutex(State(configuration: configuration))
        try Privileges.whileOpening { try open(configuration) }
    }

    private func open(_ configuration: CollectorConfiguration) throws {
        let meter = try configuration.interface.map { try self.meter($0, configuration) }
        let sockets = try open(configuration.listen, configuration)
        forwarders.replace(
            by: try configuration.forward.map { target in
                try Forwarder(target, queue: queue, report: report)
            })
        state.withLock { state in
            state.sockets = sockets
            state.meter = meter
        }
        checkCertificate(configuration)
    }

    /// Begins to receive.
    public func start() throws {
        try maintenance.start()
        for stage in stages { try stage.start() }
        for forwarder in forwarders.current { try forwarder.start() }
        try decode.start()
        try state.withLock { state in
            for socket in state.sockets { try socket.start() }
            try state.meter?.start()
            state.isRunning = true
        }
    }

    /// Takes what the kernel still holds, decodes and stores all of it, and ends the threads.
    ///
    /// Answers what became of everything. Afterwards the collector cannot be started again.
    @discardableResult
    public func stop() -> CollectorCounters {
        let (sockets, meter, limit) = state.withLock { state in
            defer { state.isRunning = false }
            return (state.sockets, state.meter, state.configuration.drainLimit)
        }
        for socket in sockets { socket.requestEnd(within: limit) }
        meter?.requestEnd(within: limit)
        for socket in sockets { socket.join() }
        queue.close()
        receiver.requestEnd(within: .seconds(5))
        decode.join()
        meter?.join()
        for forwarder in forwarders.current { forwarder.stop() }
        for stage in stages { stage.stop() }
        maintenance.stop()
        let counters = counters
        // Sockets close when nobody has them.
        state.withLock { state in
            state.closed += state.sockets.map(\.counters)
            state.sockets = []
            if let meter = state.meter { state.closedMeters.append(meter.counters) }
            state.meter = nil
        }
        return counters
    }

    /// Goes on with another configuration; sockets that are in both stay open.
    ///
    /// Listeners, allowed senders, certificates of new connections, receive buffers, the metered
    /// interface, forwarding and retention change. The rest is as it was at the start. Where anything
    /// about the interface changes, its flows are reported and begin anew.
    /// - Throws: where a socket cannot be opened, or a file read; then nothing has changed.
    public func reload(_ next: CollectorConfiguration) throws {
        try Privileges.whileOpening { try change(to: next) }
    }

    private func change(to next: CollectorConfiguration) throws {
        let context = try next.tls?.context()
        let (kept, meter, running) = state.withLock { ($0.sockets, $0.meter, $0.isRunning) }
        let wanted = Self.places(next.listen)
        var remaining = kept
        var added: [ListenPlace] = []
        var staying: [ListenSocket] = []
        for place in wanted {
            for _ in 0..<Self.sockets(at: place.address, next) {
                if let index = remaining.firstIndex(where: { $0.wanted == place.address }) {
                    staying.append(remaining.remove(at: index))
                } else {
                    added.append(place)
                }
            }
        }
        let opened = try open(places: added, next)
        let keepsMeter = meter?.configuration == next.interface
        let nextMeter =
            keepsMeter ? meter : try next.interface.map { try self.meter($0, next) }
        let targets = try next.forward.map { target in
            if let known = forwarders.current.first(where: { $0.target == target }) {
                return (known, false)
            }
            return (try Forwarder(target, queue: queue, report: report), true)
        }
        if running {
            for (forwarder, isNew) in targets where isNew { try forwarder.start() }
            for socket in opened { try socket.start() }
        }
        if !keepsMeter {
            meter?.requestEnd(within: next.drainLimit)
            // What the one before has metered is in the buffer of the next too.
            let latest = running ? meter?.join() : nil
            if running { try nextMeter?.start(after: latest ?? 0) }
        }
        allowed.replace(by: AllowList(next.allow))
        tls.replace(by: context)
        checkCertificate(next)
        for socket in staying { socket.setReceiveBuffer(next.receiveBufferBytes) }
        maintenance.setRetention(next.retention)
        let goneForwarders = forwarders.current.filter { old in
            !targets.contains { $0.0 === old }
        }
        forwarders.replace(by: targets.map(\.0))
        for forwarder in goneForwarders { forwarder.stop() }
        for socket in remaining { socket.requestEnd(within: next.drainLimit) }
        if running { for socket in remaining { socket.join() } }
        state.withLock { state in
            state.configuration = next
            state.sockets = staying + opened
            state.closed += remaining.map(\.counters)
            state.closedForwards += goneForwarders.map(\.counters)
            if !keepsMeter {
                if let meter { state.closedMeters.append(meter.counters) }
                state.meter = nextMeter
            }
        }
    }

    /// How long ago the thread that decodes or the one that meters last looked for something to do,
    /// whichever is longer.
    ///
    /// They do so each second at least, unless something holds them up.
    public var sinceLastBeat: Duration {
        let meter = state.withLock { $0.isRunning ? $0.meter : nil }
        return max(decode.sinceLastBeat, meter?.sinceLastBeat ?? .zero)
    }

    /// Takes over what an import into the same store learned of exporters and is not known here.
    ///
    /// - Parameter state: as ``LiveWriter/exporterState()`` has it.
    public func learn(exporters state: [UInt8]) { notes.learn(state) }

    /// Enriches with another enricher from the next batch on.
    public func replaceEnricher(by make: EnricherMaker?) { enrichers.replace(by: make) }

    /// Where it listens, with the ports that it has.
    public var addresses: [ListenAddress] { state.withLock { $0.sockets.map(\.address) } }

    /// What became of everything so far.
    public var counters: CollectorCounters {
        var counters = CollectorCounters()
        let (sockets, closed, closedForwards) = state.withLock {
            ($0.sockets, $0.closed, $0.closedForwards)
        }
        let (meter, closedMeters) = state.withLock { ($0.meter, $0.closedMeters) }
        counters.listeners = sockets.map(\.counters)
        for listener in closed { counters.add(closed: listener) }
        counters.forwards = forwarders.current.map(\.counters) + closedForwards
        counters.queue = queue.counters
        (counters.exports, counters.batches) = decode.counters
        if let one = meter?.counters {
            counters.interfaces.append(one.interface)
            counters.batches += one.batches
        }
        for one in closedMeters {
            counters.add(closed: one.interface)
            counters.batches += one.batches
        }
        counters.stages = stages.map(\.counters)
        receiver.fill(&counters.store)
        counters.store.expiredFlows = maintenance.expiredFlows
        counters.store.maintenanceTrouble = maintenance.trouble
        return counters
    }

    private func meter(
        _ interface: InterfaceConfiguration, _ configuration: CollectorConfiguration
    ) throws(CollectorError) -> InterfaceMeter {
        try InterfaceMeter(
            interface, handOver: HandOver(stages: stages, enricher: enrichers),
            batchAge: configuration.batchAge, report: report)
    }

    /// Says what about TLS is worth a word.
    private func checkCertificate(_ configuration: CollectorConfiguration) {
        guard let files = configuration.tls,
            configuration.listen.contains(where: { $0.transport == .tls })
        else { return }
        if files.authorities == nil { report(.exportersUnproven) }
        guard let end = files.certificateEnd else { return }
        let left = end - Int(millisecondsNow() / 1000)
        if left < 14 * 86_400 { report(.certificateEnds(path: files.certificate, seconds: left)) }
    }

    // MARK: - Sockets

    private func open(
        _ addresses: [ListenAddress], _ configuration: CollectorConfiguration
    ) throws(CollectorError) -> [ListenSocket] {
        let places = Self.places(addresses).flatMap { place in
            Array(repeating: place, count: Self.sockets(at: place.address, configuration))
        }
        return try open(places: places, configuration)
    }

    private func open(
        places: [ListenPlace], _ configuration: CollectorConfiguration
    ) throws(CollectorError) -> [ListenSocket] {
        var opened: [ListenSocket] = []
        for place in places {
            do throws(CollectorError) {
                opened.append(
                    try ListenSocket(
                        place.address, configuration, queue: queue, allowed: allowed, tls: tls,
                        report: report))
            } catch {
                guard place.isOptional, error.isFamilyMissing else { throw error }
                report(.familyMissing(place.address))
            }
        }
        return opened
    }

    private static func sockets(
        at address: ListenAddress, _ configuration: CollectorConfiguration
    ) -> Int {
        address.transport == .udp ? max(configuration.socketsPerAddress, 1) : 1
    }

    private static func places(_ addresses: [ListenAddress]) -> [ListenPlace] {
        var places: [ListenPlace] = []
        for address in addresses {
            var families = [(address, false)]
            if address.address == nil {
                var (v4, v6) = (address, address)
                v4.address = .v4Zero
                v6.address = .v6Zero
                families = [(v4, false), (v6, true)]
            }
            for (address, isOptional) in families
            where address.port == 0 || !places.contains(where: { $0.address == address }) {
                places.append(ListenPlace(address: address, isOptional: isOptional))
            }
        }
        return places
    }
}

/// An address of one family to listen at.
private struct ListenPlace {
    var address: ListenAddress
    /// Whether a machine without that family does without.
    var isOptional: Bool
}

extension CollectorCounters {
    /// Adds what was metered until a reload, to what is of the same interface now if there is such.
    mutating func add(closed: Interface) {
        guard let index = interfaces.firstIndex(where: { $0.name == closed.name }) else {
            var closed = closed
            closed.activeFlows = 0
            closed.isUp = false
            closed.isWanted = false
            interfaces.append(closed)
            return
        }
        interfaces[index].packets += closed.packets
        interfaces[index].octets += closed.octets
        interfaces[index].flows += closed.flows
        interfaces[index].kernelDrops += closed.kernelDrops
        interfaces[index].interfaceDrops += closed.interfaceDrops
        interfaces[index].otherPackets += closed.otherPackets
        interfaces[index].orphanFragments += closed.orphanFragments
        interfaces[index].evictedFlows += closed.evictedFlows
    }

    /// Adds what a socket counted that is closed, to the one that has its address now if there is one.
    mutating func add(closed: Listener) {
        guard let index = listeners.firstIndex(where: { $0.address == closed.address }) else {
            listeners.append(closed)
            return
        }
        listeners[index].datagrams += closed.datagrams
        listeners[index].octets += closed.octets
        listeners[index].refused += closed.refused
        listeners[index].cut += closed.cut
        listeners[index].kernelDrops += closed.kernelDrops
        listeners[index].errors += closed.errors
        listeners[index].accepted += closed.accepted
        listeners[index].broken += closed.broken
        listeners[index].handshakesFailed += closed.handshakesFailed
    }
}
