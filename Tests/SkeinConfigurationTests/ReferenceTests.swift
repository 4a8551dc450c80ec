import Foundation
import SkeinConfiguration
import Testing

/// Holds the documents against the table, and what is printed against what is read.
@Suite struct ReferenceTests {
    @Test func `the reference says the defaults`() throws {
        let text = ConfigurationReference.document
        #expect(try settings(text) == SkeinSettings())
        for info in SkeinSettings.reference {
            let key = String(info.path.split(separator: ".").last ?? "")
            #expect(text.contains("\(key):"), "\(info.path)")
        }
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }

    @Test func `configuration.md is what the code says; else run skein reference configuration`()
        throws
    {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let document = try String(
            contentsOf: root.appendingPathComponent("docs/configuration.md"), encoding: .utf8)
        #expect(document == ConfigurationReference.markdown)
    }

    @Test func `the example of configuration.md is right`() throws {
        let parts = ConfigurationReference.markdown.components(separatedBy: "```")
        let example = try #require(parts.first { $0.hasPrefix("yaml\n") })
        let settings = try settings(String(example.dropFirst(5)))
        #expect(settings.geo.home.count == 2)
        #expect(settings.store.retention.maxSize == 200_000_000_000)
    }

    @Test func `names and variables are unique and well formed`() {
        let infos = SkeinSettings.reference
        #expect(Set(infos.map(\.path)).count == infos.count)
        let variables = infos.compactMap(\.variable)
        #expect(Set(variables).count == variables.count)
        for info in infos + infos.flatMap(\.fields) {
            #expect(info.path.allSatisfy { $0.isLowercase || "-.".contains($0) }, "\(info.path)")
            #expect(info.summary.hasSuffix("."), "\(info.path)")
        }
    }

    @Test(arguments: [
        "",
        "store: {path: \"none\", commit-interval: 0s, retention: {max-age: 1h30min, max-size: 300Gi}}",
        "store: {path: \"a: b #c\\n\\t\\\\\\\"\\x01'\"}",
        "interface: {name: \"null\", bpf: \"- x\", idle-timeout: 1500ms}",
        """
        geo:
          mmdb: ["- y", "[z]", "&a", "*b", "!c", "|", ">", "%", "@", "`", "#", "x:", " y "]
          home:
            - {networks: ["::/0", 192.0.2.1], from: 2024-03-31T02:30, place: "é: ü", latitude: -1, longitude: 0.5}
            - {networks: 198.51.100.0/24, label: "none", country: no}
          overrides:
            - {prefix: "::1", label: "yes"}
        exporters: {overrides: [{address: 10.0.0.0/8, name: a}, {address: 10.0.0.0/8, domain: 0, sampling: 1}]}
        forward: ["udp://[::1]:9999"]
        """,
    ])
    func `effective settings read as themselves`(text: String) throws {
        let first = try Configuration(file: .init(name: "f", octets: Array(text.utf8)))
        let second = try Configuration(file: .init(name: "g", octets: Array(first.effective.utf8)))
        #expect(second.settings == first.settings)
    }

    @Test func `effective settings say where they come from`() throws {
        let configuration = try Configuration(
            file: .init(name: "f", octets: Array("log:\n  json: true".utf8)),
            environment: ["SKEIN_STORE": "x"], assignments: [.init(set: "http.listen=none")])
        let lines = configuration.effective.split(separator: "\n")
        #expect(lines.contains("  json: true  # f:2"))
        #expect(lines.contains("  path: x  # $SKEIN_STORE"))
        #expect(lines.contains("  listen: none  # --set"))
        #expect(lines.contains("  level: info"))
    }
}
