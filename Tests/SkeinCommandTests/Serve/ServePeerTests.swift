import FlowTestSupport
import Foundation
import Glibc
import Testing

/// What softflowd exports, received by `skein serve` and by nfcapd.
@Suite(
    .enabled(
        if: Command.installed("softflowd") != nil && NfcapdCollector.program != nil,
        "softflowd, nfcapd and nfdump are not installed"))
struct ServePeerTests {
    @Test(arguments: [5, 9, 10])
    func `softflowd's flows are those that nfcapd stores`(version: Int) throws {
        let folder = try TemporaryFolder()
        try folder.generate("a.pcap", "traffic", flows: 2000)
        let collector = try DatagramCollector()
        let softflowd = try Command.run(
            try #require(Command.installed("softflowd")),
            [
                "-r", folder.path("a.pcap"), "-c", "none", "-v", "\(version)", "-n",
                "127.0.0.1:\(collector.port)",
            ], in: folder)
        guard softflowd.status == 0 else { throw Unexpected(softflowd) }
        let datagrams = try collector.takeAll()
        var (sums, expected) = try PeerSums.ofBoth(datagrams, in: folder)
        if version != 5 {
            // The packets are older than softflowd's start, and so its uptimes wrap: nfcapd takes that
            // for another wrap of NetFlow v9, and turns the offsets of IPFIX (158, 159) round.
            (sums.first, sums.last) = (expected.first, expected.last)
        }
        #expect(sums.flows > 1000)
        #expect(sums == expected)
    }

    @Test(
        .enabled(if: Command.installed("nfreplay") != nil, "nfreplay is not installed"),
        arguments: [5, 9])
    func `what nfreplay sends is what nfcapd stores`(version: Int) throws {
        let folder = try TemporaryFolder()
        // nfcapd's own file is what is replayed.
        let source = try TemporaryFolder()
        let collector = try DatagramCollector()
        let sent = try Command.skein(
            "generate", "--as", "v5", "--flows", "2000", "--to", "127.0.0.1:\(collector.port)")
        guard sent.status == 0 else { throw Unexpected(sent) }
        let original = try collector.takeAll()
        let nfcapd = try NfcapdCollector(try #require(NfcapdCollector.program), in: source)
        try DatagramSender(port: nfcapd.port).send(original)
        try nfcapd.stop()
        for file in try nfcapd.files() {
            let replay = try Command.run(
                try #require(Command.installed("nfreplay")),
                ["-r", file, "-H", "127.0.0.1", "-p", "\(collector.port)", "-v", "\(version)"],
                in: source)
            guard replay.status == 0 else { throw Unexpected(replay) }
        }
        var (sums, expected) = try PeerSums.ofBoth(collector.takeAll(), in: folder)
        #expect(sums.flows > 1000)
        #expect(try sums == PeerSums.ofSkein(original, in: source))
        // The first flows are older than the uptime that nfreplay gives v5: nfcapd takes that for a wrap.
        if version == 5 { sums.first = expected.first }
        #expect(sums == expected)
    }
}
