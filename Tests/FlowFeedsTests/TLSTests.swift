import FlowFeeds
import FlowIntel
import FlowTestSupport
import Foundation
import Testing

/// Whom a fetcher believes, against a server of OpenSSL's.
@Suite(.enabled(if: TestCertificates.canBeMade, "openssl is not installed"))
struct TLSTests {
    @Test func `a server is believed if an authority vouches for its name, and not else`() throws {
        let scene = try FeedScene()
        let authority = try TestCertificates("own", in: scene.folder)
        let pair = try authority.issue("localhost")
        try scene.folder.write(
            "list.txt", Array("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n192.0.2.1\n".utf8))
        let server = try RunningProgram(
            [
                "/bin/sh", "-c",
                "cd \"$1\" && exec \"$2\" s_server -accept 127.0.0.1:0 -HTTP "
                    + "-cert \"$3\" -key \"$4\"",
                "sh", scene.folder.url.path, try #require(Command.installed("openssl")),
                pair.certificate, pair.key,
            ], in: scene.folder)
        var port = ""
        try server.wait(for: "openssl's start") {
            let words = server.output.components(separatedBy: "ACCEPT 127.0.0.1:")
            port = words.count > 1 ? String(words[1].prefix { $0.isNumber }) : ""
            return !port.isEmpty && words[1].contains("\n")
        }
        let source = try scene.list("https://localhost:\(port)/list.txt")
        #expect(try scene.update(source).word.contains("TLS: "))
        #expect(try scene.values.isEmpty)
        scene.options.authorities = authority.authority
        #expect(try scene.update(source).word == "taken")
        // Its certificate says another name.
        let other = try scene.list("https://127.0.0.1:\(port)/list.txt")
        #expect(try scene.update(other).word.contains("TLS: "))
        #expect(try scene.values == ["192.0.2.1"])
    }
}
