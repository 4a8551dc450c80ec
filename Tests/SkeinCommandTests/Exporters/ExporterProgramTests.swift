import FlowTestSupport
import Foundation
import Testing

/// `skein exporters` and `skein doctor`, and what is said of countries, as the user runs them.
@Suite struct ExporterProgramTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `exporters lists who sent, doctor says what of it`() throws {
        try folder.write("a.pcap", SmallCapture.netflow5(flows: 3))
        try folder.skein("import", "--store", "s", "a.pcap")
        let table = try folder.skein("exporters", "--store", "s")
        #expect(table.contains("192.0.2.1") && table.contains("NetFlow v5"), "\(table)")

        let lines = try folder.skein("exporters", "--store", "s", "--output", "ndjson")
        let row = try #require(
            try JSONSerialization.jsonObject(with: Data(lines.utf8)) as? [String: Any])
        #expect(row["flows"] as? Int == 3 && row["protocol"] as? String == "netflow5")
        let csv = try folder.skein("exporters", "--store", "s", "--output", "csv")
        #expect(csv.hasPrefix("exporter,sender,protocol,"))

        let words = try Command.skein("doctor", "--store", "s", "192.0.2.1", in: folder)
        #expect(words.output.contains("note: speaks NetFlow v5"), "\(words)")
    }

    @Test func `doctor says how to make a router send, without a store`() throws {
        let words = try folder.skein(
            "doctor", "--setup", "--router", "mikrotik", "--collector", "192.0.2.9")
        #expect(words.contains("/ip traffic-flow target add dst-address=192.0.2.9"))
    }

    @Test func `wrong use is told`() throws {
        let unknown = try Command.skein("doctor", "--setup", in: folder)
        #expect(unknown.status == 64 && unknown.errors.contains("--setup needs --router"))
        let word = try Command.skein("doctor", "router7", in: folder)
        #expect(word.status == 64 && word.errors.contains("'router7' is not an address"))
        let none = try Command.skein("exporters", "--store", "s", in: folder)
        #expect(none.status == 1 && none.errors.contains("there is no store at s"))
        let foreign = try Command.skein("exporters", "--store", ".", in: folder)
        #expect(foreign.status == 1 && foreign.errors.contains("empty folder"))
        try folder.write("a.pcap", SmallCapture.netflow5(flows: 3))
        let others = try Command.skein("exporters", "--store", ".", in: folder)
        #expect(others.status == 1 && others.errors.contains("not a"), "\(others)")
        try folder.skein("import", "--store", "s", "a.pcap")
        let other = try Command.skein("doctor", "--store", "s", "192.0.2.77", in: folder)
        #expect(other.status == 1 && other.errors.contains("no exporter 192.0.2.77 is known"))
    }

    @Test func `a question about countries says that the store has none`() throws {
        try folder.write("a.pcap", SmallCapture.netflow5(flows: 3))
        try folder.skein("import", "--store", "s", "a.pcap")
        for question in [["geo CH", "--total"], ["--by", "dstgeo"], ["geo CH"]] {
            let asked = try Command.run(
                Command.skein, ["query", "--store", "s"] + question, in: folder)
            #expect(asked.errors.contains("no flow of the store has a country"), "\(asked)")
        }
        let other = try Command.skein("query", "--store", "s", "--total", in: folder)
        #expect(!other.errors.contains("country"))
    }
}
