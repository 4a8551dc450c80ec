import FlowTestSupport
import Foundation
import Testing

/// `skein swarm` as the user runs it.
@Suite struct SwarmProgramTests {
    private let folder: TemporaryFolder
    private static var hasFont: Bool {
        FileManager.default.isReadableFile(
            atPath: "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    }

    init() throws {
        folder = try TemporaryFolder()
        try folder.skein(
            "generate", "--as", "ipfix", "--flows", "5000", "--hours", "2", "--out", "day.pcap")
        try folder.skein("import", "--store", "s", "day.pcap")
    }

    private func swarm(_ arguments: String...) throws -> CommandResult {
        try Command.run(
            Command.skein,
            ["swarm", "--store", "s", "--size", "320x180", "--utc"] + arguments, in: folder)
    }

    private func frames(
        _ arguments: String..., of program: String = Command.skein
    ) throws -> Data {
        let shell =
            "'\(program)' swarm --store s --size 320x180 --utc --duration 2 --fps 5 "
            + "--out - \(arguments.joined(separator: " ")) > frames.raw"
        let result = try Command.run("/bin/sh", ["-c", shell], in: folder)
        #expect(result.status == 0, "\(result.errors)")
        return try Data(contentsOf: folder.url.appendingPathComponent("frames.raw"))
    }

    @Test(.enabled(if: hasFont))
    func `frames are as many as wanted and always the same, another seed gives others`() throws {
        let first = try frames("--threads 1")
        #expect(first.count == 10 * 320 * 180 * 3)
        #expect(try frames("--threads 2") == first)
        #expect(try frames("--seed 2") != first)
        #expect(try frames("'dst port 53'") != first)
        let paper = try frames("--theme light")
        #expect(paper.prefix(3) == Data([0xFB, 0xFA, 0xF6]) && first.prefix(3) != paper.prefix(3))
    }

    /// The program as it was built with these tests, without optimisation.
    private static let plain: String? = {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let candidates = [tests.path] + CommandLine.arguments
        return candidates.map {
            URL(fileURLWithPath: $0).deletingLastPathComponent().appendingPathComponent("skein")
                .path
        }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    @Test(.enabled(if: hasFont))
    func `frames are the same with and without optimisation`() throws {
        let plain = try #require(Self.plain)
        let first = try frames("--seed 7")
        #expect(try frames("--seed 7 --threads 1", of: plain) == first)
    }

    @Test(
        .enabled(if: hasFont && Command.installed("ffmpeg") != nil),
        arguments: ["clip.mp4", "clip.webm", "clip.gif", "clip.mkv"])
    func `ffmpeg makes a video of them that it can read`(name: String) throws {
        let made = try swarm("--duration", "1", "--fps", "6", "--out", name)
        #expect(made.status == 0, "\(made.errors)")
        let probe = try #require(Command.installed("ffprobe"))
        let found = try Command.run(
            probe,
            [
                "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries",
                "stream=width,height,nb_read_frames", "-of", "csv=p=0", name,
            ], in: folder)
        #expect(found.output.hasPrefix("320,180,6"), "\(found.output) \(found.errors)")
        // Nothing of the work is left.
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        #expect(!files.contains { $0.contains("draft") })
        let again = try swarm("--duration", "1", "--fps", "6", "--out", name)
        #expect(again.status == 1 && again.errors.contains("--force overwrites it"))
    }

    @Test(.enabled(if: hasFont && Command.installed("ffmpeg") != nil))
    func `pictures are numbered`() throws {
        #expect(
            try swarm("--duration", "1", "--fps", "3", "--out", "at-%03d.png").status == 0)
        for number in ["001", "002", "003"] {
            #expect(
                FileManager.default.fileExists(atPath: folder.path("at-\(number).png")))
        }
    }

    @Test func `what cannot be is said`() throws {
        for (arguments, words) in [
            (["--out", "clip.avi"], "ends in mp4"), (["--out", "clip.png"], "frame-%05d.png"),
            (["--out", "a.mp4", "--step", "0s"], "--step"),
            (["--out", "a.mp4", "--speed", "0"], "--speed"),
            (["--out", "a.mp4", "--size", "11x11"], "--size"),
            (["--out", "a.mp4", "--fps", "0"], "--fps"),
            (["--out", "a.mp4", "--speed", "2", "--duration", "3"], "exclude"),
            (["--out", "a.mp4", "dst port = 99999"], "port is 0–65535"),
        ] {
            let result = try Command.run(
                Command.skein, ["swarm", "--store", "s"] + arguments, in: folder)
            #expect(result.status == 64 && result.errors.contains(words), "\(result.errors)")
        }
        let nothing = try swarm("--out", "a.mp4", "src ip 192.0.2.250")
        #expect(nothing.status == 1 && nothing.errors.contains("no flow matches"))
        let never = try swarm("--out", "a.mp4", "--from", "1999-01-01", "--to", "1999-01-02")
        #expect(never.status == 1 && never.errors.contains("no flow matches"))
        let many = try swarm("--out", "a.mp4", "--step", "1ms")
        #expect(many.status != 0 && many.errors.contains("--step"))
    }

    @Test(.enabled(if: hasFont))
    func `without ffmpeg it is said what to install`() throws {
        try FileManager.default.createDirectory(
            atPath: folder.path("empty"), withIntermediateDirectories: false)
        let result = try Command.run(
            "/bin/sh",
            ["-c", "PATH=\(folder.path("empty")) '\(Command.skein)' swarm --store s --out a.mp4"],
            in: folder)
        #expect(result.status == 1 && result.errors.contains("Debian: ffmpeg"), "\(result.errors)")
    }
}
