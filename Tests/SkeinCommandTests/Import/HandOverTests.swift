import FlowTestSupport
import Foundation
import Glibc
import Testing

/// `skein import` into a store that `skein serve` holds.
@Suite struct HandOverTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func flows(_ store: String = "store") throws -> Int {
        let line = try folder.total(store)
        let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return row?["flows"] as? Int ?? -1
    }

    private func files(_ name: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path("store/\(name)"))) ?? []
    }

    /// Sends a few flows to a server, and waits until they are in answers.
    private func sendSome(to server: SkeinServer) throws {
        let collector = try DatagramCollector()
        try folder.skein(
            "generate", "--as", "v9", "--flows", "300", "--seed", "7", "--to",
            "127.0.0.1:\(collector.port)")
        try DatagramSender(port: server.port).send(collector.takeAll())
        try server.program.wait(for: "the flows that were sent") { try flows() == 300 }
    }

    @Test func `both what was sent and what is imported are in answers at once`() throws {
        let server = try SkeinServer(folder)
        try sendSome(to: server)
        try folder.generate("a.pcap", "ipfix", flows: 70_000)
        let handedOver = try folder.skein(
            "import", "--output", "json", "--store", "store", "a.pcap")
        let alone = try folder.skein("import", "--output", "json", "--store", "other", "a.pcap")
        #expect(handedOver == alone)
        #expect(try flows() == 70_300)
        // Rollups and the mark that the file was imported came along.
        let again = try folder.skein("import", "--output", "json", "--store", "store", "a.pcap")
        #expect(again.contains("\"alreadyImported\":true"))
        #expect(try flows() == 70_300)
        try sendSomeMore(to: server)
        #expect(server.program.end(SIGTERM) == 0)
        #expect(try flows() == 70_300 + 300)
        #expect(
            try folder.skein("store", "verify", "--store", "store", "--output", "json").isEmpty
                == false)
        #expect(!FileManager.default.fileExists(atPath: folder.path("store/GATE")))
    }

    private func sendSomeMore(to server: SkeinServer) throws {
        let before = try flows()
        let collector = try DatagramCollector()
        try folder.skein(
            "generate", "--as", "v9", "--flows", "300", "--seed", "8", "--to",
            "127.0.0.1:\(collector.port)")
        try DatagramSender(port: server.port).send(collector.takeAll())
        try server.program.wait(for: "the other flows") { try flows() == before + 300 }
    }

    @Test(.enabled(if: SharedData.isPresent, "the shared captures are not beside the checkout"))
    func `a real router's capture gives the same through a server and without one`() throws {
        let capture = try #require(
            SharedData.files(in: "captures/netflow9", suffixes: [".pcap"]).first)
        let server = try SkeinServer(folder)
        let handedOver = try folder.skein(
            "import", "--output", "json", "--store", "store", capture.path)
        let alone = try folder.skein(
            "import", "--output", "json", "--store", "other", capture.path)
        #expect(handedOver == alone)
        #expect(try folder.totals("store") == folder.totals("other"))
        #expect(server.program.end(SIGTERM) == 0)
        #expect(try folder.totals("store") == folder.totals("other"))
    }

    @Test func `an import that is killed midway leaves nothing`() throws {
        let server = try SkeinServer(folder)
        try sendSome(to: server)
        let capture = try folder.generate("a.pcap", "ipfix", flows: 140_000)
        let stalled = try StalledImport(
            Array(capture.dropLast(1000)), into: folder.path("store"), in: folder)
        try server.program.wait(for: "half of the import") {
            !files("segments").isEmpty
        }
        #expect(try flows() == 300)
        stalled.kill()
        try server.program.wait(for: "the word of it") {
            server.program.errors.contains("the import of process \(stalled.id) came to nothing")
        }
        #expect(files("segments").isEmpty)
        #expect(files("rollups").isEmpty)
        #expect(try flows() == 300)
        try folder.skein("import", "--store", "store", "a.pcap")
        #expect(try flows() == 140_300)
        #expect(server.program.end(SIGTERM) == 0)
        #expect(try flows() == 140_300)
    }

    @Test func `only one imports at a time`() throws {
        let server = try SkeinServer(folder)
        let capture = try folder.generate("a.pcap", "ipfix", flows: 20_000)
        let stalled = try StalledImport(
            Array(capture.dropLast(1000)), into: folder.path("store"), in: folder)
        let result = try Command.skein("import", "--store", "store", "a.pcap", in: folder)
        #expect(result.status == 1)
        #expect(result.output.isEmpty)
        #expect(
            result.errors == "skein: store is held by skein serve, and nothing was done: process "
                + "\(stalled.id) is importing; try again when it has finished\n")
        #expect(try stalled.finish() == 0)
        try folder.skein("import", "--store", "store", "a.pcap")
        #expect(server.program.end(SIGTERM) == 0)
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func `an import that outlives the server fails, and leaves nothing`(signal: CInt) throws {
        let server = try SkeinServer(folder)
        let capture = try folder.generate("a.pcap", "ipfix", flows: 140_000)
        let stalled = try StalledImport(
            Array(capture.dropLast(1000)), into: folder.path("store"), in: folder)
        try server.program.wait(for: "half of the import") { !files("segments").isEmpty }
        #expect(server.program.end(signal) == (signal == SIGTERM ? 0 : -signal))
        // The next server's segments have other numbers than those that the import still writes.
        let next = try SkeinServer(folder)
        try sendSome(to: next)
        #expect(try stalled.finish() == 1)
        #expect(try flows() == 300)
        try folder.skein("import", "--store", "store", "a.pcap")
        #expect(try flows() == 140_300)
        #expect(next.program.end(SIGTERM) == 0)
        #expect(try flows() == 140_300)
        #expect(files("segments").allSatisfy { $0.hasSuffix(".seg") })
    }

    @Test func `the gate is its user's alone, however long the store's name`() throws {
        let name = String(repeating: "long", count: 40)
        let server = try SkeinServer(folder, ["--store", folder.path(name)])
        let gate = try FileManager.default.attributesOfItem(atPath: folder.path("\(name)/GATE"))
        #expect(gate[.type] as? FileAttributeType == .typeSocket)
        #expect(gate[.posixPermissions] as? Int == 0o600)
        try folder.generate("a.pcap", "v9", flows: 100)
        try folder.skein("import", "--store", name, "a.pcap")
        #expect(try flows(name) == 100)
        #expect(server.program.end(SIGKILL) == -SIGKILL)
        // What a killed server left of the gate is in nobody's way.
        try folder.generate("b.pcap", "v9", flows: 50)
        try folder.skein("import", "--store", name, "b.pcap")
        #expect(try flows(name) == 150)
    }

    /// As under systemd: the server is a user of its own, and root imports.
    @Test(
        .enabled(
            if: geteuid() == 0 && Command.installed("setpriv") != nil,
            "only root can be somebody else, by setpriv"))
    func `what root imports is the server's, and others are not let in`() throws {
        let setpriv = try #require(Command.installed("setpriv"))
        let (server, other): (uid_t, uid_t) = (60_001, 60_002)
        let name = folder.path("store")
        try FileManager.default.createDirectory(atPath: name, withIntermediateDirectories: false)
        #expect(chown(name, server, server) == 0)
        for path in [folder.url.path, name] { #expect(chmod(path, 0o755) == 0) }
        func identity(_ user: uid_t) -> [String] {
            [setpriv, "--reuid=\(user)", "--regid=\(user)", "--clear-groups"]
        }
        let program = try SkeinServer(folder, shell: identity(server))
        try folder.generate("a.pcap", "v9", flows: 500)
        try folder.skein("import", "--store", "store", "a.pcap")
        #expect(try flows() == 500)
        let segment = try #require(files("segments").first)
        let status = try FileManager.default.attributesOfItem(
            atPath: folder.path("store/segments/\(segment)"))
        #expect(status[.ownerAccountID] as? Int == Int(server))

        let words = identity(other) + [Command.skein, "import", "--store", name]
        let file = folder.path("a.pcap")
        let result = try Command.run(words[0], Array(words[1...]) + ["--again", file])
        #expect(result.status == 1)
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(program.program.end(SIGTERM) == 0)
        #expect(try flows() == 500)
    }

    @Test func `nonsense at the gate is refused, and nothing else happens`() throws {
        let server = try SkeinServer(folder)
        let script = """
            import socket, sys
            def talk(octets):
                s = socket.socket(socket.AF_UNIX); s.connect("GATE"); s.sendall(octets)
                answer = b""
                while True:
                    more = s.recv(4096)
                    if not more: break
                    answer += more
                print(answer[:1].hex(), answer[5:].decode(errors="replace"))
            talk(b"GET / HTTP/1.1\\r\\n\\r\\n")
            talk(b"\\x01\\x0c\\0\\0\\0SKEINADD\\x63\\0\\0\\0")
            talk(b"\\x03\\x00\\0\\0\\0")
            talk(b"\\x01\\xff\\xff\\xff\\xff")
            """
        let python = try #require(Command.installed("python3"))
        let result = try Command.run(
            "/bin/sh", ["-c", "cd store && exec \"$0\" -c \"$1\"", python, script], in: folder)
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 4, "\(result.output)\(result.errors)")
        #expect(lines.allSatisfy { $0.hasPrefix("05 ") }, "\(result.output)")
        #expect(lines.dropFirst().first?.contains("another version of skein") == true)
        try sendSome(to: server)
        #expect(server.program.end(SIGTERM) == 0)
    }
}
