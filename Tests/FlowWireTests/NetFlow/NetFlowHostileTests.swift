import FlowModel
import FlowWire
import Foundation
import Testing

/// Pitfalls 21 and 22 of `wire-pitfalls.md`: strangers, damage, and other traffic.
@Suite struct NetFlowHostileTests {
    private static let pair = [field(8, 4), field(1, 4)]

    private func endpoint(_ number: UInt32) -> ExporterEndpoint {
        ExporterEndpoint(address: IPAddress(v4: number), port: 1)
    }

    @Test func `pitfall 21: exporters are bounded, and silent ones make room`() throws {
        var configuration = ExportDecoderConfiguration()
        configuration.exportersMax = 2
        let exports = DecodedExports(configuration: configuration)
        let now: UInt64 = 1_700_000_000_000
        let message = ExportMessage.ipfix().template(256, Self.pair).data(256, [(1, 4), (2, 4)])
        for number in 1...3 {
            try exports.decode(message.bytes, from: endpoint(UInt32(number)), received: now)
        }
        #expect(exports.counters.undecoded[.exportersFull] == 1)
        #expect(exports.counters.records == 2)
        try exports.decode(message.bytes, from: endpoint(1), received: now + 1_700_000)
        try exports.decode(message.bytes, from: endpoint(3), received: now + 2_000_000)
        #expect(exports.counters.records == 4)
    }

    @Test func `pitfall 21: templates and their fields are bounded`() throws {
        var configuration = ExportDecoderConfiguration()
        configuration.templatesPerExporterMax = 2
        configuration.fieldsPerTemplateMax = 3
        // Those of one different template of two fields, and of one of three.
        configuration.fieldsMax = 53
        let exports = DecodedExports(configuration: configuration)
        try exports.decode(
            ExportMessage.ipfix().template(256, Self.pair).template(257, Self.pair)
                .template(258, Self.pair).template(256, Self.pair).bytes)
        #expect(exports.counters.undecoded[.templatesFull] == 1)
        try exports.decode(
            ExportMessage.ipfix().template(
                257, [field(1, 4), field(2, 4), field(3, 4), field(4, 1)]
            )
            .data(256, [(1, 4), (2, 4)]).bytes)
        #expect(exports.counters.undecoded[.templateTooLarge] == 1)
        #expect(exports.counters.records == 1)
        try exports.decode(
            ExportMessage.ipfix().template(256, [field(1, 4), field(2, 4), field(3, 4)]).bytes,
            from: endpoint(9))
        #expect(exports.counters.undecoded[.templatesFull] == 1)
        try exports.decode(
            ExportMessage.ipfix().template(256, [field(1, 4)]).bytes, from: endpoint(10))
        #expect(exports.counters.undecoded[.templatesFull] == 2)
    }

    @Test func `pitfall 21: the same template of many exporters costs little more than once`()
        throws
    {
        var configuration = ExportDecoderConfiguration()
        // One of two fields, and 100 exporters of it.
        configuration.fieldsMax = 2 + 16 + 100 * 4
        let exports = DecodedExports(configuration: configuration)
        for last in 0..<100 as Range<UInt32> {
            try exports.decode(
                ExportMessage.ipfix().template(256, Self.pair).bytes, from: endpoint(last))
        }
        #expect(exports.counters.undecoded.isEmpty)
        try exports.decode(
            ExportMessage.ipfix().template(256, Self.pair).bytes, from: endpoint(100))
        #expect(exports.counters.undecoded == [.templatesFull: 1])
        // In place of its own an exporter may have another, as long as somebody comes after it.
        try exports.decode(
            ExportMessage.ipfix().template(256, [field(1, 4)]).data(256, [(1, 4)]).bytes,
            from: endpoint(0))
        #expect(exports.counters.records == 1)
    }

    @Test func `pitfall 21: a flood of templates pushes out those of nobody who was there before`()
        throws
    {
        var configuration = ExportDecoderConfiguration()
        configuration.fieldsMax = 2000
        configuration.exportersMax = 500
        let exports = DecodedExports(configuration: configuration)
        let known = endpoint(1)
        try exports.decode(ExportMessage.ipfix().template(256, Self.pair).bytes, from: known)
        func flood() throws {
            for number in 0..<1000 as Range<UInt64> {
                try exports.decode(
                    ExportMessage.ipfix(domain: number)
                        .template(256, [field(number % 250 + 1, 1), field(number / 250 + 1, 4)])
                        .bytes, from: endpoint(2 + UInt32(number % 7)))
            }
        }
        try flood()
        #expect(exports.counters.undecoded[.templatesFull, default: 0] > 300)
        #expect(exports.counters.undecoded[.exportersFull, default: 0] > 400)
        // Its template is there, and it may have others, also in place of that one.
        try exports.decode(
            ExportMessage.ipfix().data(256, [(1, 4), (2, 4)])
                .template(257, [field(1, 8)]).data(257, [(3, 8)])
                .template(256, [field(2, 8)]).data(256, [(4, 8)]).bytes, from: known)
        #expect(exports.counters.records == 3)
        let status = try #require(
            exports.decoder.exporterStatuses().first { $0.sender == known.address })
        #expect(status.templates == 2)
        #expect(status.tally.undecoded.isEmpty)

        // Nor after a restart.
        let later = DecodedExports(configuration: configuration)
        later.restoreExporters(exports.decoder.exporterSnapshot())
        try later.decode(ExportMessage.ipfix().data(257, [(3, 8)]).bytes, from: known)
        #expect(later.counters.records == 1)
    }

    @Test func `pitfall 21: data that wait for a template are bounded, and counted when dropped`()
        throws
    {
        var configuration = ExportDecoderConfiguration()
        configuration.waitingBytesPerExporterMax = 1000
        configuration.waitingBytesMax = 1500
        let exports = DecodedExports(configuration: configuration)
        let set = [UInt8](repeating: 1, count: 400)
        for _ in 0..<3 {
            try exports.decode(ExportMessage.ipfix().set(256, set).bytes, from: endpoint(1))
        }
        #expect(exports.counters.undecoded[.templateUnknown] == 2)
        for _ in 0..<3 {
            try exports.decode(ExportMessage.ipfix().set(256, set).bytes, from: endpoint(2))
        }
        try exports.finish()
        #expect(exports.counters.undecoded[.templateUnknown] == 6)
        // What was dropped no longer counts against the bound.
        try exports.decode(ExportMessage.ipfix().set(256, set).bytes, from: endpoint(2))
        try exports.decode(
            ExportMessage.ipfix(seconds: 1_700_000_001).template(256, Self.pair).bytes,
            from: endpoint(2))
        #expect(exports.counters.records == 50)
    }

    @Test func `pitfall 21: names and rates are bounded`() throws {
        var configuration = ExportDecoderConfiguration()
        configuration.namesMax = 1
        configuration.ratesPerExporterMax = 1
        let exports = DecodedExports(configuration: configuration)
        try exports.decode(
            ExportMessage.ipfix().options(300, scope: [field(10, 4)], [field(82, 1), field(34, 4)])
                .data(300, [(1, 4), (65, 1), (10, 4), (2, 4), (66, 1), (20, 4)]).bytes)
        #expect(exports.counters.undecoded[.namesFull] == 1)
        #expect(exports.counters.undecoded[.ratesFull] == 1)
        #expect(exports.decoder.names.interfaces.count == 1)
        #expect(exports.decoder.takeRates().count == 1)
    }

    @Test func `pitfall 21: rates that change to and fro are bounded`() throws {
        var configuration = ExportDecoderConfiguration()
        configuration.ratesPerExporterMax = 5
        let exports = DecodedExports(configuration: configuration)
        let message = ExportMessage.ipfix().options(
            300, scope: [field(149, 4)], [field(34, 4), field(130, 4)])
        for turn in 0..<10 as Range<UInt64> {
            try exports.decode(
                message.data(300, [(1, 4), (10 + turn % 2, 4), (9, 4)]).bytes,
                received: 1_700_000_000_000 + turn)
        }
        #expect(exports.decoder.takeRates().count == 5)
        // A rate that was not taken is tried again only where it differs from the one that was.
        #expect(exports.counters.undecoded[.ratesFull] == 3)
        // The first new address would have its rate, if there were room; the others have nothing.
        for turn in 0..<10 as Range<UInt64> {
            try exports.decode(
                message.data(300, [(1, 4), (0, 4), (20 + turn % 2, 4)]).bytes)
        }
        #expect(exports.decoder.takeRates().isEmpty)
        #expect(exports.counters.undecoded[.ratesFull] == 4)
    }

    @Test func `pitfall 21: templates that each have elements of their own fill no batch`() throws {
        let exports = DecodedExports()
        let elements = (0..<1000 as Range<UInt64>).map { field($0, 1, enterprise: 70_000) }
        var message = ExportMessage.ipfix().template(256, elements)
            .set(256, Array(repeating: 7, count: 1000))
        for number in 0..<1100 {
            // The first element's enterprise, behind the headers of message, set and template.
            message.bytes[30] = UInt8(number >> 8)
            message.bytes[31] = UInt8(number & 255)
            try exports.decode(message.bytes)
        }
        try exports.finish()
        #expect(exports.batches.count == 2)
        #expect(exports.rows.count == 1100)
        #expect(exports.rows.last?.other.count == 1000)
    }

    @Test func `pitfall 21: a flood of small sets that wait is dropped one by one`() throws {
        let exports = DecodedExports()
        var message = ExportMessage.v9()
        for id in 256..<8256 as Range<UInt64> { message = message.set(id, [1]) }
        try exports.decode(message.bytes)
        let kept = 262_144 / 129
        #expect(exports.counters.undecoded[.templateUnknown] == UInt64(8000 - kept))
        try exports.decode(
            ExportMessage.v9(seconds: 1_700_000_001).template(8255, [field(4, 1)])
                .template(8254, [field(4, 1)]).bytes)
        try exports.finish()
        #expect(exports.counters.records == 2)
        #expect(exports.counters.undecoded[.templateUnknown] == 7998)
    }

    @Test func `a v5 count that lies costs nothing that is there`() throws {
        let exports = DecodedExports()
        try exports.decode(ExportMessage.v5(records: 3, count: 55582))
        try exports.decode(ExportMessage.v5(records: 3, count: 2))
        try exports.decode(Array(ExportMessage.v5(records: 3).dropLast(10)))
        try exports.finish()
        #expect(exports.counters.records == 7 && exports.counters.undecoded[.truncated] == 2)
    }

    @Test(arguments: [0, 1, 3, 4, 15, 19, 23])
    func `short datagrams are counted`(length: Int) throws {
        let exports = DecodedExports()
        for version in [1, 5, 7, 9, 10] as [UInt64] {
            var bytes: [UInt8] = []
            bytes.put(version, 2)
            bytes += [UInt8](repeating: 0, count: 30)
            try exports.decode(Array(bytes.prefix(length)))
            #expect(ExportDecoder.recognise(Array(bytes.prefix(length)).span.bytes) == nil)
        }
        let known = exports.counters.datagrams
        #expect(exports.counters.undecoded.values.reduce(0, +) + known >= 5)
        #expect(exports.counters.records == 0)
    }

    @Test func `one set may hold more records than octets of anything else`() throws {
        let exports = DecodedExports()
        let records = [UInt8](repeating: 6, count: 65_000)
        for _ in 0..<3 {
            try exports.decode(
                ExportMessage.v9().template(256, [field(4, 1)]).set(256, records).bytes)
        }
        try exports.finish()
        #expect(exports.counters.flows == 195_000 && exports.rows.count == 195_000)
        #expect(exports.batches.allSatisfy { $0.number(.proto, at: $0.count - 1) == 6 })
    }

    @Test func `pitfall 22: other traffic is not taken for exports`() throws {
        var dns: [UInt8] = [0, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        dns += [7] + Array("example".utf8) + [3] + Array("com".utf8) + [0, 0, 1, 0, 1]
        for id in [1, 5, 7, 9, 10] as [UInt8] {
            dns[1] = id
            #expect(ExportDecoder.recognise(dns.span.bytes) == nil)
        }
        #expect(ExportDecoder.recognise(Array("GET / HTTP/1.1\r\n\r\n".utf8).span.bytes) == nil)
        var random = Random(seed: 3)
        var taken = 0
        for _ in 0..<20_000 {
            var bytes = random.bytes(20 + random.below(200))
            bytes[0] = 0
            bytes[1] = [1, 5, 7, 9, 10][random.below(5)]
            if ExportDecoder.recognise(bytes.span.bytes) != nil { taken += 1 }
        }
        #expect(taken < 200)
    }

    @Test func `pitfall 22: each protocol is recognised by its content`() {
        #expect(ExportDecoder.recognise(ExportMessage.v5(records: 1).span.bytes) == .netflow5)
        let v9 = ExportMessage.v9().template(256, Self.pair).bytes
        #expect(ExportDecoder.recognise(v9.span.bytes) == .netflow9)
        let ipfix = ExportMessage.ipfix().template(256, Self.pair).bytes
        #expect(ExportDecoder.recognise(ipfix.span.bytes) == .ipfix)
        var v7 = ExportMessage.v5(records: 1) + [0, 0, 0, 0]
        v7[1] = 7
        #expect(ExportDecoder.recognise(v7.span.bytes) == .netflow7)
        var sflow: [UInt8] = []
        for word in [5, 1, 0xc000_0201, 0, 1, 1000, 1, 1, 0] as [UInt64] { sflow.put(word, 4) }
        #expect(ExportDecoder.recognise(sflow.span.bytes) == .sflow5)
    }

    @Test(.enabled(if: sharedCaptures != nil), arguments: NetFlowCaptureTests.captures)
    func `damaged captures never crash, and rows are counted right`(name: String) throws {
        let folder = try #require(sharedCaptures)
        let capture = try ExportCapture(contentsOf: folder.appendingPathComponent(name))
        var random = Random(seed: name.utf8.reduce(UInt64(0)) { $0 &* 31 &+ UInt64($1) })
        let exports = DecodedExports()
        for round in 0..<(capture.datagrams.count > 100 ? 1 : 10) {
            for datagram in capture.datagrams {
                var payload = datagram.payload
                guard payload.count > 4 else { continue }
                for _ in 0..<random.below(round + 3) {
                    let place = 2 + random.below(payload.count - 2)
                    if random.below(3) == 0 {
                        payload[place] = [0, 255, 127, 128][random.below(4)]
                    } else {
                        payload[place] ^= 1 << UInt8(random.below(8))
                    }
                }
                if random.below(4) == 0 { payload.removeLast(random.below(payload.count)) }
                _ = ExportDecoder.recognise(payload.span.bytes)
                try exports.decode(
                    payload, from: datagram.endpoint, received: datagram.received,
                    over: random.below(2) == 0 ? .datagram : .stream)
            }
        }
        try exports.finish()
        #expect(exports.rows.count == Int(exports.counters.flows))
        #expect(exports.counters.flows == exports.counters.records)
        for row in exports.rows { _ = row.other }
    }
}

/// SplitMix64: the same sequence on every machine.
struct Random {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
