import FlowTestSupport
import Foundation
import Testing

/// `skein swarm --events`: anything that happens, drawn as a swarm.
@Suite struct EventFilmTests {
    private let folder: TemporaryFolder
    private static var hasFont: Bool {
        FileManager.default.isReadableFile(
            atPath: "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    }

    init() throws { folder = try TemporaryFolder() }

    /// Raw frames of 320×180.
    private func frames(_ arguments: String...) throws -> Data {
        let shell =
            "mkdir -p tmp; TMPDIR=tmp '\(Command.skein)' swarm --size 320x180 --duration 1 --fps 4 "
            + "--title x --out - \(arguments.joined(separator: " ")) > frames.raw"
        let result = try Command.run("/bin/sh", ["-c", shell], in: folder)
        #expect(result.status == 0, "\(result.errors)")
        return try Data(contentsOf: folder.url.appendingPathComponent("frames.raw"))
    }

    @Test(.enabled(if: hasFont))
    func `the three forms of one story are one picture`() throws {
        let events = (0..<40).map {
            (1_465_300_800 + $0 * 60, "user\($0 % 3)", "src/file\($0 % 7).c")
        }
        try folder.write(
            "a.xml",
            Array(
                ("<file_events>"
                    + events.map {
                        "<event date=\"\($0.0)000\" filename=\"\($0.2)\" author=\"\($0.1)\"/>\n"
                    }.joined() + "</file_events>").utf8))
        try folder.write(
            "a.log", Array(events.map { "\($0.0)|\($0.1)|M|\($0.2)\n" }.joined().utf8))
        try folder.write(
            "a.csv",
            Array(
                ("actor,time,thing\n" + events.map { "\($0.1),\($0.0),\($0.2)\n" }.joined()).utf8))
        let first = try frames("--events a.xml")
        #expect(first.count == 4 * 320 * 180 * 3)
        #expect(try frames("--events a.log") == first)
        #expect(try frames("--events a.csv --threads 1") == first)
        #expect(try frames("--events a.csv --seed 2") != first)
        // What it needed in between is gone.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("tmp")).isEmpty)
    }

    @Test func `what has no events is told`() throws {
        try folder.write("none.txt", Array("nothing, of the sort\n".utf8))
        for (arguments, status, words) in [
            (["--events", "none.txt"], Int32(1), "none.txt: has no events"),
            (["--events", "absent.xml"], 1, "absent.xml: "),
            (["--events", "none.txt", "proto", "tcp"], 64, "the filter is about flows"),
        ] {
            let result = try Command.run(
                Command.skein, ["swarm", "--out", "x.mp4"] + arguments, in: folder)
            #expect(result.status == status && result.errors.contains(words), "\(result.errors)")
        }
    }
}
