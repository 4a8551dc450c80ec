import FlowTestSupport
import Foundation
import Glibc
import Testing

/// The program itself, as a service manager runs it.
@Suite struct ServeProgramTests {
    /// The datagrams of generated flows: of each router the first, and every 20th after it, has
    /// templates.
    private func datagrams(_ flows: Int, as format: String) throws -> [[UInt8]] {
        let collector = try DatagramCollector()
        let result = try Command.skein(
            "generate", "--as", format, "--flows", "\(flows)", "--to",
            "127.0.0.1:\(collector.port)")
        guard result.status == 0 else { throw Unexpected(result) }
        return try collector.takeAll()
    }

    private func flows(_ folder: TemporaryFolder) throws -> Int {
        let line = try folder.total("store")
        let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return row?["flows"] as? Int ?? -1
    }

    @Test func `flows are in an answer while it runs, and stored when it has ended`() throws {
        let folder = try TemporaryFolder()
        let server = try SkeinServer(folder)
        try DatagramSender(port: server.port).send(try datagrams(1000, as: "v9"))
        try server.program.wait(for: "the answer") { try flows(folder) == 1000 }
        #expect(server.program.end(SIGTERM) == 0)
        #expect(try flows(folder) == 1000)
        #expect(server.program.errors.contains("1000 flows, 1000 stored"))
        let journal = try FileManager.default.contentsOfDirectory(
            atPath: folder.path("store/journal"))
        #expect(journal.isEmpty)
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `what has arrived is stored before the end`(signal: CInt) throws {
        let folder = try TemporaryFolder()
        let server = try SkeinServer(folder)
        let datagrams = try datagrams(3000, as: "ipfix")
        try DatagramSender(port: server.port).send(datagrams)
        // Loopback delivers in the sender's call: all of it is the kernel's, or ours.
        #expect(server.program.end(signal) == 0)
        #expect(try flows(folder) == 3000)
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func `after a restart everything is there once, and decoded at once`(signal: CInt) throws {
        let folder = try TemporaryFolder()
        let datagrams = try datagrams(3000, as: "v9")
        let first = try SkeinServer(folder)
        try DatagramSender(port: first.port).send(datagrams.prefix(12))
        try first.wait(for: "arrival") { $0.haveSafe(12) }
        let before = try first.counters().exports.flows
        // The templates are saved a second after they came.
        try first.program.wait(for: "the templates") {
            FileManager.default.fileExists(atPath: folder.path("store/EXPORTERS"))
        }
        #expect(first.program.end(signal) == (signal == SIGKILL ? -SIGKILL : 0))
        let second = try SkeinServer(folder)
        #expect(try flows(folder) == before)
        try DatagramSender(port: second.port).send(datagrams[12..<20])
        try second.wait(for: "arrival") { $0.haveSafe(8) }
        let counters = try second.counters()
        #expect(counters.exports.undecoded.isEmpty)
        #expect(counters.exports.flows > 0)
        #expect(second.program.end(SIGTERM) == 0)
        #expect(try flows(folder) == before + counters.exports.flows)
    }

    @Test func `twenty ends under load lose nothing that was acknowledged, and double nothing`()
        throws
    {
        let folder = try TemporaryFolder()
        let rounds = 20
        let datagrams = try datagrams(400 * rounds, as: "v5")
        let share = datagrams.count / rounds
        var (safe, sent) = (0, 0)
        for round in 0..<rounds {
            let server = try SkeinServer(folder)
            let now = try flows(folder)
            #expect(now >= safe && now <= sent, "round \(round)")
            let part = datagrams[round * share..<(round + 1) * share]
            let sender = try DatagramSender(port: server.port)
            try sender.send(part.prefix(share / 2))
            try server.wait(for: "acknowledgement") { $0.haveSafe(share / 2) }
            safe = now + (try server.counters().exports.flows)
            // The rest is under way when the signal comes.
            try sender.send(part.dropFirst(share / 2))
            sent += part.reduce(0) { $0 + Int($1[2]) << 8 + Int($1[3]) }
            let signal = round % 2 == 0 ? SIGKILL : SIGTERM
            #expect(server.program.end(signal) == (signal == SIGKILL ? -SIGKILL : 0))
        }
        let all = try flows(folder)
        #expect(all >= safe && all <= sent)
        let listed = try Command.skein(
            "query", "--store", folder.path("store"), "--fields",
            "srcip,dstip,srcport,dstport,proto,start,end,bytes,packets", "--limit", "0", "--output",
            "csv")
        #expect(listed.status == 0)
        let lines = listed.output.split(separator: "\n").dropFirst()
        #expect(lines.count == all)
        #expect(Set(lines).count == lines.count)
    }

    @Test func `a reload loses nothing`() throws {
        let folder = try TemporaryFolder()
        let server = try SkeinServer(folder)
        let datagrams = try datagrams(2000, as: "v5")
        let sender = try DatagramSender(port: server.port)
        for round in 1...100 {
            server.program.send(SIGHUP)
            try sender.send(datagrams)
            try server.program.wait(for: "the reload") {
                server.program.errors.split(separator: "reloaded").count > round
            }
            try server.wait(for: "arrival") { $0.received + $0.dropped == round * datagrams.count }
        }
        #expect(try server.counters().dropped == 0)
        #expect(server.program.end(SIGTERM) == 0)
    }

    @Test func `a store that has another writer is refused`() throws {
        let folder = try TemporaryFolder()
        let server = try SkeinServer(folder)
        let result = try Command.skein(
            "serve", "--store", folder.path("store"), "--listen", "udp://127.0.0.1:0")
        #expect(result.status == 1)
        #expect(result.errors.contains("process \(server.program.process)"))
    }

    @Test(arguments: [
        ["--listen", "here"], ["--allow", "10/8/8"], ["--forward", "nowhere"],
        ["--receive-buffer", "x"], ["--queue", "x"], ["--max-age", "x"], ["--max-size", "x"],
    ])
    func `wrong options are refused by their names`(options: [String]) throws {
        let result = try Command.run(Command.skein, ["serve"] + options)
        #expect(result.status == 64)
        #expect(result.errors.contains(options[0]))
    }

    @Test func `a full disk sheds flows, says so, and is forgotten when there is room`() throws {
        let folder = try TemporaryFolder()
        // A file may have 256 KiB; SIGXFSZ is ignored, so that a write beyond that is an error.
        let server = try SkeinServer(
            folder, ["--queue", "4Mi"],
            shell: ["/bin/bash", "-c", "trap '' XFSZ; ulimit -S -f 256; exec \"$@\"", "bash"])
        let datagrams = try datagrams(3000, as: "v5")
        let sender = try DatagramSender(port: server.port)
        try server.program.wait(for: "shedding") {
            try sender.send(datagrams)
            return server.program.errors.contains("FLOWS ARE THROWN AWAY")
        }
        #expect(server.program.errors.contains("the store does not take flows"))
        let room = try Command.run(
            "/usr/bin/prlimit", ["--pid", "\(server.program.process)", "--fsize=unlimited"])
        #expect(room.status == 0)
        try server.program.wait(for: "recovery") {
            server.program.errors.contains("the store takes flows again")
        }
        #expect(server.program.end(SIGTERM) == 0)
        let stored = try flows(folder)
        #expect(stored > 0)
        #expect(server.program.errors.contains("\(stored) stored"))
    }
}
