import FlowModel
import FlowTestSupport
import Testing

@testable import FlowEnrichment

@Suite struct FlowEnricherTests {
    private static let ch = CountryCode("CH")
    private static let de = CountryCode("DE")

    /// 1.0.0.0/8 is Swiss and AS 100's, 2.0.0.0/8 German, 3.0.0.0/8 AS 300's.
    private static let database: AddressDatabase = {
        var source = AddressSource()
        source.answers += [
            AddressAnswer(country: ch, system: 100), AddressAnswer(country: de),
            AddressAnswer(system: 300),
        ]
        for net in UInt32(1)...3 {
            _ = source.families.v4.append(net << 24, net << 24 | 0xff_ffff, net)
        }
        source.families.v4.finish()
        source.families.v6.finish()
        return AddressDatabase([source], origins: [])
    }()

    @Test(arguments: [1, 63, 64, 65, 4095, 4096, 4097, 10_000, FlowBatch.capacity])
    func `both sides are looked up, and what is there stays`(rows: Int) {
        var random = Seeded(UInt64(rows))
        let batch = FlowBatch()
        var expected: [(country: UInt64?, system: UInt64?)] = []
        var counters = EnrichmentCounters()
        for row in 0..<rows {
            let net = UInt32.random(in: 0...4, using: &random)
            var had: (country: UInt64?, system: UInt64?) = (nil, nil)
            if net > 0 || Bool.random(using: &random) {
                let address = net == 0 ? 0x0a00_0000 : net << 24 | UInt32(row & 0xff_ffff)
                batch.columnForWriting(.dstip).set(IPAddress(v4: address), at: row)
                had = Self.answer(net)
                let country = had.country
                counters.known += country != nil && net > 0 ? 1 : 0
                counters.privateSpace += net == 0 ? 1 : 0
                counters.unknown += country == nil ? 1 : 0
                if Int.random(in: 0..<4, using: &random) == 0 {
                    let own = UInt64.random(in: 0...2, using: &random)
                    batch.columnForWriting(.dstas).set(own, at: row)
                    if own != 0 || had.system == nil { had.system = own }
                }
                if rows != 65, Int.random(in: 0..<8, using: &random) == 0 {
                    batch.columnForWriting(.dstgeo).set(0x4652, at: row)
                    counters.known -= country != nil && net > 0 ? 1 : 0
                    counters.privateSpace -= net == 0 ? 1 : 0
                    counters.unknown -= country == nil ? 1 : 0
                    had.country = 0x4652
                }
            }
            expected.append(had)
        }
        batch.advance(by: rows)
        let enricher = FlowEnricher(Self.database)
        enricher.enrich(batch)
        #expect(batch.column(.srcgeo) == nil && batch.column(.srcas) == nil)
        for row in 0..<rows {
            #expect(batch.number(.dstgeo, at: row) == expected[row].country, "row \(row)")
            #expect(batch.number(.dstas, at: row) == expected[row].system, "row \(row)")
        }
        counters.systems = enricher.counters.systems
        #expect(enricher.counters == counters)
        // Nothing was written behind the rows.
        if rows < FlowBatch.capacity {
            #expect(batch.column(.dstgeo)?.isPresent(rows) != true)
        }
        // Once more changes nothing.
        enricher.enrich(batch)
        #expect(enricher.counters.systems == counters.systems)
    }

    private static func answer(_ net: UInt32) -> (country: UInt64?, system: UInt64?) {
        switch net {
        case 0: (UInt64(CountryCode.privateSpace.rawValue), nil)
        case 1: (ch.map { UInt64($0.rawValue) }, 100)
        case 2: (de.map { UInt64($0.rawValue) }, nil)
        case 3: (nil, 300)
        default: (nil, nil)
        }
    }

    @Test func `columns are made only where something is known`() {
        let batch = FlowBatch()
        batch.columnForWriting(.srcip).set(IPAddress(v4: 0x0900_0001), at: 0)
        batch.advance(by: 1)
        let enricher = FlowEnricher(Self.database)
        enricher.enrich(batch)
        #expect(batch.column(.srcgeo) == nil && batch.column(.srcas) == nil)
        #expect(enricher.counters.unknown == 1)
        #expect(enricher.counters.known + enricher.counters.privateSpace == 0)
    }
}
