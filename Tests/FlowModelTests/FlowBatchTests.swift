import FlowModel
import Testing

@Suite struct FlowBatchTests {
    @Test func `the table is in the order of the column numbers`() {
        for (index, info) in Field.table.enumerated() {
            #expect(Int(info.field.rawValue) == index + 1)
            #expect(Field(name: info.name) == info.field)
        }
        #expect(Field.table.count == Field.lastNumber)
    }

    @Test func `presence is kept apart from zero, and reset forgets`() {
        let batch = FlowBatch()
        let vlan = batch.columnForWriting(.srcvlan)
        vlan.set(0, at: 1)
        vlan.markPresent(100..<300)
        batch.advance(by: 400)
        #expect(batch.number(.srcvlan, at: 0) == nil)
        #expect(batch.number(.srcvlan, at: 1) == 0)
        #expect(!vlan.isPresent(99) && vlan.isPresent(100) && vlan.isPresent(299))
        #expect(!vlan.isPresent(300))
        #expect(batch.number(.packets, at: 5) == 0)
        #expect(batch.number(.dstvlan, at: 1) == nil)
        batch.reset()
        #expect(batch.column(.srcvlan) == nil && batch.count == 0)
        #expect(!batch.columnForWriting(.srcvlan).isPresent(100))
    }

    @Test func `a late rate mends the past, a later one does not`() {
        var rates = SamplingRates()
        let exporter = IPAddress(v4: 1)
        func ask(_ sampler: UInt64?, _ received: UInt64) -> UInt32 {
            rates.interval(
                exporter: exporter, domain: 7, sampler: sampler, interface: nil, received: received)
        }
        #expect(ask(nil, 5) == 1)
        #expect(ask(3, 5) == 0)
        rates.note(
            .init(exporter: exporter, domain: 7, subject: .sampler(3), interval: 100, since: 10))
        rates.note(
            .init(exporter: exporter, domain: 7, subject: .sampler(3), interval: 200, since: 20))
        let isNews = rates.note(
            .init(exporter: exporter, domain: 7, subject: .sampler(3), interval: 200, since: 30))
        #expect(!isNews)
        #expect([ask(3, 5), ask(3, 10), ask(3, 19), ask(3, 20)] == [100, 100, 100, 200])
        #expect(ask(nil, 20) == 1)
    }

    @Test func `a rate that replaces one of the same instant leaves later ones alone`() {
        var rates = SamplingRates()
        let exporter = IPAddress(v4: 1)
        for (interval, since) in [(10, 1), (20, 2), (30, 3), (30, 1)] as [(UInt32, UInt64)] {
            rates.note(
                .init(
                    exporter: exporter, domain: 7, subject: .domain, interval: interval,
                    since: since))
        }
        let found = (1...3).map {
            rates.interval(
                exporter: exporter, domain: 7, sampler: nil, interface: nil, received: $0)
        }
        #expect(found == [30, 20, 30])
    }

    @Test func `other says when its layouts take too much`() {
        let batch = FlowBatch()
        for number in 0..<1025 {
            #expect(!batch.other.isFull)
            let elements = (0..<1024).map {
                OtherElement(enterprise: UInt32(number), id: UInt16($0), length: 1)
            }
            #expect(batch.other.layout(elements) != nil)
        }
        #expect(batch.other.isFull)
        batch.reset()
        #expect(!batch.other.isFull)
    }
}
