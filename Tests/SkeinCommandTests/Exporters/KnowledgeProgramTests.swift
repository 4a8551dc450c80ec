import FlowTestSupport
import Foundation
import Testing

/// What the user knows better, as commands that read learn it from the configuration.
@Suite struct KnowledgeProgramTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("a.pcap", SmallCapture.netflow5(flows: 3))
        try folder.skein("import", "--store", "s", "a.pcap")
        try configure(
            """
            exporters:
              overrides:
                - {address: 192.0.2.0/24, sampling: 50, name: branches}
                - {address: 192.0.2.1, name: edge}
            geo:
              overrides:
                - {prefix: "::/0", country: SE}
                - {prefix: 0.0.0.0/0, country: NO}
                - {prefix: 10.0.0.0/8, label: office}
            """)
    }

    private func configure(_ text: String) throws {
        try folder.write("skein.yaml", Array(text.utf8))
    }

    private func bytes(_ options: String...) throws -> Int {
        let result = try Command.run(
            Command.skein,
            ["query", "--store", "s", "--total", "--output", "ndjson"] + options, in: folder)
        try #require(result.status == 0, "\(result.errors)")
        let row = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        return (row as? [String: Any])?["bytes"] as? Int ?? -1
    }

    @Test func `sampling that is known better counts when reading`() throws {
        let stored = try bytes()
        #expect(stored > 0)
        #expect(try bytes("--config", "skein.yaml") == 50 * stored)
        #expect(try bytes("--config", "skein.yaml", "--no-rollups") == 50 * stored)
        #expect(try bytes("--config", "skein.yaml", "--raw") == stored)
        #expect(try bytes("--config", "skein.yaml", "--", "sampling 50") == 50 * stored)
        let list = try folder.skein(
            "query", "--store", "s", "--config", "skein.yaml", "--fields", "sampling", "--output",
            "csv")
        #expect(list.split(separator: "\n") == ["sampling", "50", "50", "50"])
    }

    @Test func `the variable names the configuration too`() throws {
        let result = try Command.run(
            Command.skein, ["query", "--store", "s", "--by", "sampling", "--output", "csv"],
            in: folder, environment: ["SKEIN_CONFIG": "skein.yaml"])
        #expect(result.output.contains("\n50,3,"), "\(result)")
    }

    @Test func `networks of the configuration are where it says`() throws {
        let countries = try folder.skein(
            "query", "--store", "s", "--config", "skein.yaml", "--by", "srcgeo", "--output", "csv")
        #expect(countries.contains("\nNO,3,"), "\(countries)")
        try folder.write("list.txt", Array("0.0.0.0/0 DK\n".utf8))
        let listed = try folder.skein(
            "map", "--store", "s", "--config", "skein.yaml", "--geo-overrides", "list.txt",
            "--output", "csv")
        #expect(listed.contains("DK") && !listed.contains("NO"), "\(listed)")
    }

    @Test func `an exporter bears its name`() throws {
        let named = try folder.skein("exporters", "--store", "s", "--config", "skein.yaml")
        #expect(named.hasPrefix("name "), "\(named)")
        #expect(named.contains("edge"))
        let lines = try folder.skein(
            "exporters", "--store", "s", "--config", "skein.yaml", "--output", "ndjson")
        #expect(lines.contains("\"name\":\"edge\""))
        let nameless = try folder.skein("exporters", "--store", "s", "--output", "ndjson")
        #expect(nameless.contains("\"name\":null"))
        let words = try Command.skein(
            "doctor", "--store", "s", "--config", "skein.yaml", in: folder)
        #expect(words.output.contains("edge, 192.0.2.1 (NetFlow v5"), "\(words)")
    }

    @Test func `a configuration that is wrong is no configuration`() throws {
        try configure("exporters: {overrides: [{address: 192.0.2.1, smapling: 3}]}")
        for command in [["query", "--total"], ["exporters"], ["doctor"], ["map"]] {
            let result = try Command.run(
                Command.skein, command + ["--store", "s", "--config", "skein.yaml"], in: folder)
            #expect(result.status == 1)
            #expect(
                result.errors.contains("skein.yaml:1:46: ")
                    && result.errors.contains("did you mean ‘sampling’?"), "\(result.errors)")
            #expect(result.output.isEmpty)
        }
        let missing = try Command.skein(
            "query", "--store", "s", "--config", "none.yaml", in: folder)
        #expect(missing.status == 1)
        #expect(missing.errors.contains("none.yaml: No such file or directory"))
    }
}
