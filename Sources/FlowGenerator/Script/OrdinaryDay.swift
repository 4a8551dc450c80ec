import FlowModel

/// What people and machines of the organisation do, one session after another.
struct OrdinaryDay: Sendable {
    var random: Xoshiro256
    let organisation = Organisation()
    let internet = Internet()
    let curve = DayCurve()
    private let worker = RankTable(zipf: Organisation.workstations, flattening: 40)

    private enum PeopleSession: Int {
        case web, application, files, mail, call, guest, shell
        static let table = RankTable(weights: [420, 140, 90, 90, 3, 130, 30])
    }
    private enum MachineSession: Int {
        case time, names, mail, visitor, monitoring, log, guess, noise, backup
        static let byDay = RankTable(weights: [110, 150, 110, 300, 140, 40, 90, 90, 1])
        static let byNight = RankTable(weights: [110, 90, 60, 170, 140, 40, 110, 110, 3])
    }

    init(seed: UInt64) { random = Xoshiro256(seed: seed) }

    /// Appends the exchanges of a session that begins at `time`.
    mutating func session(at time: UInt64, into exchanges: inout [Exchange]) {
        let mixture = curve.mixture(at: time)
        if random.chance(mixture.people, in: mixture.of) {
            switch PeopleSession(rawValue: PeopleSession.table.pick(&random)) {
            case .application: application(at: time, into: &exchanges)
            case .files: files(at: time, into: &exchanges)
            case .mail: mailClient(at: time, into: &exchanges)
            case .call: call(at: time, into: &exchanges)
            case .guest: guest(at: time, into: &exchanges)
            case .shell: shell(at: time, into: &exchanges)
            case .web, nil: web(at: time, into: &exchanges)
            }
            return
        }
        let table = mixture.isNight ? MachineSession.byNight : MachineSession.byDay
        switch MachineSession(rawValue: table.pick(&random)) {
        case .time: ntp(at: time, into: &exchanges)
        case .names: recursion(at: time, into: &exchanges)
        case .mail: mailExchange(at: time, into: &exchanges)
        case .monitoring: monitoring(at: time, into: &exchanges)
        case .log: log(at: time, into: &exchanges)
        case .guess: guess(at: time, into: &exchanges)
        case .noise: noise(at: time, into: &exchanges)
        case .backup: backup(at: time, into: &exchanges)
        case .visitor, nil: visitor(at: time, into: &exchanges)
        }
    }

    // MARK: - Draws that several sessions share

    /// Whether a session that could use IPv6 does.
    mutating func prefersV6() -> Bool { random.chance(11, in: 100) }

    mutating func ephemeralPort() -> UInt16 { UInt16(random.within(49_152...65_535)) }

    mutating func workstation(v6: Bool) -> Endpoint {
        organisation.workstation(worker.pick(&random), v6: v6)
    }

    /// The question for a name before it is used; answers when the answer is there.
    mutating func resolve(
        for client: Endpoint, at time: UInt64, into exchanges: inout [Exchange]
    ) -> UInt64 {
        let resolver = organisation.server(
            random.chance(7, in: 10) ? .resolver : .resolver2, v6: !client.address.isV4)
        let lag = random.within(1...6)
        exchanges.append(
            .udp(
                .dns, from: client, to: resolver, ports: (ephemeralPort(), 53), at: time,
                lasting: 0, lag: lag, sent: (1, random.within(28...52)),
                received: (1, random.within(60...260))))
        return time + lag + random.within(1...20)
    }
}
