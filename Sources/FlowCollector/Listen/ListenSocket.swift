/// A listener of either transport.
struct ListenSocket: Sendable {
    private enum Kind: Sendable {
        case datagrams(UDPListener)
        case streams(StreamListener)
        case encrypted(TLSListener)
    }

    /// The address as it was asked for: with port 0 where any would do.
    let wanted: ListenAddress
    private let kind: Kind

    init(
        _ address: ListenAddress, _ configuration: CollectorConfiguration, queue: ArrivalQueue,
        allowed: SharedAllowList, tls: SharedTLSContext,
        report: @escaping @Sendable (CollectorEvent) -> Void
    ) throws(CollectorError) {
        wanted = address
        switch address.transport {
        case .udp:
            kind = .datagrams(
                try UDPListener(
                    address, shared: configuration.socketsPerAddress > 1,
                    receiveBufferBytes: configuration.receiveBufferBytes, queue: queue,
                    allowed: allowed, report: report))
        case .tcp:
            kind = .streams(
                try StreamListener(
                    address, limits: configuration.streams, queue: queue, allowed: allowed,
                    report: report))
        case .tls:
            kind = .encrypted(
                try TLSListener(
                    address, limits: configuration.streams, tls: tls, queue: queue,
                    allowed: allowed, report: report))
        }
    }

    var address: ListenAddress {
        switch kind {
        case .datagrams(let listener): listener.address
        case .streams(let listener): listener.address
        case .encrypted(let listener): listener.address
        }
    }

    var counters: CollectorCounters.Listener {
        switch kind {
        case .datagrams(let listener): listener.counters
        case .streams(let listener): listener.counters
        case .encrypted(let listener): listener.counters
        }
    }

    func start() throws(CollectorError) {
        switch kind {
        case .datagrams(let listener): try listener.start()
        case .streams(let listener): try listener.start()
        case .encrypted(let listener): try listener.start()
        }
    }

    func setReceiveBuffer(_ bytes: Int) {
        if case .datagrams(let listener) = kind { listener.setReceiveBuffer(bytes) }
    }

    /// Makes it take what the kernel has, for so long at most, and end.
    func requestEnd(within limit: Duration) {
        switch kind {
        case .datagrams(let listener): listener.requestEnd(within: limit)
        case .streams(let listener): listener.requestEnd(within: limit)
        case .encrypted(let listener): listener.requestEnd(within: limit)
        }
    }

    /// Waits for the end.
    func join() {
        switch kind {
        case .datagrams(let listener): listener.join()
        case .streams(let listener): listener.join()
        case .encrypted(let listener): listener.join()
        }
    }
}
