import FlowFeeds
import FlowIntel
import FlowModel
import FlowTestSupport
import Foundation
import Testing

/// OASIS's own server.
enum Medallion {
    /// Where `./test` installs it, or PATH has it.
    static let path: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let own = root.appendingPathComponent(".build/python/bin/medallion").path
        return FileManager.default.isExecutableFile(atPath: own)
            ? own : Command.installed("medallion")
    }()
}

/// TAXII 2.1, against OASIS's own server.
@Suite(.enabled(if: Medallion.path != nil, "medallion of PyPI is not installed"))
struct TAXIITests {
    private static let collection = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"

    private let scene: FeedScene
    private let program: RunningProgram
    private let url: String

    init() throws {
        scene = try FeedScene()
        let objects = (1...5).map { Self.indicator($0, "[ipv4-addr:value = '192.0.2.\($0)']") }
        let dates = (1...5).map { number in
            """
            {"id": "\(Self.id(number))", "date_added": "2017-01-27T13:49:5\(number).000000Z",
             "version": "2017-01-27T13:49:53.935Z",
             "media_type": "application/stix+json;version=2.1"}
            """
        }
        let data = """
            {"/discovery": {"title": "t", "api_roots": ["/api1/"], "default": "/api1/"},
             "api1": {"information": {"title": "x", "max_content_length": 9765625,
                 "versions": ["application/taxii+json;version=2.1"]}, "status": [],
              "collections": [
               {"id": "\(Self.collection)", "title": "High", "can_read": true, "can_write": true,
                "media_types": ["application/stix+json;version=2.1"],
                "objects": [\(objects.joined(separator: ","))],
                "manifest": [\(dates.joined(separator: ","))]},
               {"id": "52892447-4d7e-4f70-b94d-d7f22742ff63", "title": "Secret",
                "can_read": false, "can_write": false, "media_types": [], "objects": [],
                "manifest": []}]}}
            """
        let path = try scene.folder.write("data.json", Array(data.utf8))
        let configuration = """
            {"backend": {"module": "medallion.backends.memory_backend",
                "module_class": "MemoryBackend", "filename": "\(path)"},
             "users": {"admin": "Password0"}, "taxii": {"max_page_size": 2}}
            """
        let file = try scene.folder.write("medallion.json", Array(configuration.utf8))
        let program = try RunningProgram(
            [Medallion.path ?? "", "--host", "127.0.0.1", "--port", "0", file], in: scene.folder)
        self.program = program
        var place = ""
        try program.wait(for: "medallion's start") {
            let said = program.errors + program.output
            place =
                said.split { $0.isWhitespace }.first { $0.hasPrefix("http://127.") }
                .map { String($0) } ?? ""
            return !place.isEmpty
        }
        url = place
    }

    private static func id(_ number: Int) -> String {
        "indicator--6770298f-0fd8-471a-ab8c-1c658a46574\(number)"
    }

    private static func indicator(
        _ number: Int, _ pattern: String, modified: String = "2017-01-27T13:49:53.935Z",
        isRevoked: Bool = false
    ) -> String {
        """
        {"type": "indicator", "spec_version": "2.1", "id": "\(id(number))",
         "created": "2016-11-03T12:30:59.000Z", "modified": "\(modified)",
         "valid_from": "2016-11-03T12:30:59.000Z", "name": "n\(number)",
         "pattern": "\(pattern)", "pattern_type": "stix", "revoked": \(isRevoked)}
        """
    }

    private func source(_ path: String, _ collections: [String] = []) throws -> FeedSource {
        var source = try scene.source(
            .taxii(FeedLocation(url + path), collections: collections), key: "Password0")
        source.user = "admin"
        return source
    }

    /// Adds objects as another client of the server would.
    private func add(_ objects: [String]) throws {
        let script = """
            import sys, urllib.request, base64
            kind = "application/taxii+json;version=2.1"
            request = urllib.request.Request(sys.argv[1], data=sys.stdin.buffer.read(), headers={
                "Content-Type": kind, "Accept": kind,
                "Authorization": "Basic " + base64.b64encode(b"admin:Password0").decode()})
            urllib.request.urlopen(request).read()
            """
        let result = try Command.run(
            try #require(Command.installed("python3")),
            ["-c", script, "\(url)/api1/collections/\(Self.collection)/objects/"],
            input: Array("{\"objects\": [\(objects.joined(separator: ","))]}".utf8))
        try #require(result.status == 0, "\(result.errors)")
    }

    @Test(arguments: [
        "/taxii2/", "/api1/", "/api1/collections/",
        "/api1/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/",
    ])
    func `a server is read page by page, wherever one begins`(path: String) throws {
        let report = try scene.update(try source(path))
        #expect(report.word == "taken")
        #expect(try scene.values == (1...5).map { "192.0.2.\($0)" })
    }

    @Test func `only what was added since is read, and what was revoked is out of force`() throws {
        let source = try source("/taxii2/", ["High"])
        #expect(try scene.update(source).read == 5)
        #expect(try scene.update(source, at: 1_700_000_100_000).read == 0)
        let later = "2030-01-01T00:00:00.000Z"
        try add([
            Self.indicator(2, "[ipv4-addr:value = '192.0.2.2']", modified: later, isRevoked: true),
            Self.indicator(3, "[ipv4-addr:value = '198.51.100.3']", modified: later),
            Self.indicator(6, "[ipv4-addr:value = '192.0.2.6']"),
        ])
        let report = try scene.update(source, at: 1_700_000_200_000)
        #expect(report.read == 3 && report.refused == [.revoked: 1])
        #expect(
            try scene.values == [
                "192.0.2.1", "192.0.2.2", "192.0.2.4", "192.0.2.5", "192.0.2.6", "198.51.100.3",
            ])
    }

    @Test func `a wrong password, an unknown and a closed collection are said`() throws {
        var wrong = try source("/taxii2/")
        wrong.user = "eve"
        #expect(try scene.update(wrong).word.contains("401"))
        let unknown = try scene.update(try source("/taxii2/", ["Low"])).word
        #expect(unknown.contains("no collection ‘Low’ that can be read; there are"))
        #expect(try scene.update(try source("/taxii2/", ["Secret"])).word.contains("‘Secret’"))
    }
}
