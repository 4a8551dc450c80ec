import FlowModel
import FlowSwarm
import Testing

@Suite struct SwarmSignalsTests {
    private func v4(_ number: UInt32) -> IPAddress { IPAddress(v4: number) }

    private func edge(
        _ source: UInt32, _ target: UInt32, _ service: UInt32, flows: UInt64 = 1, bytes: UInt64 = 60
    ) -> SwarmEdge {
        SwarmEdge(
            source: v4(source), target: v4(target), service: service,
            sums: SwarmSums(flows: flows, packets: flows, bytes: bytes))
    }

    private func scene(
        _ edges: [SwarmEdge], _ change: (inout SwarmSettings) -> Void = { _ in }
    ) -> SwarmScene {
        var settings = SwarmSettings()
        change(&settings)
        return SwarmEngine(settings).take(SwarmStep(number: 0, edges: edges))
    }

    /// Something large that has nothing to do with it.
    private var others: [SwarmEdge] {
        (1...400).flatMap { number in
            [
                edge(0x0A00_0000 + number, 0xC633_6400, 6 << 16 | 443, bytes: 1 << 30),
                edge(0xC633_6400, 0x0A00_0000 + number, 6 << 16 | 443, bytes: 1 << 30),
            ]
        }
    }

    @Test func `one that asks many who do not answer scans, and is a node however small`() throws {
        let scanner: UInt32 = 0xCB00_7109
        let scene = scene(
            others + (1...200).map { edge(scanner, 0xC000_0200 + $0, 6 << 16 | 22) })
        let signal = try #require(scene.signals.first)
        #expect(signal.kind == .scan && signal.subject == v4(scanner))
        #expect(signal.count == 200 && signal.service == 6 << 16 | 22)
        let node = try #require(scene.nodes.first { $0.name == .host(v4(scanner)) })
        #expect(node.marks == .scans)
        #expect(scene.streams.contains { $0.source == node.slot && $0.marks.contains(.scans) })
    }

    @Test func `one whom many answer is a server`() {
        #expect(scene(others).signals.isEmpty)
    }

    @Test func `many services of one host, unanswered, are a port scan`() throws {
        let scene = scene((1...500).map { edge(1 << 24, 2 << 24, 6 << 16 | $0) })
        let signal = try #require(scene.signals.first)
        #expect(signal.kind == .portScan && signal.count == 500)
        #expect(signal.subject == v4(1 << 24) && signal.object == v4(2 << 24))
    }

    @Test func `one whom many ask without an answer is flooded`() throws {
        let scene = scene(
            others + (1...3000).map { edge(0xC600_0000 &+ $0 &* 65_599, 0xC000_0210, 6 << 16 | 80) }
        )
        let signal = try #require(scene.signals.first)
        #expect(signal.kind == .flood && signal.subject == v4(0xC000_0210))
        #expect(signal.count == 3000)
        let node = try #require(scene.nodes.first { $0.name == .host(v4(0xC000_0210)) })
        #expect(node.marks.contains(.flooded))
    }

    @Test(
        arguments: [
            // Octets out, back, what others send out; whether it is told.
            (8_388_608, 1000, 4_194_304, true), (8_388_608, 524_288, 4_194_304, true),
            (8_388_608, 1_048_576, 4_194_304, false), (8_388_608, 0, 33_554_432, false),
            (524_288, 0, 0, false),
        ] as [(UInt64, UInt64, UInt64, Bool)])
    func `who sends much out and gets little uploads`(
        out: UInt64, back: UInt64, rest: UInt64, isTold: Bool
    ) throws {
        let (host, peer): (UInt32, UInt32) = (0x0A00_0005, 0xC000_0242)
        let scene = scene([
            edge(host, peer, 6 << 16 | 443, bytes: out),
            edge(peer, host, 6 << 16 | 443, bytes: back),
            edge(host, 0x0A00_0007, 6 << 16 | 22, bytes: 1 << 40),
            edge(0x0A00_0006, 0xC000_0207, 6 << 16 | 443, bytes: rest),
            edge(0xC000_0207, 0x0A00_0006, 6 << 16 | 443, bytes: rest),
            edge(0xC000_0208, 0xC000_0209, 6 << 16 | 443, bytes: 1 << 40),
        ]) { settings in
            settings.isInside = { (0x0A00_0000..<0x0B00_0000).contains($0.low & 0xFFFF_FFFF) }
        }
        guard isTold else {
            #expect(scene.signals.isEmpty)
            return
        }
        let signal = try #require(scene.signals.first)
        #expect(signal.kind == .upload && signal.sums.bytes == out && scene.signals.count == 1)
        #expect(signal.subject == v4(host) && signal.object == v4(peer))
        #expect(scene.nodes.filter { $0.marks.contains(.uploads) }.count == 2)
        #expect(scene.streams.filter { $0.marks.contains(.uploads) }.map(\.sums.bytes) == [out])
    }

    @Test func `a listed host and a beacon are seen whatever else flows`() throws {
        let (host, peer): (UInt32, UInt32) = (0x0A00_0005, 0xC000_0242)
        let listed = scene(others + [edge(host, peer, 6 << 16 | 443)]) { settings in
            settings.isListed = { $0 == IPAddress(v4: 0xC000_0242) }
        }
        #expect(listed.signals.map(\.kind) == [.listed])
        #expect(listed.nodes.contains { $0.name == .host(v4(peer)) && $0.marks == .listed })
        #expect(listed.streams.filter { $0.marks.contains(.listed) }.map(\.sums.bytes) == [60])
        let beacon = scene(others + [edge(host, peer, 6 << 16 | 443)]) { settings in
            settings.beacons = [SwarmContact(source: v4(host), target: v4(peer))]
        }
        #expect(beacon.signals.map(\.kind) == [.beacon])
        #expect(beacon.nodes.filter { $0.marks.contains(.beacons) }.count == 2)
    }
}
