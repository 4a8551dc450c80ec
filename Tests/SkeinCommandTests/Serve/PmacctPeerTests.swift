import FlowTestSupport
import Foundation
import Glibc
import Testing

/// What pmacctd exports of a capture, received by `skein serve`.
@Suite(.enabled(if: Command.installed("pmacctd") != nil, "pmacctd is not installed"))
struct PmacctPeerTests {
    /// The datagrams that a plugin of pmacctd sends of a capture.
    ///
    /// At its end it waits for its plugins, which do not always hear of it, nfprobe seldom: then it is begun
    /// anew.
    ///
    /// - Parameter enough: so many will do; nil: all that it sends until it ends.
    private func datagrams(
        _ lines: [String], enough: Int? = nil, in folder: TemporaryFolder
    ) throws -> [[UInt8]] {
        for _ in 0..<2 {
            do {
                return try datagramsOnce(lines, enough: enough, in: folder)
            } catch is RunningProgram.Failure {
                continue
            }
        }
        return try datagramsOnce(lines, enough: enough, in: folder)
    }

    private func datagramsOnce(
        _ lines: [String], enough: Int?, in folder: TemporaryFolder
    ) throws -> [[UInt8]] {
        let collector = try DatagramCollector()
        let configuration =
            ["daemonize: false", "pcap_savefile: \(folder.path("a.pcap"))"] + lines
        let text = configuration.joined(separator: "\n").replacing(
            "RECEIVER", with: "127.0.0.1:\(collector.port)")
        try (text + "\n").write(
            toFile: folder.path("pmacctd.conf"), atomically: false, encoding: .utf8)
        // It sleeps two seconds at either end, and ends its plugins by signals, which Foundation's
        // processes have blocked.
        let program = try RunningProgram(
            [try #require(Command.installed("pmacctd")), "-f", folder.path("pmacctd.conf")],
            in: folder)
        guard let enough else {
            try program.wait(for: "its end") { program.errors.contains("OK, Exiting") }
            _ = program.end(SIGTERM)
            return try collector.takeAll()
        }
        var datagrams: [[UInt8]] = []
        try program.wait(for: "so many datagrams") {
            datagrams += try collector.takeAll()
            return datagrams.count >= enough
        }
        program.kill()
        return datagrams
    }

    @Test(
        .enabled(if: NfcapdCollector.program != nil, "nfcapd and nfdump are not installed"),
        arguments: [5, 9, 10])
    func `nfprobe's flows are those that nfcapd stores`(version: Int) throws {
        let folder = try TemporaryFolder()
        try folder.generate("a.pcap", "traffic", flows: 2000)
        let datagrams = try datagrams(
            [
                "plugins: nfprobe", "aggregate: src_host,dst_host,src_port,dst_port,proto,tos",
                "nfprobe_receiver: RECEIVER", "nfprobe_version: \(version)",
            ], in: folder)
        var (sums, expected) = try PeerSums.ofBoth(datagrams, in: folder)
        if version != 5 {
            // As softflowd, of which it is made: its packets are older than its start.
            (sums.first, sums.last) = (expected.first, expected.last)
        }
        #expect(sums.flows > 1000)
        #expect(sums == expected)
    }

    @Test func `sfprobe's samples of packets are flows of their frames`() throws {
        let folder = try TemporaryFolder()
        try folder.generate("a.pcap", "traffic", flows: 2000)
        // What does not fit between its processes it does not send: what it sent is the truth here.
        let datagrams = try datagrams(
            [
                "plugins: sfprobe", "sampling_rate: 1", "sfprobe_receiver: RECEIVER",
                "sfprobe_agentip: 127.0.0.1",
            ], enough: 1000, in: folder)
        let sums = try PeerSums.ofSkein(datagrams, in: folder)
        let frames = datagrams.flatMap { Self.frames(of: $0) }
        #expect(frames.count > 5000)
        #expect(sums.flows == frames.count && sums.packets == frames.count)
        #expect(sums.bytes == frames.reduce(0, +))
    }

    /// The lengths of the frames that the flow samples of an sFlow datagram are of.
    private static func frames(of datagram: [UInt8]) -> [Int] {
        func number(_ place: Int) -> Int {
            (0..<4).reduce(0) { $0 << 8 | Int(datagram[place + $1]) }
        }
        var frames: [Int] = []
        var place = 28
        for _ in 0..<number(24) {
            let (kind, sample) = (number(place), place + 8)
            place = sample + number(place + 4)
            guard kind == 1 else { continue }
            var record = sample + 32
            for _ in 0..<number(sample + 28) {
                // A raw packet header: protocol, then the length of the frame.
                if number(record) == 1 { frames.append(number(record + 12)) }
                record += 8 + number(record + 4)
            }
        }
        return frames
    }
}
