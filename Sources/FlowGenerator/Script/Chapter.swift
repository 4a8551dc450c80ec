import FlowModel

/// A chapter of the story as it is told: the fact, and the exchanges that make it true.
struct Chapter: Sendable {
    let fact: StoryFact
    private var random: Xoshiro256
    private var told = 0
    private let internet: Internet
    private let organisation = Organisation()
    /// The workstation that the chapter is about, where it is about one.
    private let source: Endpoint

    private init(_ fact: StoryFact, seed: UInt64, internet: Internet) {
        self.fact = fact
        source = Self.insider(seed, fact.kind)
        self.internet = internet
        random = Self.generator(seed, fact.kind)
    }

    /// Every chapter draws from a generator of its own, so that none disturbs another.
    private static func generator(_ seed: UInt64, _ kind: FlowKind) -> Xoshiro256 {
        Xoshiro256(seed: mixed(seed) ^ UInt64(kind.rawValue) << 56)
    }

    /// Appends what begins before `limit` and has not been told.
    mutating func tell(until limit: UInt64, into exchanges: inout [Exchange]) {
        while told < fact.exchanges {
            let time = time(of: told)
            guard time < limit else { return }
            exchanges.append(exchange(told, at: time))
            told += 1
        }
    }

    private func time(of index: Int) -> UInt64 {
        if let period = fact.period { return fact.start + UInt64(index) * period }
        return fact.start
            + share(of: fact.end - fact.start, UInt64(index), in: UInt64(fact.exchanges))
    }
}

// MARK: - The plan

extension Chapter {
    static let scanner = IPAddress(v4: 0xc633_644d)  // 198.51.100.77
    static let sweeper = IPAddress(v4: 0xcb00_7109)  // 203.0.113.9
    static let control = IPAddress(v4: 0xcb00_7142)  // 203.0.113.66
    static let dropSite = IPAddress(v4: 0xc633_6417)  // 198.51.100.23
    /// 192.0.2.66 .130 .200, 198.51.100.5 .140, 203.0.113.15 .80 .201, 2001:db8:bad::7 and ::53.
    static let listed = [
        IPAddress(v4: 0xc000_0242), IPAddress(v4: 0xc000_0282), IPAddress(v4: 0xc000_02c8),
        IPAddress(v4: 0xc633_6405), IPAddress(v4: 0xc633_648c), IPAddress(v4: 0xcb00_710f),
        IPAddress(v4: 0xcb00_7150), IPAddress(v4: 0xcb00_71c9),
        IPAddress(high: 0x2001_0db8_0bad_0000, low: 7),
        IPAddress(high: 0x2001_0db8_0bad_0000, low: 0x53),
    ]
    /// What the scanned server has open.
    private static let open: [UInt64] = [22, 80, 443, 993]
    private static let scannedPorts = 1_000

    /// All chapters of a script, in the order of ``FlowKind``.
    static func plan(flows: Int, seed: UInt64, start: UInt64, end: UInt64) -> [Chapter] {
        guard flows >= 500 else { return [] }
        let internet = Internet()
        let setting = Setting(flows: flows, start: start, end: end)
        return [
            portScan(setting), sweep(setting), beacon(setting, seed), flood(setting),
            exfiltration(setting, seed), listedContacts(setting),
        ].map { Chapter($0, seed: seed, internet: internet) }
    }

    /// How much room the script gives the story.
    private struct Setting {
        var flows: Int
        var start: UInt64
        var end: UInt64

        /// What is `count` in a script of 10,000 flows and more.
        func scaled(_ count: Int) -> Int { max(count * min(flows, 10_000) / 10_000, 1) }

        /// The place of what happens daily at `second` of the day: there, where the script has such a
        /// moment; else at the same part of the script, as much shorter as the script is.
        func place(at second: UInt64, lasting seconds: UInt64) -> (start: UInt64, end: UInt64) {
            let day: UInt64 = 86_400_000
            let midnight = start / day * day
            for candidate in [midnight + second * 1_000, midnight + day + second * 1_000]
            where candidate >= start && candidate + seconds * 1_000 <= end {
                return (candidate, candidate + seconds * 1_000)
            }
            let length = end - start
            let from = start + share(of: length, second, in: 86_400)
            return (from, min(from + max(share(of: length, seconds, in: 86_400), 1), end))
        }
    }

    private static func host(_ address: IPAddress) -> [IPPrefix] {
        IPPrefix(address, length: address.isV4 ? 32 : 128).map { [$0] } ?? []
    }

    private static func portScan(_ setting: Setting) -> StoryFact {
        let (start, end) = setting.place(at: 36_840, lasting: 95)  // 10:14
        let probes = setting.scaled(scannedPorts)
        let answers = (0..<probes).count { open.contains(port(ofProbe: $0, of: probes)) }
        return StoryFact(
            kind: .portScan,
            summary: "An outsider tries the ports of the gateway, one after another.",
            sources: host(scanner), targets: host(Organisation().publicServer(.gateway).address),
            ports: [1...UInt16(probes)], protocols: [IPProtocolNumber.tcp], start: start, end: end,
            exchanges: probes, flows: probes + answers)
    }

    /// The port that a probe is for: each once, in an order that looks like none, because the step
    /// shares no factor with their number.
    private static func port(ofProbe index: Int, of probes: Int) -> UInt64 {
        var step = 389
        while greatestCommonDivisor(step, probes) != 1 { step += 2 }
        return UInt64(1 + index * step % probes)
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }

    private static func sweepPorts(_ flows: Int) -> [UInt16] {
        flows < 50_000 ? [445] : [22, 445, 3_389]
    }

    private static func sweep(_ setting: Setting) -> StoryFact {
        let (start, end) = setting.place(at: 24_120, lasting: 300)  // 06:42
        let ports = sweepPorts(setting.flows)
        let probes = setting.scaled(254) * ports.count
        return StoryFact(
            kind: .sweep, summary: "An outsider tries every host of the public network.",
            sources: host(sweeper),
            targets: IPPrefix(IPAddress(v4: Organisation.publicNetwork), length: 24).map { [$0] }
                ?? [],
            ports: ports.map { $0...$0 }, protocols: [IPProtocolNumber.tcp], start: start, end: end,
            exchanges: probes, flows: probes)
    }

    private static func beacon(_ setting: Setting, _ seed: UInt64) -> StoryFact {
        let period: UInt64 = 60_000
        let start = setting.place(at: 33_420, lasting: 60).start  // 09:17
        let beats = min(Int((setting.end - start) / period), max(setting.flows / 20, 1))
        return StoryFact(
            kind: .beacon,
            summary: "A workstation calls out every 60 s, always the same few octets.",
            sources: host(insider(seed, .beacon).address), targets: host(control),
            ports: [443...443], protocols: [IPProtocolNumber.tcp], start: start,
            end: start + UInt64(beats) * period, period: period, exchanges: beats, flows: 2 * beats)
    }

    private static func flood(_ setting: Setting) -> StoryFact {
        let (start, end) = setting.place(at: 52_320, lasting: 120)  // 14:32
        let sources = min(setting.flows / 20, 20_000)
        return StoryFact(
            kind: .flood,
            summary: "The public site drowns in SYNs and datagrams of forged sources.",
            sources: [], targets: host(Organisation().publicServer(.site).address),
            ports: [0...UInt16.max],
            protocols: [IPProtocolNumber.tcp, IPProtocolNumber.udp], start: start, end: end,
            exchanges: sources, flows: sources)
    }

    private static func exfiltration(_ setting: Setting, _ seed: UInt64) -> StoryFact {
        let (start, end) = setting.place(at: 4_200, lasting: 14_400)  // 01:10 to 05:10
        let uploads = setting.scaled(48)
        return StoryFact(
            kind: .exfiltration,
            summary: "A workstation uploads a few megabytes at a time, all night.",
            sources: host(insider(seed, .exfiltration).address), targets: host(dropSite),
            ports: [443...443], protocols: [IPProtocolNumber.tcp], start: start, end: end,
            exchanges: uploads, flows: 2 * uploads)
    }

    private static func listedContacts(_ setting: Setting) -> StoryFact {
        let (start, end) = setting.place(at: 28_800, lasting: 36_000)  // 08:00 to 18:00
        let contacts = max(min(setting.flows / 250, 400), 1)
        return StoryFact(
            kind: .listedContact, summary: "Workstations reach hosts that a list would name.",
            sources: [], targets: listed.prefix(contacts).flatMap(host), ports: [443...443],
            protocols: [IPProtocolNumber.tcp], start: start, end: end, exchanges: contacts,
            flows: 2 * contacts)
    }

    /// The workstation at Harbour House that a chapter is about.
    private static func insider(_ seed: UInt64, _ kind: FlowKind) -> Endpoint {
        let draw = mixed(mixed(seed) ^ 0x1451_de00 ^ UInt64(kind.rawValue))
        return Organisation().workstation(Int(draw % 900), v6: false)
    }
}

// MARK: - The exchanges

extension Chapter {
    private mutating func exchange(_ index: Int, at time: UInt64) -> Exchange {
        let port = UInt16(random.within(32_768...65_535))
        switch fact.kind {
        case .portScan:
            let target = Self.port(ofProbe: index, of: fact.exchanges)
            return .probe(
                .portScan, from: Internet.listed(Self.scanner),
                to: organisation.publicServer(.gateway), ports: (41_017, UInt16(target)), at: time,
                isOpen: Self.open.contains(target))
        case .sweep:
            let ports = fact.ports.count
            return .probe(
                .sweep, from: Internet.listed(Self.sweeper),
                to: organisation.publicHost(UInt32(1 + index / ports)),
                ports: (port, fact.ports[index % ports].lowerBound), at: time, isOpen: false)
        case .beacon:
            return .tcp(
                .beacon, from: source, to: Internet.listed(Self.control), ports: (port, 443),
                at: time + random.below(300), lasting: 600 + random.below(200), lag: 40, up: 412,
                down: 896)
        case .exfiltration:
            // Four fifths of the pace, so that the uploads are apart and none is cut.
            let pace = (fact.end - fact.start) / UInt64(fact.exchanges)
            return .tcp(
                .exfiltration, from: source, to: Internet.listed(Self.dropSite),
                ports: (port, 443), at: time, lasting: min(pace, 300_000) * 4 / 5, lag: 35,
                up: 5_000_000 + random.below(250_000), down: 21_000)
        case .listedContact:
            let target = Internet.listed(Self.listed[index % Self.listed.count])
            let client = organisation.workstation(
                Int(random.below(UInt64(Organisation.workstations))), v6: !target.address.isV4)
            return .tcp(
                .listedContact, from: client, to: target, ports: (port, 443), at: time,
                lasting: random.size(8, 14), lag: 60, up: random.size(9, 12),
                down: random.size(10, 18))
        default:
            return floodExchange(index, at: time)
        }
    }

    /// Three SYN floods to the site's port for one datagram flood to any.
    private mutating func floodExchange(_ index: Int, at time: UInt64) -> Exchange {
        let source = internet.stranger(&random, v6: false)
        let target = organisation.publicServer(.site)
        let count = random.within(3...40)
        let port = UInt16(random.within(1_024...65_535))
        let duration = min(random.within(200...4_000), fact.end - time)
        guard index % 4 == 3 else {
            return Exchange(
                client: source, server: target, kind: .flood, proto: IPProtocolNumber.tcp,
                clientPort: port, serverPort: 443, start: time, duration: duration, packets: count,
                bytes: count * 44, flags: TCPFlags.syn)
        }
        return .udp(
            .flood, from: source, to: target, ports: (port, UInt16(random.within(1...65_535))),
            at: time, lasting: duration, lag: 0, sent: (count, count * 1_024), received: (0, 0))
    }
}
