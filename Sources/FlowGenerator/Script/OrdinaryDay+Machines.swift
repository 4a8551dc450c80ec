import FlowModel

extension OrdinaryDay {
    mutating func ntp(at time: UInt64, into exchanges: inout [Exchange]) {
        let v6 = random.chance(1, in: 4)
        let own = organisation.server(.time, v6: v6)
        let client: Endpoint
        let server: Endpoint
        if random.chance(1, in: 12) {
            server = internet.peer(&random, v6: v6)
            client = server.address.isV4 == own.address.isV4 ? own : organisation.server(.time)
        } else {
            client = workstation(v6: v6)
            server = own
        }
        exchanges.append(
            .udp(
                .ntp, from: client, to: server, ports: (123, 123), at: time, lasting: 0,
                lag: random.within(1...30), sent: (1, 48), received: (1, 48)))
    }

    /// The resolvers ask the world, and the world asks for the organisation's own names.
    mutating func recursion(at time: UInt64, into exchanges: inout [Exchange]) {
        let v6 = prefersV6()
        let peer = internet.peer(&random, v6: v6)
        let six = !peer.address.isV4
        let inbound = random.chance(1, in: 4)
        let own =
            inbound
            ? organisation.publicServer(.names, v6: six)
            : organisation.server(random.chance(7, in: 10) ? .resolver : .resolver2, v6: six)
        exchanges.append(
            .udp(
                .dns, from: inbound ? peer : own, to: inbound ? own : peer,
                ports: (ephemeralPort(), 53), at: time, lasting: 0, lag: random.within(4...90),
                sent: (1, random.within(30...60)), received: (1, random.within(70...1_200))))
    }

    mutating func mailExchange(at time: UInt64, into exchanges: inout [Exchange]) {
        let v6 = prefersV6()
        let peer = internet.peer(&random, v6: v6)
        let own = organisation.publicServer(.mail, v6: !peer.address.isV4)
        let inbound = random.chance(6, in: 10)
        var at = time
        if !inbound { at = resolve(for: own, at: time, into: &exchanges) }
        exchanges.append(
            .tcp(
                .mail, from: inbound ? peer : own, to: inbound ? own : peer,
                ports: (ephemeralPort(), 25), at: at, lasting: random.size(9, 15),
                lag: random.within(8...120), up: random.size(11, 22), down: 700))
    }

    mutating func visitor(at time: UInt64, into exchanges: inout [Exchange]) {
        let v6 = prefersV6()
        let stranger = internet.stranger(&random, v6: v6)
        let site = organisation.publicServer(.site, v6: !stranger.address.isV4)
        var at = time
        for _ in 0..<(1 + random.below(3)) {
            exchanges.append(
                .tcp(
                    .visitor, from: stranger, to: site, ports: (ephemeralPort(), 443), at: at,
                    lasting: random.size(7, 15), lag: random.within(1...4),
                    up: random.size(9, 12), down: random.size(11, 21)))
            at += random.within(10...900)
        }
    }

    mutating func monitoring(at time: UInt64, into exchanges: inout [Exchange]) {
        let v6 = random.chance(1, in: 6)
        let monitor = organisation.server(.monitor, v6: v6)
        if random.chance(1, in: 2) {
            let target = random.chance(1, in: 3) ? workstation(v6: v6) : server(v6: v6)
            exchanges.append(
                .echo(
                    .monitoring, from: monitor, to: target, at: time, lag: random.within(1...9),
                    count: random.within(1...5)))
            return
        }
        let count = random.within(2...40)
        exchanges.append(
            .udp(
                .monitoring, from: monitor, to: server(v6: v6), ports: (ephemeralPort(), 161),
                at: time, lasting: count * 20, lag: 2, sent: (count, count * 46),
                received: (count, count * random.within(60...900))))
    }

    mutating func log(at time: UInt64, into exchanges: inout [Exchange]) {
        let lines = random.within(1...60)
        exchanges.append(
            .udp(
                .monitoring, from: server(v6: false), to: organisation.server(.log),
                ports: (514, 514), at: time, lasting: lines * 130, lag: 0,
                sent: (lines, lines * random.within(80...400)), received: (0, 0)))
    }

    private mutating func server(v6: Bool) -> Endpoint {
        let servers: [Organisation.Server] = [
            .resolver, .files, .files2, .application, .intranet, .database, .mailbox,
        ]
        return organisation.server(servers[Int(random.below(UInt64(servers.count)))], v6: v6)
    }

    /// A few passwords, the same small exchange every time.
    mutating func guess(at time: UInt64, into exchanges: inout [Exchange]) {
        let guesser = internet.guesser(&random)
        var at = time
        for _ in 0..<(1 + random.below(4)) {
            exchanges.append(
                .tcp(
                    .bruteForce, from: guesser, to: organisation.publicServer(.gateway),
                    ports: (UInt16(random.within(32_768...60_999)), 22), at: at,
                    lasting: random.within(1_400...4_200), lag: 1,
                    up: 1_900 + random.below(300), down: 2_300 + random.below(200)))
            at += random.within(300...2_500)
        }
    }

    /// Stray probes to addresses where mostly nobody is.
    mutating func noise(at time: UInt64, into exchanges: inout [Exchange]) {
        let ports: [UInt16] = [23, 2_323, 3_389, 445, 8_080, 5_060, 6_379, 81, 5_555, 1_433, 22]
        let stranger = internet.stranger(&random, v6: false)
        let target = organisation.publicHost(UInt32(random.within(1...254)))
        if random.chance(1, in: 9) {
            exchanges.append(
                .udp(
                    .noise, from: stranger, to: target,
                    ports: (ephemeralPort(), random.chance(1, in: 2) ? 53 : 1_900), at: time,
                    lasting: 0, lag: 0, sent: (1, random.within(20...110)), received: (0, 0)))
            return
        }
        let port = ports[Int(random.below(UInt64(ports.count)))]
        exchanges.append(
            .probe(
                .noise, from: stranger, to: target, ports: (ephemeralPort(), port), at: time,
                isOpen: false))
    }

    /// A server's copy to the backup server, or the backup server's to a host outside: minutes to an
    /// hour at 0.3 to 3 MB/s.
    mutating func backup(at time: UInt64, into exchanges: inout [Exchange]) {
        let offSite = random.chance(1, in: 6)
        let backup = organisation.server(.backup)
        let client = offSite ? backup : server(v6: false)
        let target = offSite ? internet.peer(&random, v6: false) : backup
        let duration = random.size(18, 21)
        exchanges.append(
            .tcp(
                .backup, from: client, to: target, ports: (ephemeralPort(), offSite ? 22 : 9_103),
                at: time, lasting: duration, lag: 1,
                up: duration * random.within(300...3_000), down: duration / 4 + 4_000))
    }
}
