import FlowFeeds
import FlowIntel
import FlowModel
import FlowTestSupport
import Foundation
import Synchronization
import Testing

/// Plain lists by URL: what is taken, what is asked again, and what is refused.
@Suite struct ListTests {
    @Test func `a list is asked for again only if it has changed`() throws {
        let server = try LoopbackServer { request in
            if request.headers["if-none-match"] == "\"v1\"" { return .status(304) }
            return .text(
                "192.0.2.1\n192.0.2.2\n", ("ETag", "\"v1\""),
                ("Last-Modified", "Tue, 27 Feb 2024 23:14:44 GMT"))
        }
        defer { server.stop() }
        let scene = try FeedScene()
        let source = try scene.list("\(server.url)/list.txt?secret=1")
        #expect(try scene.update(source).word == "taken")
        #expect(try scene.update(source, at: 1_700_000_001_000).word == "unchanged")
        #expect(try scene.values == ["192.0.2.1", "192.0.2.2"])
        #expect(
            server.requests.last?.headers["if-modified-since"] == "Tue, 27 Feb 2024 23:14:44 GMT")
        #expect(try scene.store.sources().first?.updated == 1_700_000_001_000)
        // Another way to read it is another list, though the server has the same.
        var other = source
        other.format = .csv(CSVColumns())
        #expect(try scene.update(other).word == "taken")
    }

    @Test func `what is compressed is read`() throws {
        let body = try gzip(Array("192.0.2.7\n".utf8))
        let server = try LoopbackServer { _ in
            .init(headers: [("Content-Encoding", "gzip")], body: body)
        }
        defer { server.stop() }
        let scene = try FeedScene()
        #expect(try scene.update(scene.list(server.url)).word == "taken")
        #expect(server.requests.first?.headers["accept-encoding"] == "gzip")
        #expect(try scene.values == ["192.0.2.7"])
    }

    @Test func `a list that is a gzip file is read, from a server and from the disk`() throws {
        let body = try gzip(Array("192.0.2.7\nevil.example\n".utf8))
        let more = try gzip(Array("192.0.2.8\n".utf8))
        let twice = try gzip(body)
        let server = try LoopbackServer { request in
            switch request.path {
            case "/short": .init(body: Array(body.dropLast(9)))
            case "/bent": .init(body: body.prefix(20) + Array("bent".utf8) + body.dropFirst(24))
            case "/junk": .init(body: body + Array("junk".utf8))
            case "/twice": .init(body: twice)
            default: .init(body: body + more + [0, 0, 0])
            }
        }
        defer { server.stop() }
        let scene = try FeedScene()
        #expect(try scene.update(scene.list("\(server.url)/list.gz")).word == "taken")
        #expect(try scene.values == ["192.0.2.7", "192.0.2.8", "evil.example"])
        for (path, why) in [
            ("short", "its gzip is cut short"), ("bent", "its gzip is damaged"),
            ("junk", "its gzip is damaged"), ("twice", "it is compressed with gzip"),
        ] {
            let word = try scene.update(scene.list("\(server.url)/\(path)")).word
            #expect(word.hasSuffix("no list of indicators: \(why)"), "\(path): \(word)")
        }
        #expect(try scene.values == ["192.0.2.7", "192.0.2.8", "evil.example"])
        let file = try scene.folder.write("list.gz", more)
        let report = try scene.update(scene.source(.path(file)), insists: true)
        #expect(report.word == "taken")
        #expect(try scene.values == ["192.0.2.8"])
    }

    @Test func `a file that is as it was is not read again, unless it is asked for`() throws {
        let scene = try FeedScene()
        let file = try scene.folder.write("list", Array("192.0.2.8\n".utf8))
        var source = try scene.source(.path(file))
        #expect(try scene.update(source).word == "taken")
        #expect(try scene.update(source).word == "unchanged")
        #expect(try scene.update(source, insists: true).word == "taken")
        source.format = .plain
        #expect(try scene.update(source).word == "taken")
        try scene.folder.write("list", Array("192.0.2.9\n".utf8))
        #expect(try scene.update(source).word == "taken")
        #expect(try scene.values == ["192.0.2.9"])
    }

    /// Leads wherever it is asked to to one port of this machine, and says what it was asked.
    private static let proxy = """
        import socket, sys, threading
        listener = socket.create_server(('127.0.0.1', 0))
        print(listener.getsockname()[1], flush=True)
        def pump(a, b):
            while data := a.recv(65536): b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        def serve(client):
            head = b''
            while b'\\r\\n\\r\\n' not in head: head += client.recv(65536)
            lines = head.decode().split('\\r\\n')
            print(lines[0], *[line for line in lines if line.lower().startswith('proxy-auth')], flush=True)
            client.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n')
            server = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
            threading.Thread(target=pump, args=(client, server), daemon=True).start()
            pump(server, client)
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """

    @Test func `servers are asked through a proxy, but those that are left out`() throws {
        let server = try LoopbackServer { _ in .text("192.0.2.7\n") }
        defer { server.stop() }
        let scene = try FeedScene()
        let proxy = try RunningProgram(
            ["/usr/bin/python3", "-c", Self.proxy, "\(server.port)"], in: scene.folder)
        defer { proxy.kill() }
        try proxy.wait(for: "the proxy") { proxy.output.contains("\n") }
        let port = try #require(proxy.output.split(separator: "\n").first)
        scene.options.proxy = WebProxy("http://user:p%40ss@127.0.0.1:\(port)")
        #expect(try scene.update(scene.list("http://feeds.example/list")).word == "taken")
        #expect(server.requests.first?.headers["host"] == "feeds.example")
        let credentials = Data("user:p@ss".utf8).base64EncodedString()
        let asked = "CONNECT feeds.example:80 HTTP/1.1 proxy-authorization: Basic \(credentials)"
        #expect(proxy.output.lowercased().contains(asked.lowercased()))
        // This machine, and what is left out, is asked directly.
        #expect(try scene.update(scene.list(server.url)).word == "taken")
        scene.options.proxy?.bypassed = [".feeds.invalid"]
        #expect(try scene.update(scene.list("http://a.feeds.invalid/")).word != "taken")
        #expect(proxy.output.split(separator: "\n").count == 2)
    }

    @Test func `a proxy is understood, or refused`() throws {
        #expect(WebProxy("proxy.example.org:3128")?.port == 3128)
        #expect(WebProxy("http://[2001:db8::1]/")?.host == "2001:db8::1")
        #expect(WebProxy("HTTP://proxy")?.port == 8080)
        for wrong in [
            "", "http://", "https://proxy", "socks5://proxy", "http://proxy:0", "http://a b",
            "http://proxy/path", "http://[::1", "http://u%zz@proxy",
        ] {
            #expect(WebProxy(wrong) == nil, "\(wrong)")
        }
        let variables = [
            "HTTPS_PROXY": "http://one", "http_proxy": "http://two", "no_proxy": "a,b c",
        ]
        let found = try WebProxy.ofEnvironment { variables[$0] }
        #expect(found?.host == "one" && found?.bypassed == ["a", "b", "c"])
        #expect(try WebProxy.ofEnvironment { _ in nil } == nil)
        let error = #expect(throws: FetchError.self) {
            try WebProxy.ofEnvironment { _ in "socks5://user:secret@proxy" }
        }
        #expect(error.map { !"\($0)".contains("secret") } == true)
    }

    @Test(arguments: [
        ("junk", "larger than 1048576 octets"), ("bomb", "larger than 1048576 octets"),
        ("bomb.gz", "larger than 1048576 octets"),
        ("looks", "none of 4 entries can be read; the first, in line 1: not an address"),
        ("all", "held"), ("inwards", "it is no public address"),
    ])
    func `of a hostile list one line is said, and the last good one stays`(
        path: String, why: String
    ) throws {
        let isGood = Atomic<Bool>(true)
        let bomb = try gzip([UInt8](repeating: UInt8(ascii: "\n"), count: 8 << 20))
        let junk = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 7) | 1 }
        let server = try LoopbackServer { request in
            if isGood.load(ordering: .relaxed) {
                return .text("192.0.2.1\n192.0.2.2\n192.0.2.3\nevil.example\n")
            }
            return switch request.path {
            case "/junk": .init(body: junk, times: 1024, saysLength: false)
            case "/bomb": .init(headers: [("Content-Encoding", "gzip")], body: bomb)
            case "/bomb.gz": .init(body: bomb)
            case "/looks": .text("1.2.3\n010.0.0.1\n0x7f.1\n192.0.2.300\n")
            case "/all": .text("0.0.0.0/0\n")
            default: .status(302, ("Location", "http://10.0.0.1/"))
            }
        }
        defer { server.stop() }
        let scene = try FeedScene()
        scene.options.limits.listBytesMax = 1 << 20
        let source = try scene.list("\(server.url)/\(path)")
        #expect(try scene.update(source).word == "taken")
        isGood.store(false, ordering: .relaxed)
        let report = try scene.update(source)
        #expect(report.word.hasSuffix(why), "\(report.word)")
        #expect(!report.word.contains("\n") && scene.lines.isEmpty)
        #expect(try scene.values == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "evil.example"])
        if path == "all" {
            // Taken by insistence it is refused all the same.
            #expect(try scene.update(source, insists: true).refused == [.everything: 1])
            #expect(try scene.store.countInForce(of: "feed", policy: AddressPolicy(), now: 0) == 0)
        } else {
            #expect(try scene.problem == report.word)
        }
    }

    @Test(
        arguments: [
            ("page", "no list of indicators: it is markup"), ("none", ": 404, not there"),
            ("trouble", ": 500, the server's own trouble"),
            ("short", "the connection broke off"),
        ])
    func `the last good list stays in force`(path: String, why: String) throws {
        let isGood = Atomic<Bool>(true)
        let server = try LoopbackServer { request in
            if isGood.load(ordering: .relaxed) { return .text("192.0.2.1\n") }
            switch request.path {
            case "/page": return .text("<html>gone</html>")
            case "/none": return .status(404)
            case "/trouble": return .status(500)
            default:
                return .init(
                    headers: [("Content-Length", "9000")], body: Array("192.0.2.9\n".utf8),
                    saysLength: false)
            }
        }
        defer { server.stop() }
        let scene = try FeedScene()
        let source = try scene.list("\(server.url)/\(path)?token=hidden")
        #expect(try scene.update(source).word == "taken")
        isGood.store(false, ordering: .relaxed)
        let report = try scene.update(source, at: 1_700_000_009_000)
        #expect(report.word.contains(why))
        #expect(!report.word.contains("hidden") && !report.word.contains("\n"))
        #expect(try scene.values == ["192.0.2.1"])
        #expect(try scene.problem == report.word)
        #expect(try scene.store.sources().first?.updated == 1_700_000_000_000)
    }

    @Test func `a server that asks to be left alone is left alone`() throws {
        let server = try LoopbackServer { _ in .status(429, ("Retry-After", "120")) }
        defer { server.stop() }
        let scene = try FeedScene()
        let source = try scene.list(server.url)
        #expect(try scene.update(source, at: 1_700_000_000_000).word.contains("429"))
        let waiting = try scene.update(source, at: 1_700_000_119_000).word
        #expect(waiting == "the server asked to be left alone until 2023-11-14T22:15:20Z")
        #expect(server.requests.count == 1)
        _ = try scene.update(source, at: 1_700_000_121_000)
        #expect(server.requests.count == 2)
    }

    // MARK: Hostile servers

    @Test func `a gigabyte of junk is broken off`() throws {
        let junk = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 7) | 1 }
        let server = try LoopbackServer { request in
            .init(body: junk, times: 1024, saysLength: request.path == "/said")
        }
        defer { server.stop() }
        let scene = try FeedScene()
        #expect(
            try scene.update(scene.list("\(server.url)/said")).word
                == "\(server.url)/said: larger than 268435456 octets")
        scene.options.limits.listBytesMax = 16 << 20
        #expect(
            try scene.update(scene.list("\(server.url)/unsaid")).word
                == "\(server.url)/unsaid: larger than 16777216 octets")
        #expect(server.sentBytes < 64 << 20)
    }

    @Test func `an endless list is broken off at its limit`() throws {
        let lines = Array(String(repeating: "192.0.2.1\n", count: 10_000).utf8)
        let server = try LoopbackServer { _ in .init(body: lines, times: 10_000, saysLength: false)
        }
        defer { server.stop() }
        let scene = try FeedScene()
        scene.options.limits.listBytesMax = 1 << 20
        #expect(
            try scene.update(scene.list(server.url)).word.contains("larger than 1048576 octets"))
    }

    @Test func `a bomb of gzip is broken off at its limit`() throws {
        let bomb = try gzip([UInt8](repeating: UInt8(ascii: "\n"), count: 64 << 20))
        let server = try LoopbackServer { _ in
            .init(headers: [("Content-Encoding", "gzip")], body: bomb)
        }
        defer { server.stop() }
        #expect(bomb.count < 1 << 20)
        let scene = try FeedScene()
        scene.options.limits.listBytesMax = 8 << 20
        #expect(
            try scene.update(scene.list(server.url)).word
                == "\(server.url): larger than 8388608 octets")
    }

    @Test func `a slow server is given up`() throws {
        let server = try LoopbackServer { _ in
            .init(
                headers: [("Content-Length", "100")], body: Array("192.0.2.1\n".utf8),
                saysLength: false, holds: true)
        }
        defer { server.stop() }
        let scene = try FeedScene()
        scene.options.requestTime = .milliseconds(200)
        #expect(try scene.update(scene.list(server.url)).word.contains("not done in 0 s"))
    }

    @Test(
        arguments: [
            ("http://127.0.0.1:9/metrics", "it is no public address"),
            ("http://localhost:8055/", "it is no public address"),
            ("http://[::1]/", "it is no public address"),
            ("http://[::ffff:10.0.0.1]/", "it is no public address"),
            ("http://2130706433/", "it is no public address"),
            ("http://169.254.169.254/latest/", "it is no public address"),
            ("http://[64:ff9b::7f00:1]/", "it is no public address"),
            ("file:///etc/passwd", "only http and https are asked"),
            ("ftp://192.0.2.1/", "only http and https are asked"),
        ])
    func `a redirect inwards is not followed`(target: String, why: String) throws {
        let server = try LoopbackServer { _ in .status(302, ("Location", target)) }
        defer { server.stop() }
        let scene = try FeedScene()
        let report = try scene.update(scene.list(server.url))
        #expect(report.word.contains("points to") && report.word.contains(why))
        #expect(server.requests.count == 1)
    }

    @Test func `redirects on the user's own server are followed, but not for ever`() throws {
        let server = try LoopbackServer { request in
            switch request.path {
            case "/old": .status(301, ("Location", "new"))
            case "/new": .text("192.0.2.3\n")
            default: .status(302, ("Location", "/loop\(request.path)"))
            }
        }
        defer { server.stop() }
        let scene = try FeedScene()
        #expect(try scene.update(scene.list("\(server.url)/old")).word == "taken")
        #expect(
            try scene.update(scene.list("\(server.url)/loop")).word.contains(
                "more than 5 redirects"))
    }

    @Test func `names that look like addresses and all of the Internet are not in force`() throws {
        let server = try LoopbackServer { _ in
            .text("0.0.0.0/0\n010.0.0.1\n1.2.3\n0x7f.1\n127.0.0.1\n192.0.2.5\n")
        }
        defer { server.stop() }
        let scene = try FeedScene()
        let report = try scene.update(scene.list(server.url))
        #expect(report.bad == 3)
        #expect(report.refused == [.everything: 1, .reserved: 1])
        #expect(report.inForce == 1)
    }

    // MARK: Keys and certificates

    @Test func `a key goes to the user's server in its header, and into no message`() throws {
        let server = try LoopbackServer { _ in .status(403) }
        defer { server.stop() }
        let scene = try FeedScene()
        var source = try scene.source(.list(FeedLocation(server.url)), key: "s3cr3t-key")
        #expect(try !scene.update(source).word.contains("s3cr3t"))
        #expect(server.requests.last?.headers["authorization"] == "Bearer s3cr3t-key")
        source.keyHeader = "Auth-Key"
        _ = try scene.update(source)
        #expect(server.requests.last?.headers["auth-key"] == "s3cr3t-key")
        source.keyHeader = nil
        source.user = "alice"
        _ = try scene.update(source)
        let credentials = Data("alice:s3cr3t-key".utf8).base64EncodedString()
        #expect(server.requests.last?.headers["authorization"] == "Basic \(credentials)")
        source.key = .file(scene.folder.path("absent"))
        #expect(try scene.update(source).word.contains("cannot read the key in"))
        source.key = .variable("SKEIN_NO_SUCH_KEY")
        #expect(
            try scene.update(source).word == "the key's variable SKEIN_NO_SUCH_KEY is not set")
        #expect(String(reflecting: try FeedKey("abc", origin: "here")) == "a key")
        var dumped = ""
        dump(try FeedKey("abc", origin: "here"), to: &dumped)
        #expect(!dumped.contains("abc"))
    }

    @Test(arguments: ["http://user:pw@192.0.2.1/", "gopher://x/", "http:///x", "http://a:99999/"])
    func `what is no place on the web is refused`(text: String) {
        #expect(throws: FetchError.self) { _ = try FeedLocation(text) }
    }

    private func gzip(_ octets: [UInt8]) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let file = try folder.write("body", octets)
        _ = try Command.run("/bin/gzip", ["-9", file], in: folder)
        return Array(try Data(contentsOf: folder.url.appendingPathComponent("body.gz")))
    }
}
