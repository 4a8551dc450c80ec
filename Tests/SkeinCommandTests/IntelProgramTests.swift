import FlowTestSupport
import Foundation
import Testing

/// `skein intel` over files of its own.
@Suite struct IntelProgramTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            "drop.txt",
            Array(
                """
                ; a list
                192.0.2.0/24 ; SBL1
                10.0.0.0/8 ; SBL2
                198.51.100.9 ; SBL3
                203.0.113.7
                evil.example
                1.2.3

                """.utf8))
        try folder.write(
            "table.csv", Array("why,host\nc2,192.0.2.1\nphish,login.evil.example\n".utf8))
        try folder.write(
            "warning.json",
            Array(
                #"{"name": "Resolvers", "type": "cidr", "version": 1, "matching_attributes": [], "list": ["192.0.2.53"]}"#
                    .utf8))
        try folder.write(
            "skein.yaml",
            Array(
                """
                intel:
                  database: \(folder.path("intel.sqlite"))
                  sources:
                    - {name: drop, path: \(folder.path("drop.txt"))}
                    - {name: table, path: \(folder.path("table.csv")), format: csv, column: host, description: why}
                  allow: [safe.evil.example]
                  warning-lists: [\(folder.path("warning.json"))]
                  own: [203.0.113.0/24]

                """.utf8))
    }

    private func skein(_ arguments: String...) throws -> CommandResult {
        try Command.run(
            Command.skein,
            ["intel", arguments[0], "--config", folder.path("skein.yaml")] + arguments.dropFirst(),
            in: folder)
    }

    private func rows(_ result: CommandResult) throws -> [[String: Any]] {
        try result.output.split(separator: "\n").map { line in
            try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test func `update says what was read, refused and is in force`() throws {
        let result = try skein("update", "--output", "ndjson")
        #expect(result.status == 0)
        #expect(result.errors.contains("drop: 1 bad; the first, in line 7: not an address"))
        let rows = try rows(result)
        #expect(rows.map { $0["name"] as? String } == ["drop", "table"])
        #expect(rows[0]["read"] as? Int == 5)
        #expect(rows[0]["bad"] as? Int == 1)
        #expect(rows[0]["inForce"] as? Int == 3)
        #expect(rows[0]["refused"] as? [String: Int] == ["reserved": 1, "own": 1])
        #expect(rows[1]["inForce"] as? Int == 2)
        let feeds = try self.rows(try skein("feeds", "--output", "ndjson"))
        #expect(feeds.map { $0["inForce"] as? Int } == [3, 2])
        #expect(feeds[0]["problem"] is NSNull)
    }

    @Test func `a list that cannot be read, or shrinks too much, leaves the last in force`() throws
    {
        #expect(try skein("update").status == 0)
        try folder.write("drop.txt", Array("192.0.2.1\n".utf8))
        try folder.write("table.csv", Array("<html>gone</html>".utf8))
        let result = try skein("update")
        #expect(result.status == 1)
        #expect(
            result.errors.contains(
                "drop: held back: 1 entries where there were 5; --insist takes them"))
        #expect(result.errors.contains("table.csv: no list of indicators: it is markup"))
        let feeds = try rows(try skein("feeds", "--output", "ndjson"))
        #expect(feeds.map { $0["entries"] as? Int } == [5, 2])
        #expect(feeds[0]["held"] as? Int == 1)
        #expect((feeds[1]["problem"] as? String)?.contains("markup") == true)
        let insisting = try skein("update", "drop", "--insist", "--output", "ndjson")
        #expect(insisting.status == 0)
        #expect(try rows(insisting).first?["gone"] as? Int == 5)
        let wrong = try skein("update", "dorp")
        #expect(wrong.status == 64)
        #expect(wrong.errors.contains("did you mean drop?"))
    }

    @Test func `lookup explains every listing and every silence`() throws {
        let unread = try skein("lookup", "192.0.2.1")
        #expect(unread.errors.contains("nobody lists 192.0.2.1"))
        #expect(unread.errors.contains("no list of theirs has been read"))
        #expect(try skein("update").status == 0)
        #expect(try !skein("lookup", "192.0.2.1").errors.contains("has been read"))
        func states(_ value: String) throws -> [String] {
            try rows(try skein("lookup", value, "--output", "ndjson")).map {
                "\($0["source"] ?? "") \($0["value"] ?? "") \($0["state"] ?? "")"
            }
        }
        #expect(
            try states("192.0.2.1")
                == ["table 192.0.2.1 in force", "drop 192.0.2.0/24 in force"])
        #expect(try states("192.0.2.53") == ["drop 192.0.2.0/24 allowed by Resolvers"])
        #expect(try states("10.1.2.3") == ["drop 10.0.0.0/8 refused: reserved range"])
        #expect(try states("203.0.113.7") == ["drop 203.0.113.7 refused: own network"])
        #expect(
            try states("LOGIN.evil.example.")
                == ["table login.evil.example in force", "drop evil.example in force"])
        #expect(
            try states("safe.evil.example") == ["drop evil.example allowed by intel.allow"])
        let nobody = try skein("lookup", "192.168.1.1")
        #expect(nobody.status == 0)
        #expect(nobody.errors.contains("and nobody could: reserved range"))
        #expect(try skein("lookup", "8.8.4.4").errors.contains("nobody lists 8.8.4.4"))
    }

    @Test func `export replaces a file and runs what comes after only where it changed`() throws {
        #expect(try skein("update").status == 0)
        let (zone, touched) = (folder.path("list.nft"), folder.path("touched"))
        let arguments = ["nftables", "--out", zone, "--then", "mkdir", touched]
        func export() throws -> CommandResult {
            try Command.run(
                Command.skein,
                ["intel", "export", "--config", folder.path("skein.yaml")] + arguments, in: folder)
        }
        #expect(try export().status == 0)
        #expect(FileManager.default.fileExists(atPath: touched))
        let text = try String(contentsOfFile: zone, encoding: .utf8)
        #expect(text.contains("192.0.2.0/27, 192.0.2.32/28, 192.0.2.48/30, 192.0.2.52"))
        #expect(!text.contains("10.0.0.0") && !text.contains("203.0.113"))
        // Nothing has changed: `mkdir` would fail on a folder that is there.
        #expect(try export().status == 0)
        try folder.write("list.nft", [])
        let failing = try export()
        #expect(failing.status == 1)
        #expect(failing.errors.contains("is written, but mkdir exited with 1"))
        let decisions = try skein("export", "decisions")
        #expect(decisions.output.contains("10.0.0.0/8\trefused\treserved range"))
        #expect(try skein("export", "rpz", "--then", "true").status == 64)
    }

    @Test(
        arguments: [
            ("999.1.2.3", "not an address"), ("1.2.3", "not an address"),
            ("192.0.2.1/33", "out of range"), ("192.0.2.0/24", "is a network"),
            ("", "not text"), ("a b", "not text"), ("a..example", "not a host name"),
        ])
    func `what nobody could list is not looked up`(value: String, why: String) throws {
        let result = try skein("lookup", "--", value)
        #expect(result.status == 64)
        #expect(result.errors.contains(why), "\(result.errors)")
    }

    @Test func `a look-up without a configuration makes no database`() throws {
        let folder = try TemporaryFolder()
        for verb in [["lookup", "192.0.2.1"], ["feeds"], ["export", "decisions"]] {
            let result = try Command.run(
                Command.skein, ["intel"] + verb, in: folder, environment: ["SKEIN_CONFIG": ""])
            #expect(result.status == 0)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test(
        arguments: [
            ("{name: a}", "a ‘path’ or a ‘url’"),
            ("{name: a, path: x, url: 'https://b.example/'}", "a ‘path’ or a ‘url’"),
            ("{name: a, url: 'ftp://b.example/'}", "write https://"),
            ("{name: a, url: 'https://u:p@b.example/'}", "give the user as ‘user’"),
            ("{name: a, url: 'https://b.example/', api: otx}", "needs ‘key-file’ or ‘key-env’"),
            ("{name: a, url: 'https://b.example/', user: u}", "need ‘key-file’"),
            ("{name: a, url: 'https://b.example/', days: 2}", "‘days’ is for ‘api: threatfox’"),
            ("{name: a, url: 'https://b.example/', api: misp, format: csv}", "has its own format"),
        ])
    func `a source that cannot be asked is refused`(entry: String, why: String) throws {
        try folder.write("skein.yaml", Array("intel:\n  sources:\n    - \(entry)\n".utf8))
        let result = try skein("feeds")
        #expect(result.status == 1)
        #expect(result.errors.contains(why), "\(result.errors)")
    }

    @Test func `the well-known sources are entries that the configuration takes`() throws {
        let known = try skein("feeds", "--known")
        #expect(known.status == 0)
        let entries = known.output.split(separator: "\n").filter { $0.hasPrefix("- ") }
        try folder.write(
            "skein.yaml",
            Array(
                ("intel:\n  sources:\n" + entries.map { "    \($0)\n" }.joined()).utf8))
        let rows = try rows(try skein("feeds", "--output", "ndjson"))
        #expect(rows.count == entries.count && rows.count > 10)
        // What the documentation lists is the same.
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let document = try String(
            contentsOf: root.appendingPathComponent("docs/intel.md"), encoding: .utf8)
        let listed = known.output.split(separator: "\n").map { "    \($0)\n" }.joined()
        #expect(document.contains(listed), "put what `skein intel feeds --known` prints there")
    }

    @Test func `what is wrong with the configuration is said with its line`() throws {
        try folder.write(
            "skein.yaml",
            Array(
                """
                intel:
                  sources:
                    - {name: a, path: x}
                    - {name: a, path: y, column: host}

                """.utf8))
        let result = try skein("feeds")
        #expect(result.status == 1)
        #expect(result.errors.contains("‘column’ and ‘description’ are for ‘format: csv’"))
    }
}
