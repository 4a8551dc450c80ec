import FlowModel

extension OrdinaryDay {
    /// A page: the name, then one to four connections, half of the larger services over QUIC.
    mutating func web(at time: UInt64, into exchanges: inout [Exchange]) {
        let v6 = prefersV6()
        let server = internet.service(&random, v6: v6)
        let client = workstation(v6: !server.address.isV4)
        var at = time
        if random.chance(6, in: 10) { at = resolve(for: client, at: time, into: &exchanges) }
        let quic = random.chance(3, in: 10)
        for _ in 0..<(1 + random.below(3)) {
            exchanges.append(page(.web, from: client, to: server, at: at, quic: quic))
            at += random.within(5...400)
        }
    }

    /// One connection to a web server.
    mutating func page(
        _ kind: FlowKind, from client: Endpoint, to server: Endpoint, at time: UInt64, quic: Bool
    ) -> Exchange {
        let up = random.size(9, 15)
        let down = random.size(11, 25)
        // At most 12 MB/s, whatever the draw of the duration says.
        let duration = max(random.size(7, 16), down / 12_000)
        let lag = random.within(8...120)
        guard quic else {
            let port: UInt16 = random.chance(1, in: 16) ? 80 : 443
            return .tcp(
                kind, from: client, to: server, ports: (ephemeralPort(), port), at: time,
                lasting: duration, lag: lag, up: up, down: down)
        }
        let received = 3 + down / 1_350
        let sent = 3 + up / 1_350 + received / 3
        return .udp(
            kind, from: client, to: server, ports: (ephemeralPort(), 443), at: time,
            lasting: duration, lag: lag, sent: (sent, up + sent * 34),
            received: (received, down + received * 28))
    }

    mutating func application(at time: UInt64, into exchanges: inout [Exchange]) {
        let v6 = prefersV6()
        let client = workstation(v6: v6)
        let server = organisation.server(random.chance(2, in: 3) ? .application : .intranet, v6: v6)
        exchanges.append(
            .tcp(
                .application, from: client, to: server, ports: (ephemeralPort(), 443), at: time,
                lasting: random.size(6, 15), lag: random.within(1...4), up: random.size(9, 14),
                down: random.size(10, 20)))
        guard random.chance(1, in: 3) else { return }
        exchanges.append(
            .tcp(
                .application, from: organisation.server(.application),
                to: organisation.server(.database), ports: (ephemeralPort(), 5_432),
                at: time + 3, lasting: random.size(4, 12), lag: 1, up: random.size(8, 12),
                down: random.size(9, 18)))
    }

    mutating func files(at time: UInt64, into exchanges: inout [Exchange]) {
        let reads = random.chance(7, in: 10)
        let large = random.size(13, 27)
        let small = large / 40 + 600
        exchanges.append(
            .tcp(
                .fileShare, from: workstation(v6: false),
                to: organisation.server(random.chance(3, in: 5) ? .files : .files2),
                ports: (ephemeralPort(), 445), at: time,
                lasting: max(random.size(10, 18), large / 11_000), lag: random.within(1...5),
                up: reads ? small : large, down: reads ? large : small))
    }

    mutating func mailClient(at time: UInt64, into exchanges: inout [Exchange]) {
        let submits = random.chance(1, in: 5)
        exchanges.append(
            .tcp(
                .mail, from: workstation(v6: false), to: organisation.server(.mailbox),
                ports: (ephemeralPort(), submits ? 587 : 993), at: time,
                lasting: random.size(8, 17), lag: random.within(1...6),
                up: submits ? random.size(11, 23) : random.size(8, 12),
                down: submits ? 900 : random.size(10, 22)))
    }

    /// A call of 4 to 50 minutes: the routers report it every five.
    mutating func call(at time: UInt64, into exchanges: inout [Exchange]) {
        let client = workstation(v6: false)
        let server = internet.service(&random, v6: false)
        let seconds = random.within(240...3_000)
        let rate = random.within(20...60)
        let packets = seconds * rate
        var call = Exchange.udp(
            .call, from: client, to: server,
            ports: (UInt16(random.within(50_000...50_059)), UInt16(random.within(3_478...3_481))),
            at: time, lasting: seconds * 1_000, lag: random.within(10...60),
            sent: (packets, packets * random.within(180...900)),
            received: (packets + packets / 8, packets * random.within(300...1_000)))
        call.tos = 0xb8  // expedited forwarding
        exchanges.append(call)
    }

    /// Guests leave the house behind one address.
    mutating func guest(at time: UInt64, into exchanges: inout [Exchange]) {
        let server = internet.service(&random, v6: false)
        let guests = organisation.publicServer(.guests)
        var exchange = page(
            .guest, from: guests, to: server, at: time, quic: random.chance(4, in: 10))
        exchange.clientPort = UInt16(random.within(1_024...65_535))
        exchanges.append(exchange)
    }

    mutating func shell(at time: UInt64, into exchanges: inout [Exchange]) {
        let server = organisation.server(random.chance(1, in: 2) ? .application : .database)
        exchanges.append(
            .tcp(
                .application, from: workstation(v6: false), to: server,
                ports: (ephemeralPort(), 22), at: time, lasting: random.size(13, 20), lag: 2,
                up: random.size(11, 16), down: random.size(12, 18)))
    }
}
