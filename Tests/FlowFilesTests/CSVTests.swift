import FlowModel
import Testing

@testable import FlowFiles

@Suite struct CSVTests {
    private func read(
        _ text: String, piece: Int = .max, _ options: CSVOptions = CSVOptions()
    ) throws -> ReadFlows {
        try ReadFlows(Array(text.utf8), piece: piece) {
            CSVReader(appender: $0, options: options)
        }
    }

    private func options(_ columns: (String, CSVOptions.Source)...) -> CSVOptions {
        var options = CSVOptions(transportProtocol: { ["tcp": 6, "TCP": 6][$0] })
        options.columns = columns.map { (field: $0.0, source: $0.1) }
        return options
    }

    @Test(arguments: [1, 3, 50, .max])
    func `headers of the vocabulary need no map`(piece: Int) throws {
        let read = try read(
            """
            start,srcip,dstip,srcport,dstport,proto,flags,bytes,note\r
            1562841000236,192.0.2.1,2001:db8::1,40000,443,6,27,1000,hello\r
            1562841000237,"192.0.2.2",198.51.100.7,0x1F90,53,17,,64,"a, b"\r

            1562841000238,192.0.2.3,198.51.100.7,1,2,6,0x12,5,
            """, piece: piece)
        #expect(read.undecoded.isEmpty)
        #expect(read.counters.records == 3)
        #expect(read.rows.map { $0["srcip"] } == ["192.0.2.1", "192.0.2.2", "192.0.2.3"])
        #expect(read.rows.map { $0["srcport"] } == ["40000", "8080", "1"])
        #expect(read.rows.map { $0["flags"] } == ["27", nil, "18"])
        #expect(read.rows[0]["dstip"] == "2001:db8::1")
        #expect(read.rows[0]["received"] == "1562841000236")
    }

    @Test func `nfdump's headers and values are known`() throws {
        var options = CSVOptions(transportProtocol: { $0 == "ICMP" ? 1 : nil })
        options.localTime = { $0 - 7200 }
        let read = try read(
            """
            ts,te,td,sa,da,sp,dp,pr,flg,ipkt,ibyt,opkt,in,nh,ismc,odmc,idmc,mpls1,mpls2,cl,ra,tr
            2019-07-11 10:30:00.236,2019-07-11 10:30:01,0.764,10.0.0.1,10.0.0.2,0,8.0,ICMP,...AP.SF,3,252,0,7,0.0.0.0,00:00:00:00:00:00,02:00:00:00:00:01,00:00:00:00:00:00,16-5-1,0-0-0,    0.000,192.0.2.9,2019-07-11 10:31:00.001
            Summary
            flows,bytes,packets
            1,252,3
            """, options)
        #expect(read.undecoded == ["summaryLines": 3])
        #expect(
            read.rows == [
                [
                    "start": "1562833800236", "end": "1562833801000",
                    "received": "1562833860001", "srcip": "10.0.0.1", "dstip": "10.0.0.2",
                    "srcport": "0", "dstport": "2048", "proto": "1", "icmptype": "8",
                    "icmpcode": "0", "flags": "27", "packets": "3", "bytes": "252", "inif": "7",
                    "dstmac": "02:00:00:00:00:01", "mpls1": "267", "exporter": "192.0.2.9",
                ]
            ])
    }

    @Test func `countries are two letters or nothing`() throws {
        let read = try read(
            "srcip,srcgeo,from\n192.0.2.1,ch,DE\n192.0.2.2,,..\n192.0.2.3,A1,-\n192.0.2.4,CHE,DE\n",
            options(("dstgeo", .header("from"))))
        #expect(read.rows.map { $0["srcgeo"] } == ["\(0x4348)", nil, "\(0x4131)"])
        #expect(read.rows.map { $0["dstgeo"] } == ["\(0x4445)", nil, nil])
        #expect(read.undecoded == ["badValues": 1])
    }

    @Test func `a map names headers or numbers, and what it names is nothing else`() throws {
        let byName = try read(
            "first;sa;bytes;octets;dp\n1562841000;192.0.2.1;1;77;tcp\n",
            options(
                ("start", .header("first")), ("bytes", .header("octets")), ("proto", .header("dp")))
        )
        #expect(byName.rows[0]["start"] == "1562841000000")
        #expect(byName.rows[0]["srcip"] == "192.0.2.1")
        #expect(byName.rows[0]["bytes"] == "77")
        #expect(byName.rows[0]["proto"] == "6")
        #expect(byName.rows[0]["dstport"] == "0")
        let byNumber = try read(
            "x\t192.0.2.1\t5\nx\t192.0.2.2\t6\n",
            options(("srcip", .number(2)), ("packets", .number(3))))
        #expect(byNumber.rows.map { $0["packets"] } == ["5", "6"])
    }

    @Test(arguments: [
        ("1562841000236", "1562841000236"), ("1562841000", "1562841000000"),
        ("1562841000.2365", "1562841000236"), ("2019-07-11T10:30:00Z", "1562841000000"),
        ("2019-07-11T12:30:00.5+02:00", "1562841000500"),
        ("2019-07-11t05:00:00.25-0530", "1562841000250"),
        ("2019-07-11 10:30:00", "1562841000000"), ("2020-02-29 00:00:00", "1582934400000"),
        ("1970-01-01 00:00:00", "0"),
        ("2019-02-29 00:00:00", nil), ("2019-07-11 24:00:00", nil), ("2019-07-11", nil),
        ("2019-07-11 10:30:00 CEST", nil), ("1969-12-31 23:59:59", nil), ("noon", nil),
        ("99999999999999999999999", nil), ("1.", nil),
    ])
    func `times in every form`(cell: String, milliseconds: String?) throws {
        let read = try read("start,srcip\n\(cell),192.0.2.1\n")
        #expect(read.rows.first?["start"] == milliseconds)
        #expect(read.undecoded == (milliseconds == nil ? ["badValues": 1] : [:]))
    }

    /// A zone may change within a day.
    @Test func `the user's zone is asked for each quarter of an hour`() throws {
        var options = CSVOptions()
        options.localTime = { $0 < 1_562_841_000 ? $0 - 3600 : $0 - 7200 }
        let read = try read(
            "start\n2019-07-11 10:29:59\n2019-07-11 10:30:00\n2019-07-11 10:29:00\n", options)
        #expect(
            read.rows.map { $0["start"] } == ["1562837399000", "1562833800000", "1562837340000"])
    }

    @Test func `a duration makes the end`() throws {
        let read = try read("start,duration\n1562841000000,0.764\n1562841000000,764\n")
        #expect(read.rows.map { $0["end"] } == ["1562841000764", "1562841000764"])
    }

    @Test func `a bad line is left out whole, counted, and the first is named`() throws {
        let read = try read(
            """
            srcip,srcport,proto
            192.0.2.1,1,6
            192.0.2.300,2,6
            192.0.2.3,70000,6
            192.0.2.4,4,noprotocol
            192.0.2.5,5
            192.0.2.6,6,6,6
            "192.0.2.7,7,6
            192.0.2.8,,6
            """)
        #expect(read.rows.map { $0["srcip"] } == ["192.0.2.1", "192.0.2.8"])
        #expect(read.rows[1]["srcport"] == "0")
        #expect(read.undecoded == ["badValues": 3, "badCellCounts": 2, "openQuotes": 1])
        #expect(read.counters.records == 8)
        #expect(
            read.counters.firstProblem
                == "line 3: '192.0.2.300' in column 1 is no srcip")
    }

    @Test func `a line without end is left out, and the next is read`() throws {
        let long = String(repeating: "7", count: CSVReader.lineBytesMax + 10)
        let read = try read("srcport\n1\n\(long)\n2\n", piece: 100_000)
        #expect(read.rows.map { $0["srcport"] } == ["1", "2"])
        #expect(read.undecoded == ["longLines": 1])
    }

    @Test func `what no columns can be found in says what it has`() {
        #expect(throws: CSVError.empty) { _ = try read("") }
        #expect(throws: CSVError.noColumns(has: ["a", "b"])) { _ = try read("a,b\n1,2\n") }
        #expect(throws: CSVError.fieldUnknown("sourceip")) {
            _ = try read("a,b\n", options(("sourceip", .number(1))))
        }
        #expect(throws: CSVError.headerMissing("x", has: ["a", "b"])) {
            _ = try read("a,b\n", options(("srcip", .header("x"))))
        }
        #expect(throws: CSVError.numberInvalid(0)) {
            _ = try read("a,b\n", options(("srcip", .number(0))))
        }
    }

    @Test func `more lines than a batch holds keep their order`() throws {
        let lines = (0..<70_000).map { "\($0),\($0 % 3 == 0 ? "" : "9")" }
        let read = try read("bytes,srcvlan\n" + lines.joined(separator: "\n"), piece: 1 << 20)
        #expect(read.rows.count == 70_000)
        #expect(read.rows.indices.allSatisfy { read.rows[$0]["bytes"] == "\($0)" })
        #expect(read.rows.indices.allSatisfy { (read.rows[$0]["srcvlan"] == nil) == ($0 % 3 == 0) })
    }
}
