import FlowModel
import Testing

@testable import FlowSwarm

/// Reads what docs/swarm.md describes, and shares nothing with what writes it but the types.
private struct SceneReader {
    private var rest: ArraySlice<UInt8>
    private(set) var names: [UInt64: SwarmName] = [:]
    private var legend = 0

    init(_ octets: [UInt8]) { rest = octets[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func octet() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func little(_ octets: Int) -> UInt64 {
        (0..<octets).reduce(0) { $0 | UInt64(octet()) << UInt64(8 * $1) }
    }

    mutating func varint() -> UInt64 {
        var (number, shift): (UInt64, UInt64) = (0, 0)
        while true {
            let next = octet()
            number |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return number }
            shift += 7
        }
    }

    mutating func text() -> String {
        let count = Int(varint())
        defer { rest = rest.dropFirst(count) }
        return String(decoding: rest.prefix(count), as: UTF8.self)
    }

    mutating func sums() -> SwarmSums {
        SwarmSums(flows: varint(), packets: varint(), bytes: varint())
    }

    mutating func address() -> IPAddress {
        if octet() == 4 {
            return IPAddress(v4: (0..<4).reduce(0) { number, _ in number << 8 | UInt32(octet()) })
        }
        func half() -> UInt64 { (0..<8).reduce(0) { number, _ in number << 8 | UInt64(octet()) } }
        return IPAddress(high: half(), low: half())
    }

    mutating func name() throws -> SwarmName {
        switch octet() {
        case 0: return .host(address())
        case 1:
            let address = address()
            let length = Int(octet())
            return .network(
                try #require(IPPrefix(address, length: length)))
        case 2: return .country(CountryCode(rawValue: UInt16(little(2))))
        case let kind: return .rest(isInside: kind == 3)
        }
    }

    mutating func record() -> (kind: UInt8, SceneReader) {
        let kind = octet()
        let count = Int(little(4))
        defer { rest = rest.dropFirst(count) }
        var inner = self
        inner.rest = rest.prefix(count)
        return (kind, inner)
    }

    /// A scene by the names that are known so far, and whether it says all of them.
    mutating func scene(seed: UInt64) throws -> (SwarmScene, hash: UInt64, namesAll: Bool) {
        let namesAll = octet() & 1 == 1
        if namesAll { names = [:] }
        let (number, hash) = (varint(), little(8))
        var (nodes, next): ([SwarmNode], UInt64) = ([], 0)
        for _ in 0..<varint() {
            let word = varint()
            let slot = next + word >> 1
            next = slot + 1
            if word & 1 == 1 { names[slot] = try name() }
            nodes.append(
                SwarmNode(
                    slot: UInt16(slot), name: try #require(names[slot]), x: UInt16(little(2)),
                    y: UInt16(little(2)), size: UInt16(varint()),
                    marks: SwarmMarks(rawValue: octet()), sums: sums()))
        }
        let services = (0..<varint()).map { _ in sums() }
        let (total, edges, folded) = (sums(), Int(varint()), sums())
        var key: UInt64 = 0
        let streams = (0..<varint()).map { _ in
            key += varint()
            let pair = key / 12
            return SwarmStream(
                source: UInt16(pair / 512), target: UInt16(pair % 512), service: UInt8(key % 12),
                marks: SwarmMarks(rawValue: octet()), edges: UInt32(varint()), sums: sums(),
                hash: mixed(key ^ mixed(seed + 7)))
        }
        var signals: [SwarmSignal] = []
        for _ in 0..<varint() {
            let kind = try #require(SwarmSignal.Kind(rawValue: octet()))
            let has = octet()
            signals.append(
                SwarmSignal(
                    kind: kind, subject: address(), object: has & 1 == 1 ? address() : nil,
                    service: has & 2 == 2 ? UInt32(varint()) : nil, count: Int(varint()),
                    sums: sums()))
        }
        return (
            SwarmScene(
                number: number, nodes: nodes, streams: streams, services: services, total: total,
                edges: edges, folded: folded, signals: signals), hash, namesAll
        )
    }

    /// What names other scenes have told.
    mutating func know(_ names: [UInt64: SwarmName]) { self.names = names }
}

@Suite struct SceneEncoderTests {
    private func scenes(_ steps: Range<UInt64>, seed: UInt64) -> [SwarmScene] {
        var settings = SwarmSettings()
        settings.services = [6 << 16 | 443, 17 << 16 | 53]
        settings.seed = seed
        settings.isInside = { $0.v4.map { $0 >> 24 == 10 } ?? false }
        settings.isListed = { $0.low & 0xFF == 77 }
        settings.country = { $0.low % 5 == 0 ? CountryCode(rawValue: 0x4843) : nil }
        let engine = SwarmEngine(settings)
        return steps.map { number in
            let scan = (1...40 as ClosedRange<UInt32>).map { host in
                SwarmEdge(
                    source: IPAddress(v4: 0x0A00_0001), target: IPAddress(v4: 0x0A01_0000 + host),
                    service: 6 << 16 | 22, sums: SwarmSums(flows: 1, packets: 1, bytes: 40))
            }
            let huge = SwarmEdge(
                source: IPAddress(v4: 0x0A00_0002), target: IPAddress(high: 1 << 61, low: 9),
                service: 17 << 16 | 53,
                sums: SwarmSums(flows: 3, packets: .max, bytes: 1 << 63 + number))
            return engine.take(
                SwarmStep(number: number, edges: someEdges(900, seed: number) + scan + [huge]))
        }
    }

    @Test(arguments: [1, 0x8000_0000_0000_0007] as [UInt64])
    func `what is written is read again, field by field`(seed: UInt64) throws {
        let scenes = scenes(1000..<1150, seed: seed)
        var encoder = SceneEncoder()
        var names: [UInt64: SwarmName] = [:]
        for (place, scene) in scenes.enumerated() {
            var reader = SceneReader(encoder.record(of: scene))
            var (kind, inner) = reader.record()
            #expect(kind == 2 && reader.isAtEnd)
            // From here on nothing of before is needed.
            inner.know(place % 64 == 0 ? [:] : names)
            let (read, hash, namesAll) = try inner.scene(seed: seed)
            names = inner.names
            #expect(inner.isAtEnd && namesAll == (place % 64 == 0))
            #expect(read.fingerprint == scene.fingerprint && hash == scene.fingerprint)
            #expect(read.nodes == scene.nodes && read.streams == scene.streams)
            #expect(read.services == scene.services && read.signals == scene.signals)
            #expect(read.total == scene.total && read.folded == scene.folded)
            #expect(read.edges == scene.edges)
        }
    }

    /// Whoever reads from a checkpoint on does not know who was there before it.
    @Test func `a node that is away at a checkpoint is named when it comes back`() throws {
        let node = SwarmNode(
            slot: 3, name: .host(IPAddress(v4: 7)), x: 1, y: 2, size: 3, marks: [],
            sums: SwarmSums())
        var encoder = SceneEncoder()
        var names: [UInt64: SwarmName] = [:]
        for number in 0..<70 as Range<UInt64> {
            let scene = SwarmScene(
                number: number, nodes: 60..<66 ~= number ? [] : [node], streams: [], services: [],
                total: SwarmSums(), edges: 0, folded: SwarmSums(), signals: [])
            var reader = SceneReader(encoder.record(of: scene))
            var inner = reader.record().1
            inner.know(names)
            #expect(try inner.scene(seed: 1).0.nodes == scene.nodes)
            names = inner.names
        }
    }

    @Test func `a stream begins with what it is about`() throws {
        let header = SceneStreamHeader(
            seed: .max - 1, step: 60_000, steps: 27_000_000..<27_000_002,
            window: 1_620_000_000_000..<1_620_000_110_000,
            services: [.init(name: "tcp/443", color: 0x56B4E9), .init(name: "others", color: 1)],
            timeline: [[1, 2], [.max, 0]])
        let octets = SceneEncoder.opening(header)
        #expect(Array(octets.prefix(5)) == Array("SKSW".utf8) + [1])
        var reader = SceneReader(Array(octets.dropFirst(5)))
        var (kind, inner) = reader.record()
        #expect(kind == 1 && reader.isAtEnd)
        #expect(inner.little(8) == header.seed)
        #expect(
            (0..<5).map { _ in inner.varint() } == [
                60_000, 27_000_000, 2, 1_620_000_000_000, 1_620_000_110_000,
            ])
        #expect((0..<3).map { _ in inner.varint() } == [512, 12, 64])
        #expect(inner.varint() == 2)
        #expect([inner.octet(), inner.octet(), inner.octet()] == [0x56, 0xB4, 0xE9])
        #expect(inner.text() == "tcp/443")
        #expect([inner.octet(), inner.octet(), inner.octet()] == [0, 0, 1])
        #expect(inner.text() == "others")
        #expect(inner.varint() == 2)
        #expect((0..<4).map { _ in inner.varint() } == [1, 2, .max, 0])
        #expect(inner.isAtEnd)
        #expect(SceneEncoder.end(flowsOfUnknownRate: 300) == [3, 2, 0, 0, 0, 0xAC, 2])
    }
}
