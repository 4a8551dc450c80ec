import FlowModel
import Glibc
import Testing

/// The real binary, in a folder of its own.
private struct Skein {
    let path: String

    /// The binary that was built with the tests; nil where it is not beside them.
    init?() {
        var link = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &link, link.count - 1)
        guard count > 0 else { return nil }
        let executable = String(
            decoding: link[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
        let folder = executable.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        path = folder.joined(separator: "/") + "/skein"
        guard access(path, X_OK) == 0 else { return nil }
    }

    /// Runs a shell line with `$SKEIN` set; the output of both streams and the exit code.
    func run(_ line: String) -> (output: String, code: Int32) {
        guard
            let pipe = popen(
                "exec 2>&1; SKEIN='\(path)'; export TZ=UTC SKEIN_COUNTRY_DATABASE=; " + line, "r")
        else {
            return ("", -1)
        }
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&chunk, 1, chunk.count, pipe)
            if count == 0 { break }
            output += chunk[..<count]
        }
        let status = pclose(pipe)
        return (String(decoding: output, as: UTF8.self), (status >> 8) & 0xff)
    }
}

@Suite(.enabled(if: Skein() != nil, "the binary is not beside the tests"))
struct GenerateCommandTests {
    private let skein: Skein

    init() throws { skein = try #require(Skein()) }

    @Test(arguments: [
        "", "--out a --to 127.0.0.1:1", "--flows 0 --out a", "--flows -5 --out a",
        "--as v7 --out a", "--as traffic --to 127.0.0.1:2055", "--to 127.0.0.1",
        "--to 127.0.0.1:99999", "--hours 0 --out a", "--rate fast --out a", "--live --out a",
        "--as v9 --biflow --out a", "--sampling 0 --out a", "--start yesterday --out a",
        "--story --out -",
    ])
    func `nonsense is refused as wrong usage`(options: String) {
        let answer = skein.run("cd /tmp && $SKEIN generate \(options)")
        #expect(answer.code == 64, "\(answer.output)")
    }

    @Test(arguments: ["v5", "v9", "ipfix", "sflow", "traffic"])
    func `a capture goes to standard output, the same every time`(kind: String) {
        let make = "$SKEIN generate --as \(kind) --flows 600 --seed 9 --out - 2>/dev/null | cksum"
        let first = skein.run(make)
        #expect(first.code == 0 && !first.output.hasPrefix("4294967295 0"))
        #expect(skein.run(make).output == first.output)
    }

    @Test func `the summary says what was made`() {
        let answer = skein.run("$SKEIN generate --as v5 --flows 2000 --out /dev/null")
        #expect(answer.code == 0)
        #expect(answer.output.hasPrefix("/dev/null: 2000 flows ("))
        #expect(answer.output.contains("IPv6 left out"))
    }

    @Test func `a reader that goes away is no failure`() {
        let answer = skein.run(
            "{ $SKEIN generate --flows 100000 --out -; echo code $? >&2; } | head -c 100 >/dev/null"
        )
        #expect(answer.output == "code 0\n")
    }

    @Test(.enabled(if: access("/dev/full", W_OK) == 0))
    func `a full disk is a failure that names the file`() {
        let answer = skein.run("$SKEIN generate --flows 1000 --out /dev/full")
        #expect(answer.code == 1)
        #expect(answer.output.contains("/dev/full: No space left on device"))
    }

    @Test func `a folder that is not there is a failure that names the file`() {
        let answer = skein.run("$SKEIN generate --flows 10 --out /nonexistent/a.pcap")
        #expect(answer.code == 1)
        #expect(answer.output.contains("/nonexistent/a.pcap: No such file or directory"))
    }

    @Test func `the story is printed as JSON`() {
        let answer = skein.run("$SKEIN generate --flows 10000 --story --output ndjson")
        #expect(answer.code == 0)
        #expect(answer.output.split(separator: "\n").count == 6)
        #expect(answer.output.contains("\"kind\": \"beacon\""))
        #expect(answer.output.contains("\"dstip\": [\"203.0.113.66/32\"]"))
    }

    @Test(arguments: [
        ("2026-03-02T00:00:00Z", 1_772_409_600_000), ("2026-03-02", 1_772_409_600_000),
        ("2026-03-02T07", 1_772_434_800_000), ("2026-03-02T01:30:00+01:30", 1_772_409_600_000),
        ("2026-03", 1_772_323_200_000), ("1772409600123", 1_772_409_600_123),
    ])
    func `a start is read as it is written everywhere`(start: String, milliseconds: Int) {
        let answer = skein.run("$SKEIN generate --start \(start) --story --output json")
        #expect(answer.code == 0 && answer.output.contains("\"start\": \(milliseconds), \"end\""))
    }

    @Test func `datagrams arrive at a collector on loopback`() throws {
        let receiver = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        try #require(receiver >= 0)
        defer { close(receiver) }
        var size: Int32 = 8 << 20
        setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(receiver, $0, length) == 0 && getsockname(receiver, $0, &length) == 0
            }
        }
        try #require(bound)
        let port = UInt16(bigEndian: address.sin_port)
        let answer = skein.run(
            "$SKEIN generate --as v5 --flows 60 --rate 2000/s --hours 1 --to 127.0.0.1:\(port)")
        #expect(answer.code == 0 && answer.output.hasPrefix("127.0.0.1:\(port): 60 flows"))
        var records = 0
        var datagram = [UInt8](repeating: 0, count: 2_048)
        while recv(receiver, &datagram, datagram.count, Int32(MSG_DONTWAIT)) >= 24 {
            #expect(datagram[1] == 5)
            records += Int(datagram[3])
        }
        #expect((40...60).contains(records))
    }

    @Test func `a collector that is not there is said`() {
        let answer = skein.run("$SKEIN generate --flows 2000 --to 127.0.0.1:9")
        #expect(answer.code == 1 && answer.output.contains("nobody listens at 127.0.0.1:9"))
    }
}
