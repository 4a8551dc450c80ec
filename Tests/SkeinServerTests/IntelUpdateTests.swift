import FlowTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

/// Sources of indicators in a running server.
@Suite struct IntelUpdateTests {
    @Test func `serve updates sources, tells of them, and an update by hand works meanwhile`()
        throws
    {
        let addresses = Mutex(["192.0.2.1", "192.0.2.2", "10.0.0.1"])
        let feeds = try LoopbackServer { request in
            request.path == "/list"
                ? .text(addresses.withLock { $0.joined(separator: "\n") }) : .status(404)
        }
        defer { feeds.stop() }
        let folder = try TemporaryFolder()
        let configuration = try folder.write(
            "skein.yaml",
            Array(
                """
                intel:
                  database: \(folder.path("intel.sqlite"))
                  sources:
                    - {name: web, url: "\(feeds.url)/list"}
                    - {name: gone, url: "\(feeds.url)/gone?key=hidden"}

                """.utf8))
        let program = try RunningProgram(
            [
                Command.skein, "serve", "--config", configuration, "--store",
                folder.path("store"), "--set", "http.listen=127.0.0.1:0", "--set",
                "geo.countries=none", "--receive-buffer", "1Mi", "--listen", "udp://127.0.0.1:0",
            ], in: folder)
        try program.wait(for: "both updates") {
            program.errors.contains("intel: web: 3 added, 0 gone, 3 in all")
                && program.errors.contains("/gone: 404, not there; the last list stays")
        }
        #expect(!program.errors.contains("hidden"))
        let words = "serving http://127.0.0.1:"
        let rest = try #require(program.errors.components(separatedBy: words).dropFirst().first)
        let port = try #require(UInt16(rest.prefix { $0.isNumber }))
        try program.wait(for: "the counters") {
            let text = String(decoding: try ask(port, "/metrics").body, as: UTF8.self)
            return [
                #"skein_intel_updates_total{source="web"} 1"#,
                #"skein_intel_update_failures_total{source="gone"} 1"#,
                #"skein_intel_in_force{source="web"} 2"#,
                #"skein_intel_entries{source="web"} 3"#,
                #"skein_intel_age_seconds{source="web"} "#,
            ].allSatisfy(text.contains)
        }
        addresses.withLock { $0.append("198.51.100.1") }
        let update = try Command.run(
            Command.skein, ["intel", "update", "web", "--config", configuration], in: folder)
        #expect(update.status == 0 && update.errors.isEmpty)
        let lookup = try Command.run(
            Command.skein, ["intel", "lookup", "198.51.100.1", "--config", configuration],
            in: folder)
        #expect(lookup.output.contains("in force"))
        let list = try Command.run(
            Command.skein, ["intel", "feeds", "--config", configuration], in: folder)
        #expect(list.output.contains("/gone: 404") && !list.output.contains("hidden"))
        #expect(program.end(SIGTERM) == 0)
    }

    @Test func `a file that has not changed is neither read nor compiled again at a start`() throws
    {
        let folder = try TemporaryFolder()
        try folder.write("bad.txt", Array("192.0.2.0/24\n".utf8))
        let configuration = try folder.write(
            "skein.yaml",
            Array(
                """
                intel:
                  database: \(folder.path("intel.sqlite"))
                  sources: [{name: bad, path: \(folder.path("bad.txt"))}]

                """.utf8))
        func serve() throws -> RunningProgram {
            let program = try RunningProgram(
                [
                    Command.skein, "serve", "--config", configuration, "--store",
                    folder.path("store"), "--set", "http.listen=127.0.0.1:0", "--set",
                    "geo.countries=none", "--receive-buffer", "1Mi", "--listen",
                    "udp://127.0.0.1:0",
                ], in: folder)
            try program.wait(for: "getting ready") { program.errors.contains("ready; storing") }
            return program
        }
        let first = try serve()
        try first.wait(for: "the list") {
            first.errors.contains("1 listed ranges of 1 sources in force")
        }
        #expect(first.end(SIGTERM) == 0)
        let second = try serve()
        let words = "serving http://127.0.0.1:"
        let rest = try #require(second.errors.components(separatedBy: words).dropFirst().first)
        let port = try #require(UInt16(rest.prefix { $0.isNumber }))
        // A look at the source: what is known of it is there, and it was not read.
        try second.wait(for: "the source") {
            String(decoding: try ask(port, "/metrics").body, as: UTF8.self)
                .contains(#"skein_intel_in_force{source="bad"} 1"#)
        }
        // By hand it is looked at as well, and written that it was.
        let update = try Command.run(
            Command.skein, ["intel", "update", "--config", configuration], in: folder)
        #expect(update.status == 0 && update.output.contains("unchanged"))
        // Two lists later all looks of before have been.
        try folder.write("bad.txt", Array("192.0.2.0/24\n198.51.100.0/24\n".utf8))
        try second.wait(for: "the new list") {
            second.errors.contains("2 listed ranges of 1 sources in force")
        }
        #expect(second.errors.components(separatedBy: "listed ranges of").count == 3)
        #expect(second.errors.components(separatedBy: " added, ").count == 2)
        #expect(second.end(SIGTERM) == 0)
    }

    @Test(
        .enabled(if: Command.installed("rbldnsd") != nil, "rbldnsd is not installed"),
        arguments: [false, true])
    func `a zone is asked about the addresses of flows, and lists what it says`(
        comesByReload: Bool
    ) throws {
        let folder = try TemporaryFolder()
        try folder.write("zone", Array("127.0.0.2\n192.0.2.0/24\n".utf8))
        let (dns, exports) = (try freePort(), try freePort())
        let rbldnsd = try RunningProgram(
            [
                try #require(Command.installed("rbldnsd")), "-n", "-b", "127.0.0.1/\(dns)", "-w",
                folder.url.path, "bl.test:ip4set:zone",
            ], in: folder)
        try rbldnsd.wait(for: "rbldnsd started") {
            (rbldnsd.output + rbldnsd.errors).contains("started")
        }
        func configure(_ sources: String) throws -> String {
            try folder.write(
                "skein.yaml",
                Array(
                    """
                    intel:
                      database: \(folder.path("intel.sqlite"))
                      resolver: 127.0.0.1:\(dns)
                      own: [198.51.100.0/24]
                      sources: [\(sources)]

                    """.utf8))
        }
        let zone = "{name: bl, zone: bl.test, rate: 1000}"
        let configuration = try configure(comesByReload ? "" : zone)
        let program = try RunningProgram(
            [
                Command.skein, "serve", "--config", configuration, "--store",
                folder.path("store"), "--set", "http.listen=none", "--set",
                "geo.countries=none", "--receive-buffer", "1Mi", "--listen",
                "udp://127.0.0.1:\(exports)",
            ], in: folder)
        try program.wait(for: "getting ready") { program.errors.contains("ready; storing") }
        if comesByReload {
            _ = try configure(zone)
            program.send(SIGHUP)
            try program.wait(for: "the reload") { program.errors.contains("reloaded") }
        }
        try Self.send(Self.record(from: [192, 0, 2, 10], to: [198, 51, 100, 7]), to: exports)
        var found = ""
        try program.wait(for: "the zone's answer") {
            found = try Command.run(
                Command.skein, ["intel", "lookup", "192.0.2.10", "--config", configuration],
                in: folder
            ).output
            return found.contains("bl.test answers 127.0.0.2")
        }
        #expect(found.contains("in force"))
        #expect(program.end(SIGTERM) == 0)
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func send(_ octets: [UInt8], to port: UInt16) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(port)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(
                    descriptor, octets, octets.count, 0, $0,
                    socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(sent == octets.count)
    }

    /// A datagram of NetFlow v5 with one record.
    private static func record(from source: [UInt8], to destination: [UInt8]) -> [UInt8] {
        func word(_ value: UInt32) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
        }
        let seconds = UInt32(Date().timeIntervalSince1970)
        let header = [0, 5, 0, 1] + word(60_000) + word(seconds) + word(0) + word(0) + word(0)
        return header + source + destination + word(0) + word(0) + word(10) + word(1000)
            + word(59_000) + word(59_500) + [0xc0, 0, 0, 80, 0, 0x18, 6, 0] + word(0) + word(0)
    }
}
