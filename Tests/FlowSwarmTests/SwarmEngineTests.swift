import FlowModel
import FlowSwarm
import Testing

/// Numbers that only a seed decides.
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// Makes edges of some hundred hosts, of which few have most of the traffic.
func someEdges(_ count: Int, seed: UInt64) -> [SwarmEdge] {
    var numbers = Numbers(state: seed)
    func host() -> IPAddress {
        let rank = min(
            UInt32.random(in: 1...2000, using: &numbers),
            UInt32.random(in: 1...2000, using: &numbers))
        return rank % 3 == 0
            ? IPAddress(high: 0x2001_0db8 << 32 | UInt64(rank), low: 1)
            : IPAddress(v4: rank % 2 == 0 ? 0x0A00_0000 | rank : rank &* 0x0101_6f37)
    }
    return (0..<count).map { _ in
        let octets = UInt64.random(in: 40...2000, using: &numbers)
        return SwarmEdge(
            source: host(), target: host(),
            service: [6 << 16 | 443, 17 << 16 | 53, 6 << 16 | 22, 1 << 16][
                Int.random(in: 0..<4, using: &numbers)],
            sums: SwarmSums(flows: 1, packets: octets / 40, bytes: octets * octets))
    }
}

func sum(_ all: some Sequence<SwarmSums>) -> SwarmSums {
    all.reduce(into: SwarmSums()) { $0.add($1) }
}

private func settings() -> SwarmSettings {
    var settings = SwarmSettings()
    settings.services = [6 << 16 | 443, 17 << 16 | 53]
    settings.isInside = { $0.v4.map { $0 >> 24 == 10 } ?? false }
    settings.country = { address in
        address.v4.flatMap { CountryCode(65 + UInt8($0 % 26), 65 + UInt8($0 % 5)) }
    }
    return settings
}

@Suite struct SwarmEngineTests {
    @Test(arguments: [1, 40, 3_000, 60_000])
    func `nothing is lost, however much is folded`(count: Int) {
        let engine = SwarmEngine(settings())
        for number in 0..<6 as Range<UInt64> {
            let edges = someEdges(count, seed: number)
            let scene = engine.take(SwarmStep(number: number, edges: edges))
            let total = sum(edges.map(\.sums))
            #expect(scene.total == total)
            #expect(sum(scene.streams.map(\.sums)) == total)
            #expect(sum(scene.services) == total)
            #expect(scene.services.count == 3)
            #expect(scene.streams.count <= 1024 + 4 * 3)
            #expect(scene.nodes.count <= SwarmEngine.slotsMax)
            #expect(scene.folded.bytes <= total.bytes)
            #expect(scene.streams.reduce(0) { $0 + Int($1.edges) } == scene.edges)
            for stream in scene.streams {
                #expect(scene.node(stream.source) != nil && scene.node(stream.target) != nil)
            }
        }
    }

    @Test func `the same steps give the same scenes, another seed others`() {
        func fingerprints(_ seed: UInt64) -> [UInt64] {
            var settings = settings()
            settings.seed = seed
            let engine = SwarmEngine(settings)
            return (0..<8 as Range<UInt64>).map { number in
                // The order in which edges come does not matter.
                var edges = someEdges(2_000, seed: number)
                var numbers = Numbers(state: number ^ 0x55AA)
                edges.shuffle(using: &numbers)
                return engine.take(SwarmStep(number: number, edges: edges)).fingerprint
            }
        }
        #expect(fingerprints(1) == fingerprints(1))
        #expect(fingerprints(1) != fingerprints(2))
    }

    @Test func `an empty step is a scene too, and what was seen stays in its place`() {
        let engine = SwarmEngine(settings())
        let first = engine.take(SwarmStep(number: 9, edges: someEdges(500, seed: 3)))
        let empty = engine.take(SwarmStep(number: 10, edges: []))
        #expect(empty.total == SwarmSums() && empty.streams.isEmpty)
        let names = Set(empty.nodes.map(\.name))
        #expect(first.nodes.filter { names.contains($0.name) }.count > first.nodes.count / 2)
        for node in empty.nodes {
            if let before = first.nodes.first(where: { $0.name == node.name }) {
                #expect(before.slot == node.slot)
            }
        }
    }

    @Test func `a host stays a node until it is far behind`() {
        var settings = settings()
        (settings.hostsIn, settings.hostsOut) = (2, 4)
        let engine = SwarmEngine(settings)
        func host(_ number: UInt32) -> IPAddress { IPAddress(v4: number << 16) }
        func scene(_ octets: [UInt64]) -> Set<SwarmName> {
            let edges = octets.enumerated().map { index, bytes in
                SwarmEdge(
                    source: host(UInt32(index + 1)), target: host(UInt32(index + 1)), service: 1,
                    sums: SwarmSums(flows: 1, packets: 1, bytes: bytes))
            }
            return Set(engine.take(SwarmStep(number: 0, edges: edges)).nodes.map(\.name))
        }
        #expect(scene([900, 800, 100, 90, 80]).contains(.host(host(2))))
        // Third now, and still one; the new second is one too.
        let later = scene([0, 0, 5_000, 0, 0])
        #expect(later.contains(.host(host(2))) && later.contains(.host(host(3))))
        // Behind four others.
        let last = scene([90_000, 0, 90_000, 90_000, 90_000])
        #expect(!last.contains(.host(host(2))))
    }

    @Test func `a network, a country, the rest stand for those who are no nodes`() throws {
        var settings = settings()
        (settings.hostsIn, settings.hostsOut) = (1, 1)
        (settings.networksIn, settings.networksOut) = (1, 1)
        (settings.countriesIn, settings.countriesOut) = (1, 1)
        settings.country = { _ in CountryCode(rawValue: 0x4348) }
        let engine = SwarmEngine(settings)
        func edge(_ source: UInt32, _ bytes: UInt64) -> SwarmEdge {
            SwarmEdge(
                source: IPAddress(v4: source), target: IPAddress(v4: 0xC000_0201), service: 1,
                sums: SwarmSums(flows: 1, packets: 1, bytes: bytes))
        }
        let scene = engine.take(
            SwarmStep(
                number: 1,
                edges: [
                    edge(0xC633_6401, 400), edge(0xC633_6402, 400), edge(0xCB00_7101, 100),
                    edge(0x0A00_0001, 50),
                ]))
        let names = Set(scene.nodes.map(\.name))
        #expect(
            names == [
                .host(IPAddress(v4: 0xC000_0201)),
                .network(try #require(IPPrefix("198.51.100.0/24"))),
                .country(CountryCode(rawValue: 0x4348)), .rest(isInside: true),
                .rest(isInside: false),
            ])
        let network = try #require(
            scene.nodes.first { if case .network = $0.name { true } else { false } })
        #expect(network.sums.bytes == 800)
    }

    @Test func `nodes keep within the picture and off each other`() {
        let engine = SwarmEngine(settings())
        var scene = engine.take(SwarmStep(number: 0, edges: someEdges(4_000, seed: 1)))
        for number in 1..<40 as Range<UInt64> {
            scene = engine.take(SwarmStep(number: number, edges: someEdges(4_000, seed: 1)))
        }
        var covered = 0
        for (index, node) in scene.nodes.enumerated() {
            for other in scene.nodes[(index + 1)...] {
                let (dx, dy) = (Int(node.x) - Int(other.x), Int(node.y) - Int(other.y))
                if dx * dx + dy * dy < 250 * 250 { covered += 1 }
            }
        }
        #expect(covered < scene.nodes.count / 20)
    }
}
