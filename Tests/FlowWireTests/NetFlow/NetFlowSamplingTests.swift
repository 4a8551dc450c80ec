import FlowModel
import FlowWire
import Testing

/// Pitfall 14 of `wire-pitfalls.md`: sampling; and the other tables of options data.
@Suite struct NetFlowSamplingTests {
    private let exports = DecodedExports()

    private func rates(
        scope: [(field: ExportMessage.Element, value: UInt64)] = [(field(149, 4), 1)],
        _ values: [(field: ExportMessage.Element, value: UInt64)]
    ) throws -> [SamplingRate.Subject: UInt32] {
        try exports.decode(
            ExportMessage.ipfix().options(300, scope: scope.map(\.field), values.map(\.field))
                .data(300, (scope + values).map { ($0.value, Int($0.field.length)) }).bytes)
        let rates = exports.decoder.takeRates()
        return Dictionary(uniqueKeysWithValues: rates.map { ($0.subject, $0.interval) })
    }

    @Test(
        arguments: [
            (0, nil), (1, nil), (100, 100), (0x4000, nil), (0x4064, 100), (0xc064, 100),
        ] as [(UInt64, UInt64?)])
    func `pitfall 14: v5 has mode and interval in one word`(word: UInt64, rate: UInt64?) throws {
        try exports.decode(ExportMessage.v5(records: 2, engine: 0x0203, sampling: word))
        try exports.finish()
        #expect(exports.rows.map { $0[.sampling] } == [rate, rate])
        #expect(exports.rows.map { $0[.domain] } == [0x0203, 0x0203])
    }

    @Test func `pitfall 14: each way to announce a rate`() throws {
        #expect(try rates([(field(34, 4), 1000)]) == [.domain: 1000])
        #expect(try rates([(field(50, 4), 2000), (field(34, 4), 0)]) == [.domain: 2000])
        #expect(try rates([(field(305, 4), 1), (field(306, 4), 9)]) == [.domain: 10])
        #expect(try rates([(field(309, 4), 2), (field(310, 4), 512)]) == [.domain: 256])
        #expect(try rates([(field(311, 8), (0.01).bitPattern)]) == [.domain: 100])
    }

    @Test func `pitfall 14: a rate is of a sampler, an interface or the domain`() throws {
        #expect(try rates([(field(302, 8), 7), (field(34, 4), 10)]) == [.sampler(7): 10])
        #expect(try rates(scope: [(field(48, 1), 8)], [(field(50, 4), 20)]) == [.sampler(8): 20])
        #expect(
            try rates(scope: [(field(10, 4), 5)], [(field(34, 4), 30)]) == [.interface(5): 30])
        #expect(
            try rates([(field(48, 1), 0), (field(34, 4), 40)]) == [.sampler(0): 40, .domain: 40])
        try exports.decode(
            ExportMessage.v9().options(301, scope: [field(2, 4)], [field(34, 4)])
                .data(301, [(6, 4), (50, 4)]).bytes)
        #expect(exports.decoder.takeRates().map(\.subject) == [.interface(6)])
    }

    @Test func `pitfall 14: zero is unknown, and the same rate again is no news`() throws {
        #expect(try rates([(field(34, 4), 0)]).isEmpty)
        #expect(try rates([(field(305, 4), 0), (field(306, 4), 9)]).isEmpty)
        #expect(try rates([(field(34, 4), 5)]) == [.domain: 5])
        #expect(try rates([(field(34, 4), 5)]).isEmpty)
        #expect(try rates([(field(34, 4), 6)]) == [.domain: 6])
    }

    @Test(arguments: [false, true])
    func `pitfall 19: a rate holds under the address that records bear`(late: Bool) throws {
        let options = ExportMessage.ipfix().options(300, scope: [field(149, 4)], [field(34, 4)])
            .data(300, [(1, 4), (100, 4)])
        let data = ExportMessage.ipfix().template(256, [field(130, 4), field(2, 4)])
            .data(256, [(0x0a00_0001, 4), (10, 4)])
        for message in late ? [data, options] : [options, data] {
            try exports.decode(message.bytes)
        }
        let rates = exports.decoder.takeRates()
        #expect(rates.map(\.interval) == [100, 100])
        #expect(
            Set(rates.map(\.exporter.description))
                == [DecodedExports.exporter.address.description, "10.0.0.1"])
    }

    @Test func `pitfall 19: exporters behind one mediator have rates of their own`() throws {
        let message = ExportMessage.ipfix().options(300, scope: [field(130, 4)], [field(34, 4)])
        func announce(_ rates: [(UInt64, UInt64)]) throws -> [UInt32] {
            for (exporter, rate) in rates {
                try exports.decode(message.data(300, [(exporter, 4), (rate, 4)]).bytes)
            }
            return exports.decoder.takeRates().map(\.interval)
        }
        // The second one has the first one's rate until its own is read, within the same record.
        #expect(try announce([(1, 10), (2, 20)]) == [10, 10, 20])
        // Telling the same again, in turns, is no news.
        #expect(try announce([(1, 10), (2, 20), (1, 10)]).isEmpty)
        #expect(try announce([(2, 30)]) == [30])
    }

    @Test func `pitfall 14: rates and samplers in data records`() throws {
        try exports.decode(
            ExportMessage.ipfix().template(256, [field(34, 4), field(48, 1)])
                .data(256, [(100, 4), (3, 1), (0, 4), (0, 1)])
                .template(257, [field(305, 4), field(306, 4), field(302, 8)])
                .data(257, [(1, 4), (99, 4), (4, 8)]).bytes)
        try exports.finish()
        #expect(exports.rows.map { $0[.sampling] } == [100, nil, 100])
        #expect(exports.rows.map { $0[.samplerid] } == [3, 0, 4])
    }

    @Test func `options data name interfaces, applications and VRFs`() throws {
        var record: [UInt8] = []
        record.put(5, 4)
        record += Array("Gi0/1".utf8) + [0, 0, 0]
        record += Array("uplink".utf8) + [0, 0]
        record.put(0x0300_0050, 4)
        record += Array("http".utf8)
        record.put(7, 4)
        record += Array("red".utf8) + [0]
        try exports.decode(
            ExportMessage.ipfix().options(
                300, scope: [field(10, 4)],
                [
                    field(82, 8), field(83, 8), field(95, 4), field(96, 4), field(234, 4),
                    field(236, 4),
                ]
            ).set(300, record).bytes)
        let names = exports.decoder.names
        let exporter = DecodedExports.exporter.address
        #expect(
            names.interfaces[.init(exporter: exporter, domain: 1, number: 5)]
                == ExporterName(name: "Gi0/1", description: "uplink"))
        #expect(
            names.applications[.init(exporter: exporter, domain: 1, number: 0x0300_0050)]?.name
                == "http")
        #expect(names.vrfs[.init(exporter: exporter, domain: 1, number: 7)]?.name == "red")
        #expect(exports.counters.optionsRecords == 1 && exports.counters.records == 0)
    }
}
