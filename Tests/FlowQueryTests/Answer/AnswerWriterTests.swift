import FlowModel
import FlowQuery
import Testing

/// Every writer over the same rows, octet by octet.
@Suite struct AnswerWriterTests {
    private static let columns = [
        AnswerColumn(name: "start", meaning: .instant),
        AnswerColumn(name: "duration", meaning: .number),
        AnswerColumn(name: "proto", meaning: .transportProtocol, absentIsZero: true),
        AnswerColumn(name: "srcip", meaning: .address),
        AnswerColumn(name: "srcport", meaning: .port, absentIsZero: true),
        AnswerColumn(name: "flags", meaning: .tcpFlags),
        AnswerColumn(name: "srcmac", meaning: .mac),
        AnswerColumn(name: "bytes", meaning: .counter, absentIsZero: true),
        AnswerColumn(name: "share", meaning: .number),
    ]

    private static func rows() throws -> [[Cell]] {
        [
            [
                .number(1_465_303_100_123), .number(1998), .number(6),
                .address(try #require(IPAddress("2001:db8::1"))), .number(443), .number(0x1b),
                .number(0xaabb_ccdd_eeff), .number(.max), .real(0.25),
            ],
            [.null, .null, .null, .null, .null, .null, .null, .null, .null],
            [
                .number(1_465_303_100_000), .number(0), .number(200),
                .prefix(try #require(IPPrefix("192.0.2.0/24"))), .number(53), .number(2),
                .number(1),
                .number(12_345), .real(.nan),
            ],
        ]
    }

    private func text(
        _ format: OutputFormat, columns: [AnswerColumn] = columns, rows: [[Cell]],
        footing: Footing = Footing(), rowsMax: Int? = nil
    ) throws -> (text: String, notes: [String]) {
        var bytes: [UInt8] = []
        var notes: [String] = []
        let output = AnswerOutput { bytes += $0 }
        let writer = format.writer(
            to: output, times: TimeText(now: 0, zone: .utc), rowsMax: rowsMax
        ) {
            notes.append($0)
        }
        try writer.begin(columns: columns)
        for row in rows { try writer.row(row) }
        try writer.end(footing: footing)
        return (String(decoding: bytes, as: UTF8.self), notes)
    }

    @Test func `ndjson is an object a line`() throws {
        #expect(
            try text(.ndjson, rows: try Self.rows()).text == """
                {"start":1465303100123,"duration":1998,"proto":6,"srcip":"2001:db8::1","srcport":443,\
                "flags":27,"srcmac":"aa:bb:cc:dd:ee:ff","bytes":18446744073709551615,"share":0.25}
                {"start":null,"duration":null,"proto":0,"srcip":null,"srcport":0,"flags":null,\
                "srcmac":null,"bytes":0,"share":null}
                {"start":1465303100000,"duration":0,"proto":200,"srcip":"192.0.2.0/24","srcport":53,\
                "flags":2,"srcmac":"00:00:00:00:00:01","bytes":12345,"share":null}

                """)
    }

    @Test func `json has rows and footing`() throws {
        var footing = Footing()
        footing.rowsScanned = 10
        footing.blocks = 3
        footing.flowsOfUnknownRate = 1
        footing.groups = 7
        let columns = [AnswerColumn(name: "a\"b", meaning: .number)]
        let answer = try text(
            .json, columns: columns, rows: [[.number(1)], [.null]], footing: footing)
        #expect(
            answer.text == #"""
                {"rows":[
                {"a\"b":1},
                {"a\"b":null}
                ],"footing":{"rowsScanned":10,"blocks":3,"blocksPruned":0,"flowsOfUnknownRate":1,\#
                "flowsWithoutStart":0,"blocksDamaged":0,"segmentsDamaged":0,"rowsDamaged":0,"groups":7,"notes":["1 flow of \#
                a sampler whose rate has not been seen: their packets and bytes are as exported, the \#
                sums are too low"]}}

                """#)
        #expect(answer.notes.isEmpty)
        #expect(
            try text(.json, columns: columns, rows: []).text.hasPrefix(#"{"rows":[],"footing":{"#))
    }

    @Test(arguments: [
        (OutputFormat.ndjson, #"{"srcgeo":"CH"}|{"srcgeo":null}|{"srcgeo":"0x1f"}|"#),
        (.csv, "srcgeo|CH||0x1f|"), (.table, "srcgeo|CH|-|0x1f|"),
    ])
    func `countries are two letters`(format: OutputFormat, expected: String) throws {
        let columns = [AnswerColumn(name: "srcgeo", meaning: .country)]
        let answer = try text(
            format, columns: columns, rows: [[.number(0x4348)], [.null], [.number(0x1f)]])
        #expect(answer.text == expected.replacing("|", with: "\n"))
    }

    @Test func `csv quotes what needs it`() throws {
        let columns = [
            AnswerColumn(name: "srcip/24", meaning: .address),
            AnswerColumn(name: "a,\"b\"", meaning: .number),
            AnswerColumn(name: "packets", meaning: .counter, absentIsZero: true),
        ]
        let rows: [[Cell]] = [
            [.prefix(try #require(IPPrefix("10.0.0.0/24"))), .real(0.5), .number(7)],
            [.null, .null, .null],
        ]
        #expect(
            try text(.csv, columns: columns, rows: rows).text == """
                srcip/24,"a,""b""\",packets
                10.0.0.0/24,0.5,7
                ,,0

                """)
    }

    @Test func `a table is aligned, its times have a zone, its counters units`() throws {
        #expect(
            try text(.table, rows: try Self.rows()).text == """
                start (UTC)              duration  proto  srcip         srcport  flags     srcmac             bytes  share
                2016-06-07 12:38:20.123    1.998s  TCP    2001:db8::1       443  ...AP.SF  aa:bb:cc:dd:ee:ff  18.4E  25.0%
                -                               -  0      -                   0  -         -                      0      -
                2016-06-07 12:38:20.000    0.000s  200    192.0.2.0/24       53  ......S.  00:00:00:00:00:01  12.3k      -

                """)
    }

    @Test func `a table stops at its length and says so`() throws {
        let columns = [AnswerColumn(name: "srcport", meaning: .port)]
        let rows = (0..<3).map { [Cell.number($0)] }
        let cut = try text(.table, columns: columns, rows: rows, rowsMax: 2)
        #expect(cut.text == "srcport\n      0\n      1\n")
        #expect(cut.notes == ["more than 2 flows match; --limit 0 shows all"])
        #expect(try text(.table, columns: columns, rows: rows, rowsMax: 3).notes.isEmpty)
    }

    @Test func `a table of many rows goes out while it comes in`() throws {
        let columns = [AnswerColumn(name: "n", meaning: .number)]
        let rows = (0..<1500).map { [Cell.number($0)] }
        let lines = try text(.table, columns: columns, rows: rows).text.split(separator: "\n")
        #expect(lines.count == 1501)
        #expect(lines[1] == "  0" && lines[1500] == "1499")
    }

    @Test(arguments: [OutputFormat.ndjson, .csv, .table])
    func `what an answer rests on is said`(format: OutputFormat) throws {
        var footing = Footing()
        footing.flowsOfUnknownRate = 2
        footing.flowsWithoutStart = 1
        footing.blocksDamaged = 1
        footing.rowsDamaged = 65_536
        let answer = try text(
            format, columns: [AnswerColumn(name: "n", meaning: .number)], rows: [],
            footing: footing)
        #expect(
            answer.notes == [
                "2 flows of a sampler whose rate has not been seen: their packets and bytes are as "
                    + "exported, the sums are too low",
                "1 flow without a start, placed at the time of arrival",
                "1 damaged block skipped, 65536 flows are missing here",
            ])
    }

    @Test func `elements are an object, and repeated ones an array`() throws {
        let element = OtherElement(enterprise: 0, id: 1, length: 1)
        let named = OtherElements.Named(element: element, octets: [7])
        let columns = [AnswerColumn(name: "other", meaning: .elements)]
        let name = InformationElement.name(of: element)
        let answer = try text(
            .ndjson, columns: columns, rows: [[.elements([named])], [.elements([named, named])]])
        let lines = answer.text.split(separator: "\n")
        #expect(lines[0].hasPrefix("{\"other\":{\"\(name)\":") && lines[0].hasSuffix("}}"))
        #expect(lines[1].hasPrefix("{\"other\":{\"\(name)\":[") && lines[1].hasSuffix("]}}"))
    }

    @Test func `an answer goes out in pieces`() throws {
        var pieces: [Int] = []
        let writer = JSONWriter(output: AnswerOutput { pieces.append($0.count) }, isLines: true) {
            _ in
        }
        try writer.begin(columns: [AnswerColumn(name: "n", meaning: .number)])
        for number in 0..<20_000 { try writer.row([.number(UInt64(number))]) }
        try writer.end(footing: Footing())
        #expect(pieces.count == 4)
        #expect(pieces.allSatisfy { $0 < 66_000 })
    }
}
