import FlowTestSupport
import Foundation
import Glibc
import Testing

/// A network of its own with a cable in it, where the system lets root make one.
private enum OwnNetwork {
    static let cable = "ip link add v0 type veth peer name v1"
    static let isThere: Bool = {
        guard geteuid() == 0, Command.installed("ip") != nil,
            Command.installed("nsenter") != nil, let unshare = Command.installed("unshare")
        else { return false }
        return (try? Command.run(unshare, ["-n", "sh", "-c", cable]))?.status == 0
    }()
}

/// The program as somebody without any capability.
private enum Powerless {
    static func run(
        _ arguments: [String], in folder: TemporaryFolder? = nil
    ) throws
        -> CommandResult
    {
        try Command.run(
            Command.installed("setpriv") ?? "setpriv",
            [
                "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=-all",
                "--bounding-set=-all", Command.skein,
            ] + arguments, in: folder)
    }

    /// Whether it can be started so: the build may lie where only root can go.
    static let isPossible = (try? run(["--help"]))?.status == 0
}

/// `skein serve --interface`, as root starts it.
@Suite(.enabled(if: OwnNetwork.isThere, "making a network takes root, unshare and ip"))
struct MeterProgramTests {
    private struct Counters: Decodable {
        struct Interface: Decodable {
            var name: String
            var isUp: Bool
            var packets: Int
            var flows: Int
        }
        var interfaces: [Interface]
    }

    private static let makeCable =
        OwnNetwork.cable + " && ip addr add 192.0.2.1/24 dev v0 && ip link set v0 up && "
        + "ip link set v1 up && ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev v0"

    /// A folder that another user may write to.
    private func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let nobody = try #require(getpwnam("nobody"))
        try #require(chown(folder.url.path, nobody.pointee.pw_uid, nobody.pointee.pw_gid) == 0)
        return folder
    }

    private func start(_ folder: TemporaryFolder, _ options: [String] = []) throws -> RunningProgram
    {
        let words =
            [
                try #require(Command.installed("unshare")), "-n", "sh", "-c",
                Self.makeCable + " && ip link set lo up && exec \"$@\"", "sh", Command.skein,
                "serve", "--listen",
                "none", "--store", folder.path("store"), "--interface", "v1",
                "--bpf", "udp port 9", "--set", "http.listen=none",
            ] + options
        let program = try RunningProgram(words, in: folder)
        try program.wait(for: "getting ready") { program.errors.contains("ready; storing") }
        return program
    }

    /// Runs a command in the network of a program.
    private func shell(_ program: RunningProgram, _ command: String) throws {
        let result = try Command.run(
            try #require(Command.installed("nsenter")),
            ["-t", "\(program.process)", "-n", "bash", "-c", command])
        try #require(result.status == 0, "\(result.errors)")
    }

    private func send(_ program: RunningProgram) throws {
        try shell(program, "for i in {1..50}; do echo > /dev/udp/192.0.2.2/9; done")
    }

    /// The status line and the body of /healthz, asked for within its network.
    private func health(_ program: RunningProgram) throws -> String {
        let request =
            "GET /healthz HTTP/1.1\\r\\nHost: 127.0.0.1:8055\\r\\nConnection: close\\r\\n\\r\\n"
        let result = try Command.run(
            try #require(Command.installed("nsenter")),
            [
                "-t", "\(program.process)", "-n", "bash", "-c",
                "exec 3<>/dev/tcp/127.0.0.1/8055; printf '\(request)' >&3; cat <&3",
            ])
        return result.output
    }

    private func interface(_ program: RunningProgram) throws -> Counters.Interface {
        let lines = program.output.split(separator: "\n").count
        program.send(SIGUSR1)
        try program.wait(for: "the counters") {
            let output = program.output
            return output.hasSuffix("\n") && output.split(separator: "\n").count > lines
        }
        let line = program.output.split(separator: "\n").last ?? ""
        let counters = try JSONDecoder().decode(Counters.self, from: Data(line.utf8))
        return try #require(counters.interfaces.first)
    }

    @Test func `an interface that goes down, or away, is metered again when it is back`() throws {
        let folder = try folder()
        let program = try start(
            folder, ["--set", "user=nobody", "--set", "http.listen=127.0.0.1:8055"])
        try send(program)
        try program.wait(for: "packets") { try interface(program).packets == 50 }
        #expect(try health(program).contains(" 200 "))

        try shell(program, "ip link set v1 down")
        try program.wait(for: "a word") { program.errors.contains("v1 is down: ") }
        #expect(try !interface(program).isUp)
        let unhealthy = try health(program)
        #expect(unhealthy.contains(" 503 "), "\(unhealthy)")
        #expect(unhealthy.contains("v1 is down or away: its packets are metered when it is back"))
        try shell(program, "ip link set v1 up")
        try program.wait(for: "a word") { program.errors.contains("of v1 again") }
        try program.wait(for: "health") { try health(program).contains(" 200 ") }
        try send(program)
        try program.wait(for: "packets") { try interface(program).packets == 100 }

        // The same name comes back as another interface, and opening it takes a capability anew.
        try shell(program, "ip link del v0")
        try program.wait(for: "a word") { !(try interface(program).isUp) }
        try shell(program, Self.makeCable)
        try program.wait(for: "the interface") { try interface(program).isUp }
        try send(program)
        try program.wait(for: "packets") { try interface(program).packets == 150 }
        #expect(program.end(SIGTERM) == 0)
        #expect(program.errors.components(separatedBy: "v1 is down").count == 3)
        #expect(program.errors.contains("ended: 0 datagrams, 150 packets, "))
    }

    @Test func `root becomes another user, who can open networks and no more`() throws {
        let folder = try folder()
        let program = try start(folder, ["--set", "user=nobody"])
        let status = try String(
            contentsOfFile: "/proc/\(program.process)/status", encoding: .utf8)
        let nobody = try #require(getpwnam("nobody")).pointee.pw_uid
        #expect(status.contains("Uid:\t\(nobody)\t\(nobody)\t\(nobody)\t\(nobody)\n"))
        // Raw sockets, administration of networks and low ports are kept; the last is in effect.
        #expect(status.contains("CapPrm:\t0000000000003400\n"))
        #expect(status.contains("CapEff:\t0000000000000400\n"))
        #expect(status.contains("NoNewPrivs:\t1\n"))
        let owner = try FileManager.default.attributesOfItem(
            atPath: folder.path("store/MANIFEST"))[.ownerAccountID]
        #expect(owner as? Int == Int(nobody))
        #expect(program.end(SIGTERM) == 0)
    }

    @Test func `an interface that is down is no place to begin`() throws {
        let folder = try folder()
        let result = try Command.run(
            try #require(Command.installed("unshare")),
            [
                "-n", "sh", "-c", OwnNetwork.cable + " && exec \"$@\"", "sh", Command.skein,
                "serve", "--listen", "none", "--http", "none", "--interface", "v1", "--set",
                "geo.countries=none",
            ], in: folder)
        #expect(result.status == 1)
        #expect(result.errors == "skein: cannot meter v1: it is down; ip link set v1 up\n")
    }

    @Test(.enabled(if: Powerless.isPossible, "nobody cannot run the program"))
    func `who may not capture is told what it takes`() throws {
        let folder = try folder()
        let arguments = [
            "serve", "--listen", "none", "--http", "none", "--interface", "lo", "--set",
            "geo.countries=none",
        ]
        let refused = try Powerless.run(arguments, in: folder)
        #expect(refused.status == 1)
        #expect(
            refused.errors.hasPrefix("skein: cannot meter lo: that takes CAP_NET_RAW; "),
            "\(refused.errors)")
        #expect(refused.errors.split(separator: "\n").count == 1)
        let other = try Powerless.run(arguments + ["--set", "user=root"], in: folder)
        #expect(other.status == 1)
        #expect(
            other.errors
                == "skein: cannot become root (user): only root can; start as root, or leave user out\n"
        )
    }

    @Test(arguments: [
        ("nosuchuser", "skein: cannot become nosuchuser (user): there is no such user; ")
    ])
    func `a user that is not there is said`(user: String, message: String) throws {
        let folder = try folder()
        let result = try Command.skein(
            "serve", "--listen", "none", "--http", "none", "--interface", "lo", "--set",
            "user=\(user)", in: folder)
        #expect(result.status == 1)
        #expect(result.errors.hasPrefix(message), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("skein-data")))
    }
}
