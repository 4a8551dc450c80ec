import FlowModel
import FlowQuery
import Testing

/// Filters over elements without a column, from the text to the rows.
@Suite struct ElementScanTests {
    /// A record: for each element its number, octets as sent, and whether its length varies.
    private typealias Record = [(element: (UInt32, UInt16), octets: [UInt8], varies: Bool)]

    private static let cert = InformationElement.certEnterprise

    private func text(_ id: UInt16, _ text: String, fill: Int? = nil) -> Record.Element {
        var octets = Array(text.utf8)
        if let fill { octets += [UInt8](repeating: 0, count: fill - octets.count) }
        return ((0, id), octets, fill == nil)
    }

    private func number(
        _ id: UInt16, _ number: UInt64, octets: Int = 4, enterprise: UInt32 = 0
    ) -> Record.Element {
        let bytes = (0..<octets).map {
            UInt8(truncatingIfNeeded: number >> UInt64(8 * (octets - 1 - $0)))
        }
        return ((enterprise, id), bytes, false)
    }

    private func engine(_ records: [Record?], ports: [UInt64] = []) -> QueryEngine {
        let batch = FlowBatch()
        for (row, record) in records.enumerated() {
            if row < ports.count { batch.columnForWriting(.srcport).set(ports[row], at: row) }
            guard let record else { continue }
            var octets: [UInt8] = []
            var layout: [OtherElement] = []
            for (element, value, varies) in record {
                if varies { octets += [UInt8(value.count >> 8), UInt8(value.count & 0xff)] }
                octets += value
                layout.append(
                    OtherElement(
                        enterprise: element.0, id: element.1,
                        length: varies ? OtherElement.variableLength : UInt16(value.count)))
            }
            guard let number = batch.other.layout(layout) else { continue }
            batch.other.set(row: row, layout: number, octets: octets.span.bytes)
        }
        batch.advance(by: records.count)
        return QueryEngine(blocks: [EngineBlock(batch, seed: 1)], rates: SamplingRates())
    }

    /// The rows that pass, told by their source port.
    private func rows(
        _ filter: String, _ records: [Record?], ports: [UInt64]? = nil
    ) throws -> [Int] {
        let ports = ports ?? records.indices.map { UInt64($0) }
        let request = QueryRequest(
            filter: try FlowExpression(
                parsing: filter, times: TimeText(now: 0, zone: .utc)),
            kind: .flows(fields: [.quantity(.field(.srcport))], sort: nil, limit: 0))
        let found = try engine(records, ports: ports).answer(request).rows
        return found.compactMap { cells in
            if case .number(let port) = cells[0] { ports.firstIndex(of: port) } else { nil }
        }
    }

    @Test(arguments: [
        ("applicationName dns", [0, 4]), ("applicationName != dns", [2]),
        ("not applicationName dns", [1, 2, 3]), ("applicationName in [dns http]", [0, 2, 4]),
        ("applicationName content tt", [2]), ("applicationName regex '^d.s$'", [0, 4]),
        ("applicationName content ''", [0, 2, 4]), ("flowId > 6", [1, 4]), ("flowId 5", [0, 2]),
        ("flowId != 5", [1, 4]), ("flowId 5 and applicationName http", [2]),
        ("interfaceName eth0", [4]),
        ("httpStatusCode >= 0", []), ("not httpStatusCode >= 0", [0, 1, 2, 3, 4]),
        ("applicationName regex '(?i)HTTP' or flowId 9", [1, 2]),
    ])
    func `rows of different layouts`(filter: String, expected: [Int]) throws {
        let records: [Record?] = [
            [text(96, "dns"), number(148, 5)],
            [number(148, 9, octets: 8)],
            [
                number(10_000, 1), text(10_001, "skipped"), text(96, "http", fill: 12),
                text(10_002, ""), number(148, 5),
            ],
            nil,
            [
                text(10_001, "xyz"), text(82, "eth0"), text(10_003, "a"), number(148, 7),
                text(96, "dns"),
            ],
        ]
        #expect(try rows(filter, records) == expected)
    }

    @Test(arguments: [
        ("ingress acl 2", [0]), ("ingress acl 3", [0, 1]), ("ingress acl > 3", [1]),
        ("asa denied ingress", [0]), ("asa user joe", [1]), ("asa user != joe", [0]),
        ("observation point id 77", [1]), ("nat pblock size > 100", [1]),
    ])
    func `Cisco's and NAT's`(filter: String, expected: [Int]) throws {
        func acl(_ numbers: [UInt64]) -> Record.Element {
            ((0, 33000), numbers.flatMap { number(0, $0).octets }, false)
        }
        let records: [Record?] = [
            [acl([1, 2, 3]), number(33002, 1001, octets: 2), text(40000, "ann", fill: 20)],
            [
                acl([9, 9, 3]), number(138, 77), text(40000, "joe", fill: 20),
                number(364, 512, octets: 2),
            ],
            nil,
        ]
        #expect(try rows(filter, records) == expected)
    }

    @Test func `ports within a NAT's block`() throws {
        func block(_ first: UInt64, _ last: UInt64) -> Record {
            [number(361, first, octets: 2), number(362, last, octets: 2)]
        }
        let records: [Record?] = [
            block(1024, 2047), block(1024, 2047), block(2048, 4095), nil, [number(361, 1)],
        ]
        #expect(
            try rows("src port in nat pblock", records, ports: [1024, 2048, 4095, 1500, 1]) == [
                0, 2,
            ])
        #expect(
            try rows("dst port in nat pblock", records, ports: [1024, 2048, 4095, 1500, 1]) == [])
    }

    @Test func `latencies are microseconds, however they were sent`() throws {
        let records: [Record?] = [
            [number(57554, 1), number(57555, 500)], [number(83, 700, enterprise: 35632)],
            [number(57595, 3)], [number(57556, 2)], nil,
        ]
        #expect(try rows("client latency 1000500", records) == [0])
        #expect(try rows("client latency < 1000", records) == [1])
        #expect(try rows("client latency 3000", records) == [2])
        #expect(try rows("server latency 2000000", records) == [3])
        #expect(try rows("not client latency >= 0", records) == [3, 4])
    }

    @Test func `payload is octets, in one direction or the other`() throws {
        func payload(_ octets: [UInt8], reverse: Bool = false) -> Record.Element {
            ((Self.cert, reverse ? 18 | 0x4000 : 18), octets, true)
        }
        let records: [Record?] = [
            [payload(Array("GET / HTTP/1.1".utf8)), payload([0x16, 0x03, 0xff], reverse: true)],
            [payload([0x16, 0x03, 0x01, 0x00])], [payload([], reverse: true)], nil,
        ]
        #expect(try rows("content 'GET /'", records) == [0])
        #expect(try rows("payload content 0x1603", records) == [0, 1])
        #expect(try rows("out payload content 0x1603", records) == [0])
        #expect(try rows("in payload regex '^\\x16\\x03[\\x00-\\x03]'", records) == [1])
        #expect(try rows("regex '^get' 'i'", records) == [0])
    }

    @Test func `addresses, stamps and what is cut short`() throws {
        let records: [Record?] = [
            [((0, 47), [192, 0, 2, 1], false), number(322, 1_465_300_800)],
            [((0, 140), [UInt8](repeating: 0, count: 15) + [1], false)],
            [((0, 47), [192, 0], false), ((0, 324), [0xda, 0xff, 0, 0, 0x80, 0, 0, 0], false)],
        ]
        #expect(try rows("mplsTopLabelIPv4Address in [192.0.2.0/24]", records) == [0])
        #expect(try rows("mplsTopLabelIPv6Address ::1", records) == [1])
        #expect(try rows("observationTimeSeconds 2016-06-07T12", records) == [0])
        #expect(try rows("observationTimeMicroseconds > 2016-06-01", records) == [2])
        #expect(try rows("not mplsTopLabelIPv4Address 10.0.0.1", records) == [0, 1, 2])
    }
}
