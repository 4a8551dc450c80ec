import FlowTestSupport
import Foundation
import FoundationXML
import Testing

/// `skein export --as codeswarm`: the XML of the original experiment.
@Suite struct CodeSwarmTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let lines = [
            "start,end,srcip,dstip,proto,srcport,dstport,packets,bytes",
            "1717000500000,1717000501000,192.0.2.1,2001:db8::7,6,51000,443,9,12999",
            "1716999000123,1717000501000,192.0.2.2,192.0.2.1,17,40000,53,1,80",
            "1717000500001,1717000500001,192.0.2.1,192.0.2.3,254,0,0,1,1000",
        ]
        try folder.write("flows.csv", Array(lines.joined(separator: "\n").utf8))
        try folder.skein("import", "--as", "csv", "--store", "s", "flows.csv")
    }

    @Test func `each flow is two events, in the order of time`() throws {
        #expect(
            try folder.skein("export", "--as", "codeswarm", "--store", "s") == """
                <?xml version="1.0" encoding="UTF-8"?>
                <file_events>
                <event date="1716999000000" filename="udp_40000" author="192.0.2.2" weight="0"/>
                <event date="1716999000000" filename="udp_53" author="192.0.2.1" weight="0"/>
                <event date="1717000200000" filename="tcp_51000" author="192.0.2.1" weight="12"/>
                <event date="1717000200000" filename="tcp_443" author="2001:db8::7" weight="12"/>
                <event date="1717000200000" filename="254_0" author="192.0.2.1" weight="1"/>
                <event date="1717000200000" filename="254_0" author="192.0.2.3" weight="1"/>
                </file_events>

                """)
        let fine = try folder.skein(
            "export", "--as", "codeswarm", "--bucket", "1s", "--store", "s", "dst port 53")
        #expect(fine.contains("date=\"1716999000000\"") && !fine.contains("443"))
    }

    @Test func `a parser of XML reads it to its end`() throws {
        final class Events: NSObject, XMLParserDelegate {
            var count = 0
            var last: Int64 = 0
            var isSorted = true

            func parser(
                _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
                qualifiedName: String?, attributes: [String: String]
            ) {
                guard name == "event" else { return }
                count += 1
                // code_swarm reads them as long and int.
                let date = Int64(attributes["date"] ?? "") ?? -1
                isSorted = isSorted && date >= last && Int32(attributes["weight"] ?? "") != nil
                last = date
            }
        }
        try folder.skein("generate", "--as", "ipfix", "--flows", "3000", "--out", "day.pcap")
        try folder.skein("import", "--store", "day", "day.pcap")
        try folder.skein(
            "export", "--as", "codeswarm", "--store", "day", "--out", "day.xml")
        let parser = XMLParser(
            data: try Data(contentsOf: URL(fileURLWithPath: folder.path("day.xml"))))
        let events = Events()
        parser.delegate = events
        #expect(parser.parse())
        #expect(events.count == 6_000 && events.isSorted)
    }

    @Test func `wrong words are wrong usage`() throws {
        for arguments in [
            ["--as", "csv", "--bucket", "1m"], ["--as", "codeswarm", "--bucket", "0s"],
            ["--as", "codeswarm", "--fields", "srcip"],
            ["--as", "codeswarm", "--to", "127.0.0.1:2055"],
        ] {
            let result = try Command.run(
                Command.skein, ["export", "--store", "s"] + arguments, in: folder)
            #expect(result.status == 64, "\(arguments): \(result.errors)")
        }
    }
}
