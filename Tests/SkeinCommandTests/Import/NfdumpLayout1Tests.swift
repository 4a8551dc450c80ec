import FlowTestSupport
import Foundation
import Testing

/// Files of nfdump 1.6, made here.
@Suite struct NfdumpLayout1Tests {
    private let folder: TemporaryFolder

    /// All extensions, but those that say the same in another size or another way.
    static let narrow: [UInt16] = [4, 6, 8, 9, 11, 13, 14, 16, 18, 20, 21, 22, 23, 25, 26, 27]
    static let wide: [UInt16] = [5, 7, 8, 10, 12, 13, 15, 17, 19, 20, 21, 22, 24, 26, 27]
    static let events: [UInt16] = [4, 23, 27, 37, 38, 39, 41, 42]
    static let translations: [UInt16] = [27, 23, 40, 38, 46, 48]

    init() throws { folder = try TemporaryFolder() }

    private func rows(_ file: NfdumpLayout1, fields: String = NfdumpRows.fields) throws -> String {
        try folder.write("old", file.octets)
        try folder.skein("import", "--store", "s", "old", "--again")
        return try folder.skein(
            "query", "--raw", "--fields", fields, "--limit", "0", "--output", "ndjson", "--store",
            "s")
    }

    @Test(
        .enabled(if: Command.installed("nfdump") != nil, "nfdump is not installed"),
        arguments: [narrow, wide], [false, true])
    func `all that nfdump says of an old file is there`(
        extensions: [UInt16], isIPv6: Bool
    ) throws {
        var file = NfdumpLayout1()
        file.addMap(1, extensions)
        file.addMap(2, [4, 27])
        file.addFlow(1, isIPv6: isIPv6, extensions: extensions)
        file.addFlow(2, isIPv6: !isIPv6, isWide: true, extensions: [4, 27])
        let ours = try NfdumpRows.skein(try rows(file))
        let theirs = try NfdumpRows.nfdump(
            try folder.peer("nfdump", ["-r", folder.path("old"), "-o", "json"]))
        #expect(ours.count == 2)
        for (one, other) in zip(ours, theirs) { #expect(one == other) }
    }

    /// Debian's nfdump leaves these out of what it prints of an old file.
    @Test func `events of firewalls and translators`() throws {
        var file = NfdumpLayout1()
        file.addMap(1, Self.events)
        file.addMap(2, Self.translations)
        file.addFlow(1, extensions: Self.events)
        file.addFlow(2, extensions: Self.translations)
        let ours = try NfdumpRows.skein(try rows(file))
        let flow = "bytes=1000 dstip=198.51.100.7 end=1562841060007"
        let rest = "received=1562841100123 srcip=10.0.0.1 start=1562841000236 tos=16"
        #expect(
            ours == [
                "\(flow) event=1 exporter=192.0.2.1 flags=...AP.SF invrf=12 "
                    + "natdstip=2001:db8::302 natdstport=8443 natevent=1 "
                    + "natsrcip=2001:db8::301 natsrcport=1024 other.portRangeEnd=2047 "
                    + "other.portRangeStart=1024 outvrf=11 packets=10 ports=40000-2048 proto=6 "
                    + rest,
                "\(flow) event=2 exporter=192.0.2.1 flags=...AP.SF inif=3 "
                    + "natdstip=203.0.113.2 natdstport=8443 natsrcip=203.0.113.1 "
                    + "natsrcport=1024 other.aaaUsername=alice other.firewallExtendedEvent=1015 "
                    + "other.flowId=99 outif=4 packets=10 ports=40000-2048 proto=6 " + rest,
            ])
    }

    @Test func `exporters, scaled counters and latencies`() throws {
        var file = NfdumpLayout1()
        file.addExporter(7, v4: 0xc000_0209, domain: 33)
        file.addMap(0, [45])
        file.addFlow(0, exporter: 7, proto: 1, flags: 0x80, extensions: [45])
        let row = try rows(
            file, fields: "exporter,domain,sampling,icmptype,icmpcode,received,fwdstatus,other")
        #expect(row.contains("\"serverNwDelaySec\":2,\"serverNwDelayUsec\":1,"))
        #expect(row.contains("\"clientNwDelayUsec\":1500"))
        #expect(row.contains("\"exporter\":\"192.0.2.9\",\"domain\":33,\"sampling\":1"))
        #expect(row.contains("\"icmptype\":8,\"icmpcode\":0,\"received\":1562841060007"))
        let summary = try folder.skein(
            "import", "--store", "t", "--output", "json", "old")
        #expect(summary.contains("\"exporters\":1,\"sequenceFailures\":3,\"ident\":\"old\""))
    }

    @Test func `the record type before 1_6_3 has its shorter head`() throws {
        var file = NfdumpLayout1()
        file.addMap(0, [6])
        file.addFlow(0, type: 1, extensions: [6])
        let row = try rows(file, fields: "srcip,packets,bytes,srcas,dstas")
        #expect(
            row == "{\"srcip\":\"10.0.0.1\",\"packets\":10,\"bytes\":1000,\"srcas\":64500,"
                + "\"dstas\":64501}\n")
    }

    @Test func `what an old file lacks or has too much of is counted`() throws {
        var file = NfdumpLayout1()
        file.addMap(1, [6, 99, 4])
        file.addFlow(1, extensions: [6])
        file.addFlow(5, extensions: [])
        file.addMap(2, [22])
        file.addFlow(2, extensions: [6])
        file.add(77, [1, 2, 3, 4])
        file.add(3, [1, 2, 3, 4])
        try folder.write("old", file.octets)
        let summary = try folder.skein("import", "--store", "s", "--output", "json", "old")
        #expect(summary.contains("\"records\":3,\"flows\":1,"))
        #expect(
            summary.contains("\"undecoded\":{\"damagedRecords\":1,\"extensionMapMissing\":1,"))
        #expect(summary.contains("\"otherRecords\":1,\"unknownExtensions\":1,\"unknownRecords\":1"))
    }
}
