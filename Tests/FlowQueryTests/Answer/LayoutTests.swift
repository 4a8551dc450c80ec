import FlowModel
import FlowQuery
import Foundation
import Testing

/// nfdump's layouts over rows made by hand, octet by octet.
///
/// The lines were printed by nfdump 1.7.8 for the same flows, or follow from its source where no
/// exporter sends such values.
@Suite struct LayoutTests {
    /// The flow of the example: 2019-07-11 10:30:00.236 UTC for 1.998 s.
    private static func example() throws -> [Field: Cell] {
        [
            .start: .number(1_562_841_000_236), .end: .number(1_562_841_002_234),
            .proto: .number(6), .srcport: .number(12345), .dstport: .number(433),
            .srcip: .address(try #require(IPAddress("172.16.1.66"))),
            .dstip: .address(try #require(IPAddress("192.168.170.100"))),
            .packets: .number(1), .bytes: .number(222), .flags: .number(2), .tos: .number(4),
        ]
    }

    private func text(
        _ layout: FlowLayout, _ flows: [[Field: Cell]], _ style: LayoutStyle = LayoutStyle()
    ) throws -> String {
        var bytes: [UInt8] = []
        let writer = LayoutWriter(
            layout, style: style, to: AnswerOutput { bytes += $0 },
            times: TimeText(now: 0, zone: .utc),
            usage: { LayoutUsage(system: 0.25, user: 1, wall: 0.5, octetsRead: 4096) },
            note: { _ in }
        )
        var footing = Footing()
        footing.rowsScanned = UInt64(flows.count)
        try writer.begin(
            columns: layout.fields.map { _ in AnswerColumn(name: "", meaning: .number) })
        for flow in flows { try writer.row(Self.cells(layout, flow)) }
        try writer.end(footing: footing)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func cells(_ layout: FlowLayout, _ flow: [Field: Cell]) -> [Cell] {
        layout.fields.map { output in
            if case .quantity(.field(let field)) = output { flow[field] ?? .null } else { .null }
        }
    }

    /// The line of one flow in a format.
    private func line(
        _ format: String, _ flow: [Field: Cell], isPlain: Bool = false, isWhole: Bool = false
    ) throws -> String {
        let style = LayoutStyle(isPlain: isPlain, showsWholeAddresses: isWhole, isQuiet: true)
        return try text(try FlowLayout(parsing: format), [flow], style)
    }

    @Test func `line has a head, a line a flow and a summary`() throws {
        #expect(
            try text(.line, [try Self.example()]) == """
                Date first seen         Duration         Proto      Src IP Addr:Port          \
                Dst IP Addr:Port   Packets    Bytes Flows
                2019-07-11 10:30:00.236     00:00:01.998 TCP        172.16.1.66:12345 ->  \
                192.168.170.100:433          1      222     1
                Summary: total flows: 1, total bytes: 222, total packets: 1, avg bps: 888, \
                avg pps: 0, avg bpp: 222
                Time window: 2019-07-11 10:30:00.236 - 2019-07-11 10:30:02.234, \
                Duration:    00:00:01.998
                Total records processed: 1, passed: 1, Blocks skipped: 0, Bytes read: 4096
                Sys: 0.2500s User: 1.0000s Wall: 0.5000s flows/second: 2.0 Runtime: 0.5000s

                """)
    }

    @Test func `long and extended add flags and rates`() throws {
        let style = LayoutStyle(isQuiet: true)
        #expect(
            try text(.long, [try Self.example()], style) == """
                2019-07-11 10:30:00.236     00:00:01.998 TCP        172.16.1.66:12345 ->  \
                192.168.170.100:433   ......S.    4        1      222     1

                """)
        #expect(
            try text(.extended, [try Self.example()], style) == """
                2019-07-11 10:30:00.236     00:00:01.998 TCP        172.16.1.66:12345 ->  \
                192.168.170.100:433   ......S.    4        1      222        0      888    222     1

                """)
        #expect(
            try text(.extended, [], LayoutStyle()).split(separator: "\n")[0] == """
                Date first seen         Duration         Proto      Src IP Addr:Port          \
                Dst IP Addr:Port     Flags  Tos  Packets    Bytes      pps      bps    Bpp Flows
                """)
    }

    @Test func `nothing found is said`() throws {
        let lines = try text(.line, []).split(separator: "\n")
        #expect(lines.count == 6 && lines[1] == "No matching flows")
        #expect(
            lines[2] == """
                Summary: total flows: 0, total bytes: 0, total packets: 0, avg bps: 0, avg pps: 0, \
                avg bpp: 0
                """)
        #expect(lines[3] == "Time window: <unknown>")
    }

    @Test func `a plain layout has numbers only`() throws {
        var flow = try Self.example()
        flow[.bytes] = .number(12_345_678)
        #expect(
            try line("%td|%pr|%flg|%byt|%bps", flow, isPlain: true)
                == "           1.998|6    |       2|12345678|49432144\n")
        #expect(try line("%tds|%tsr", flow) == "           1.998|1562841000.236\n")
    }

    @Test func `countries are two letters, or points`() throws {
        var flow = try Self.example()
        flow[.srcgeo] = .number(UInt64(try #require(CountryCode("CH")).rawValue))
        #expect(try line("%sc -> %dc", flow) == "CH -> ..\n")
        #expect(
            try text(try FlowLayout(parsing: "%sc %dc"), [flow]).split(separator: "\n")[0]
                == "SC DC")
    }

    @Test func `what a flow does not have is printed as nfdump prints it`() throws {
        #expect(
            try line("%line", [:]) == """
                0000-00-00 00:00:00.000     00:00:00.000 0              0.0.0.0:0     ->          \
                0.0.0.0:0            0        0     1

                """)
        #expect(
            try line("%nh %ra %sn %in %fl %dir %ismc %mpls1 %evt %odid %ttl %tr", [:]) == """
                \("         0.0.0.0") \("         0.0.0.0")          0.0.0.0/0       0     1   I \
                00:00:00:00:00:00        0-0-0 <no-evt> 0x00     0     0 0000-00-00 00:00:00.000

                """)
    }

    @Test(
        arguments: [
            (0, "       0"), (999_999, "  999999"), (1_000_000, "   1.0 M"),
            (1_250_000, "   1.2 M"),
            (1_350_000, "   1.4 M"), (999_949_999, " 999.9 M"), (999_950_001, "1000.0 M"),
            (1_000_000_000, "   1.0 G"), (12_345_678_901_234, "  12.3 T"),
            (UInt64.max, "18446744.1 T"),
        ] as [(UInt64, String)])
    func `counters have units of thousands`(value: UInt64, expected: String) throws {
        #expect(try line("%byt", [.bytes: .number(value)]) == expected + "\n")
    }

    @Test(
        arguments: [
            (0, "    00:00:00.000"), (59_999, "    00:00:59.999"), (86_399_999, "    23:59:59.999"),
            (86_400_000, " 1d 00:00:00.000"), (8_640_000_001, "100d 00:00:00.001"),
        ] as [(UInt64, String)])
    func `durations are clocks`(milliseconds: UInt64, expected: String) throws {
        let flow: [Field: Cell] = [.start: .number(1000), .end: .number(1000 + milliseconds)]
        #expect(try line("%td", flow) == expected + "\n")
    }

    @Test(arguments: [
        ("2001:620:1000:cafe:20e:35ff:fec0:fed5", "2001:62..c0:fed5.443  "),
        ("2001:db8::1", "     2001:db8::1.443  "), ("::", "              ::.443  "),
        ("::ffff:1.2.3.4", "         1.2.3.4:443  "), ("::1.2.3.4", "       ::1.2.3.4.443  "),
    ])
    func `IPv6 is condensed and its port has a dot`(address: String, expected: String) throws {
        let flow: [Field: Cell] = [
            .srcip: .address(try #require(IPAddress(address))), .srcport: .number(443),
        ]
        #expect(try line("%sap", flow) == expected + "\n")
    }

    @Test func `whole addresses widen their columns and heads`() throws {
        let flow: [Field: Cell] = [
            .dstip: .address(try #require(IPAddress("2001:620:1000:cafe:20e:35ff:fec0:fed5"))),
            .dstport: .number(53),
        ]
        #expect(
            try line("%dap|%da", flow, isWhole: true) == """
                  2001:620:1000:cafe:20e:35ff:fec0:fed5.53   |  2001:620:1000:cafe:20e:35ff:fec0:fed5

                """)
        let layout = try FlowLayout(parsing: "%da|%pkt")
        let head = try text(layout, [], LayoutStyle(showsWholeAddresses: true))
        #expect(head.hasPrefix(String(repeating: " ", count: 28) + "Dst IP Addr  Packets\n"))
    }

    @Test(
        arguments: [
            ([.proto: 1, .icmptype: 8, .icmpcode: 0, .dstport: 0], "8.0"),
            ([.proto: 58, .icmptype: 128, .icmpcode: 1, .dstport: 0], "128.1"),
            ([.proto: 1, .dstport: 771], "3.3"), ([.proto: 17, .dstport: 53], "53"),
        ] as [([Field: UInt64], String)])
    func `ICMP type and code stand in the place of the destination port`(
        numbers: [Field: UInt64], expected: String
    ) throws {
        let flow = numbers.mapValues { Cell.number($0) }
        #expect(
            try line("%dp|%dap", flow)
                == String(repeating: " ", count: 6 - expected.count) + expected
                + "|         0.0.0.0:" + expected
                + String(repeating: " ", count: 5 - expected.count) + "\n")
    }

    @Test func `a tunnel has a line before its flow`() throws {
        var flow = try Self.example()
        flow[.tunsrcip] = .address(try #require(IPAddress("192.0.2.1")))
        flow[.tundstip] = .address(try #require(IPAddress("192.0.2.2")))
        flow[.tunproto] = .number(47)
        #expect(
            try line("%pr %sap -> %dap %flg %byt %sas", flow) == """
                GRE          192.0.2.1:0     ->        192.0.2.2:0     ........      222      0
                TCP        172.16.1.66:12345 ->  192.168.170.100:433   ......S.      222      0

                """)
    }

    @Test func `tags end where letters and digits end`() throws {
        #expect(
            try line("a%sp,%dp%n-%pkt", [.srcport: .number(1), .dstport: .number(2)])
                == "a     1,     2\n-       0\n")
        #expect(throws: LayoutError.unknownTag("tsx", column: 4, suggestion: "ts")) {
            try FlowLayout(parsing: "%n %tsx")
        }
        #expect(throws: LayoutError.noField(tag: "ja3", column: 1)) {
            try FlowLayout(parsing: "%ja3")
        }
        #expect(throws: LayoutError.unknownTag("", column: 5, suggestion: nil)) {
            try FlowLayout(parsing: "100 %")
        }
        #expect(throws: LayoutError.empty) { try FlowLayout(parsing: "") }
    }

    @Test func `every tag is in the document`() throws {
        let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/")
        let document = try String(contentsOfFile: "\(root)/docs/output.md", encoding: .utf8)
        for name in FlowLayout.tagNames where !name.hasPrefix("mpls") {
            #expect(document.contains("`%\(name)`"), "%\(name)")
        }
    }

    private static func elements(
        _ elements: (UInt16, enterprise: UInt32, [UInt8])...
    ) -> Cell {
        .elements(
            elements.map {
                OtherElements.Named(
                    element: OtherElement(
                        enterprise: $1, id: $0, length: UInt16($2.count)), octets: $2)
            })
    }

    @Test func `elements that have no column`() throws {
        let nprobe: UInt32 = 35632
        let flow: [Field: Cell] = [
            .domain: .number(8738),
            .other: Self.elements(
                (82, nprobe, [0, 0, 0, 1]), (83, nprobe, [0, 0, 0, 2]),
                (85, nprobe, [0, 0, 0, 22]), (87, nprobe, [0, 0, 0, 222]),
                (323, 0, [0, 0, 1, 0x6b, 0xe0, 0x95, 0xed, 0x7d]), (361, 0, [4, 0]),
                (364, 0, [0x10, 0]), (95, 0, [13, 0, 1, 2]), (138, 0, [1, 0]), (239, 0, [2]),
                (197, 0, [0x60]), (148, 0, [0, 0, 1, 0]), (33002, 0, [0x03, 0xeb]),
                (33000, 0, [0, 0, 0, 31, 0, 0, 0, 2, 0, 0, 0, 0]),
                (33001, 0, [0, 0, 0, 31, 0, 0, 0, 2, 0, 0, 0, 0]),
                (40000, 0, Array("ann\u{1b}[2J\0\0".utf8)), (91, 637, [0, 7]),
                (93, 637, Array("pool\0".utf8))),
        ]
        #expect(
            try line("[%eng][%cl][%sl][%al][%tevt][%msec][%pbstart][%pbsize][%nbid]", flow)
                == "[ 34/34 ][ 1000.002][    0.022][    0.222][2019-07-11 10:30:50.493]"
                + "[1562841050493][   1024][   4096][13..258]\n")
        #expect(
            try line("[%opid][%bfd][%frag][%nfc][%flid][%xevt][%iacl][%eacl]", flow)
                == "[0x0000000100][  2][DFMF][       256][0x          256][   DENY]"
                + "[0x1f       0x2        0x0       ][        31          2          0]\n")
        #expect(try line("[%uname][%isid][%nats]", flow) == "[ann.[2J][       7][pool]\n")
    }

    @Test func `elements that a flow does not have`() throws {
        #expect(
            try line("[%cl][%tevt][%msec][%nfc][%flid][%xevt][%iacl][%eacl][%uname]", [:])
                == "[    0.000][0000-00-00 00:00:00.000][            0][         0]"
                + "[0x            0][<no-evt>][0x0        0x0        0x0       ]"
                + "[         0          0          0][<empty>]\n")
        #expect(
            try line("[%pbend][%nbid][%opid][%isid][%nats][%bfd][%frag][%eng]", [:])
                == "[      0][0..0..0][0x00][       0][<unknown>][  0][----][  0/0  ]\n")
    }

    @Test func `addresses with their countries`() throws {
        let flow: [Field: Cell] = [
            .srcip: .address(try #require(IPAddress("42.16.32.6"))), .srcport: .number(80),
            .dstip: .address(try #require(IPAddress("fe80::2110:abcd:1235:4321"))),
            .dstport: .number(433), .proto: .number(6), .srcgeo: .number(0x4348),
        ]
        #expect(
            try line("[%gsa][%gsap][%gdap]", flow)
                == "[      42.16.32.6(CH)][      42.16.32.6(CH):80   ]"
                + "[fe80::2..35:4321(..).433  ]\n")
    }

    @Test func `a layout may stand in a format`() throws {
        #expect(
            try line("%line %opkt", try Self.example())
                == (try line("%line", try Self.example())).dropLast() + "        0\n")
        #expect(FlowLayout(named: "Long") == .long && FlowLayout(named: "wide") == nil)
    }

    @Test func `labels, networks and addresses behind a translation`() throws {
        let flow: [Field: Cell] = [
            .mpls1: .number(0x0064_03), .srcip: .address(try #require(IPAddress("10.1.2.3"))),
            .srcmask: .number(8), .natsrcip: .address(try #require(IPAddress("192.0.2.9"))),
            .natsrcport: .number(1024), .event: .number(4), .natevent: .number(4),
            .dstmac: .number(0x0a0b_0c0d_0e0f), .domain: .number(256), .nextas: .number(64500),
        ]
        #expect(
            try line("%mpls1|%sn|%nsap|%evt|%idmc|%odid|%nas", flow) == """
                    1600-1-1|        10.0.0.0/8 |       192.0.2.9:1024 |   ADD44|0a:0b:0c:0d:0e:0f|\
                0x000000100|  64500

                """)
    }
}

/// The csv that nfdump writes.
@Suite struct FlowCSVTests {
    @Test func `lists have nfdump's ten columns`() throws {
        var bytes: [UInt8] = []
        let writer = FlowCSVWriter(
            output: AnswerOutput { bytes += $0 }, times: TimeText(now: 0, zone: .utc),
            note: { _ in })
        let flow: [Field: Cell] = [
            .start: .number(1_562_841_000_236), .end: .number(1_562_841_002_234),
            .proto: .number(58), .icmptype: .number(135), .icmpcode: .number(0),
            .srcip: .address(try #require(IPAddress("2001:620:1000:cafe:20e:35ff:fec0:fed5"))),
            .dstip: .address(try #require(IPAddress("ff02::1"))),
            .packets: .number(3_000_000), .bytes: .number(222_000_000),
        ]
        func cells(_ flow: [Field: Cell]) -> [Cell] {
            FlowCSVWriter.fields.map { output in
                if case .quantity(.field(let field)) = output {
                    flow[field] ?? .null
                } else {
                    .null
                }
            }
        }
        try writer.begin(
            columns: FlowCSVWriter.fields.map { _ in AnswerColumn(name: "", meaning: .number) })
        try writer.row(cells(flow))
        try writer.row(cells([:]))
        try writer.end(footing: Footing())
        #expect(
            String(decoding: bytes, as: UTF8.self) == """
                firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows
                2019-07-11 10:30:00.236,1.998,58,2001:620:1000:cafe:20e:35ff:fec0:fed5,0,ff02::1,\
                135.0,3000000,222000000,1
                0000-00-00 00:00:00.000,0.000,0,0.0.0.0,0,0.0.0.0,0,0,0,1

                """)
    }
}
