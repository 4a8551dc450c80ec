import FlowTestSupport
import Foundation
import Glibc
import Testing

/// IPFIX over TLS into the program itself, from openssl's client.
@Suite(.enabled(if: TestCertificates.canBeMade, "openssl is not installed"))
struct TLSServerTests {
    /// A server over TLS, whose certificates are in files of its folder.
    private struct TLSServer {
        let folder: TemporaryFolder
        let certificates: TestCertificates
        let own: TestCertificates.Pair
        let server: SkeinServer
        let port: UInt16

        init(asksForCertificates: Bool = true) throws {
            folder = try TemporaryFolder()
            certificates = try TestCertificates("authority", in: folder)
            own = try certificates.issue("collector")
            port = try freePort()
            var options = [
                "--listen", "tls://127.0.0.1:\(port)", "--set",
                "tls.certificate=\(own.certificate)", "--set", "tls.key=\(own.key)",
            ]
            if asksForCertificates {
                options += ["--set", "tls.authorities=\(certificates.authority)"]
            }
            server = try SkeinServer(folder, options)
        }

        /// openssl's client, which sends what it reads.
        func client(_ options: [String] = []) -> [String] {
            [
                Command.installed("openssl") ?? "", "s_client", "-connect", "127.0.0.1:\(port)",
                "-CAfile", certificates.authority, "-verify_return_error", "-quiet", "-no_ign_eof",
            ] + options
        }

        func send(_ octets: [UInt8], _ options: [String] = []) throws -> CommandResult {
            let words = client(options)
            return try Command.run(words[0], Array(words[1...]), input: octets)
        }

        /// Who the server says it is.
        func subject() throws -> String {
            let words = client().filter { $0 != "-quiet" }
            return try Command.run(words[0], Array(words[1...])).output
        }

        func flows() throws -> Int {
            let line = try folder.total("store")
            let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return row?["flows"] as? Int ?? -1
        }
    }

    /// Messages of generated flows, one behind the other.
    private func messages(_ flows: Int, seed: Int = 1) throws -> [UInt8] {
        let collector = try DatagramCollector()
        let result = try Command.skein(
            "generate", "--as", "ipfix", "--flows", "\(flows)", "--seed", "\(seed)", "--to",
            "127.0.0.1:\(collector.port)")
        guard result.status == 0 else { throw Unexpected(result) }
        return Array(try collector.takeAll().joined())
    }

    private func identity(_ pair: TestCertificates.Pair) -> [String] {
        ["-cert", pair.certificate, "-key", pair.key]
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func `flows of an exporter with a certificate are stored`(version: String) throws {
        let tls = try TLSServer()
        let exporter = try tls.certificates.issue("exporter")
        _ = try tls.send(try messages(3000), identity(exporter) + [version])
        try tls.server.program.wait(for: "the flows") { try tls.flows() == 3000 }
        let listener = try #require(try tls.server.counters().listeners.last)
        #expect(listener.accepted == 1)
        #expect(listener.handshakesFailed == 0)
        #expect(listener.broken == 0)
        #expect(tls.server.program.end(SIGTERM) == 0)
        #expect(try tls.flows() == 3000)
    }

    @Test func `what was sent before the end is stored`() throws {
        let tls = try TLSServer()
        let exporter = try tls.certificates.issue("exporter")
        let octets = try messages(3000)
        let pipe = tls.folder.path("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let words = tls.client(identity(exporter))
        let client = try RunningProgram(
            ["/bin/bash", "-c", "exec \"$@\" < \(pipe)", "bash"] + words, in: tls.folder)
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: pipe))
        try output.write(contentsOf: Data(octets))
        // The connection stays open: the server has to end it.
        try tls.server.wait(for: "arrival") { $0.exports.flows == 3000 }
        #expect(tls.server.program.end(SIGTERM) == 0)
        #expect(try tls.flows() == 3000)
        try output.close()
        _ = client.end(SIGTERM)
    }

    @Test func `an exporter without a certificate is refused, and so is one of others`() throws {
        let tls = try TLSServer()
        let octets = try messages(100)
        _ = try tls.send(octets)
        try tls.server.program.wait(for: "the first word") {
            tls.server.program.errors.contains("TLS: it presents no certificate")
        }
        let others = try TestCertificates("others", in: tls.folder)
        _ = try tls.send(octets, identity(try others.issue("exporter")))
        try tls.server.program.wait(for: "the second word") {
            tls.server.program.errors.contains("TLS: its certificate is not of tls.authorities")
        }
        let counters = try tls.server.counters()
        #expect(counters.listeners.last?.handshakesFailed == 2)
        #expect(counters.received == 0)
        #expect(tls.server.program.end(SIGTERM) == 0)
        #expect(try tls.flows() == 0)
    }

    @Test func `plain text and an old TLS are refused in words`() throws {
        let tls = try TLSServer()
        let file = try tls.folder.write("messages", try messages(100))
        _ = try Command.run(
            "/bin/bash", ["-c", "cat \(file) > /dev/tcp/127.0.0.1/\(tls.port)"])
        try tls.server.program.wait(for: "the first word") {
            tls.server.program.errors.contains("TLS: plain text; this port is for TLS")
        }
        _ = try tls.send([], ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
        try tls.server.program.wait(for: "the second word") {
            tls.server.program.errors.contains("it speaks no TLS of version 1.2 or above")
        }
        #expect(try tls.server.counters().listeners.last?.handshakesFailed == 2)
        #expect(tls.server.program.end(SIGTERM) == 0)
    }

    @Test func `without authorities exporters need no certificate, which is said`() throws {
        let tls = try TLSServer(asksForCertificates: false)
        #expect(tls.server.program.errors.contains("TLS without tls.authorities"))
        _ = try tls.send(try messages(500))
        try tls.server.program.wait(for: "the flows") { try tls.flows() == 500 }
    }

    @Test func `a reload takes a renewed certificate, and leaves open connections alone`() throws {
        let tls = try TLSServer()
        let exporter = try tls.certificates.issue("exporter")
        let pipe = tls.folder.path("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let client = try RunningProgram(
            ["/bin/bash", "-c", "exec \"$@\" < \(pipe)", "bash"]
                + tls.client(identity(exporter)), in: tls.folder)
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: pipe))
        try output.write(contentsOf: Data(try messages(500, seed: 1)))
        try tls.server.wait(for: "the first flows") { $0.exports.flows == 500 }
        #expect(try tls.subject().contains("CN = collector"))

        _ = try tls.certificates.issue("renewed", as: "collector")
        tls.server.program.send(SIGHUP)
        try tls.server.program.wait(for: "the reload") {
            tls.server.program.errors.contains("skein: reloaded")
        }
        #expect(try tls.subject().contains("CN = renewed"))
        try output.write(contentsOf: Data(try messages(700, seed: 2)))
        try tls.server.wait(for: "the other flows") { $0.exports.flows == 1200 }

        // A key that does not fit changes nothing.
        try FileManager.default.removeItem(atPath: tls.own.key)
        try FileManager.default.copyItem(atPath: exporter.key, toPath: tls.own.key)
        tls.server.program.send(SIGHUP)
        try tls.server.program.wait(for: "the refusal") {
            tls.server.program.errors.contains(
                "not reloaded, everything stays as it was: cannot use")
        }
        #expect(try tls.subject().contains("CN = renewed"))
        try output.close()
        _ = client.end(SIGTERM)
    }

    @Test func `files that cannot be used are one line`() throws {
        let folder = try TemporaryFolder()
        let certificates = try TestCertificates("authority", in: folder)
        let own = try certificates.issue("collector")
        let other = try certificates.issue("other")
        let empty = try folder.write("empty.pem", [])
        let cases = [
            (own.certificate, folder.path("nowhere"), nil, "(tls.key): No such file or directory"),
            (folder.path("nowhere"), own.key, nil, "(tls.certificate): No such file or directory"),
            (own.certificate, other.key, nil, "(tls.key): it is not the key of"),
            (own.key, own.key, nil, "(tls.certificate): there is no certificate in PEM in it"),
            (own.certificate, own.certificate, nil, "(tls.key): there is no private key in PEM"),
            (own.certificate, own.key, empty, "(tls.authorities): there is no certificate in PEM"),
        ]
        for (certificate, key, authorities, message) in cases {
            var options = [
                "serve", "--store", folder.path("store"), "--listen", "tls://127.0.0.1:0",
                "--set", "http.listen=none", "--set", "geo.countries=none", "--set",
                "tls.certificate=\(certificate)", "--set", "tls.key=\(key)",
            ]
            if let authorities { options += ["--set", "tls.authorities=\(authorities)"] }
            let result = try Command.run(Command.skein, options)
            #expect(result.status == 1)
            #expect(result.errors.contains(message), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1)
        }
    }
}
