import FlowTestSupport
import Foundation
import Glibc
import Testing

/// Disks, permissions and processes that stand in an import's way.
@Suite struct StoreTroubleTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func expectRefusal(
        _ result: CommandResult, says words: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(result.status == 1, sourceLocation: sourceLocation)
        for word in words {
            #expect(
                result.errors.contains(word), "\(result.errors)", sourceLocation: sourceLocation)
        }
        #expect(
            result.errors.split(separator: "\n").count == 1, "\(result.errors)",
            sourceLocation: sourceLocation)
        #expect(result.output.isEmpty, sourceLocation: sourceLocation)
    }

    /// Whether a program may have mounts of its own, as root or in a user namespace.
    static let mayMount: Bool = {
        guard let unshare = Command.installed("unshare") else { return false }
        let line = "mount -t tmpfs tmpfs /mnt"
        return
            (try? Command.run(unshare, ["--map-root-user", "--mount", "sh", "-c", line]))?.status
            == 0
    }()

    /// Runs a script that has a tmpfs of 1 MiB on `disk`, gone with the script, and `skein` as `$1`.
    private func runWithDisk(_ script: String) throws -> CommandResult {
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("disk"), withIntermediateDirectories: false)
        let lines = "set -e\nmount -t tmpfs -o size=1m,mode=0755 tmpfs disk\n" + script
        return try Command.run(
            try #require(Command.installed("unshare")),
            ["--map-root-user", "--mount", "sh", "-c", lines, "sh", Command.skein], in: folder)
    }

    /// The last argument leaves room for the lock, or not even for that.
    @Test(
        .enabled(if: mayMount, "mounting is not permitted here"),
        arguments: ["bs=1k count=850", "bs=4k"])
    func `a full disk is one clear line, and the store is as it was`(other: String) throws {
        try folder.generate("small.pcap", "ipfix", flows: 500)
        try folder.generate("large.pcap", "ipfix", flows: 20_000)
        let result = try runWithDisk(
            """
            total() { "$1" query --total --no-rollups --output ndjson --store disk/s; }
            "$1" import --store disk/s small.pcap >/dev/null
            total "$1"
            dd if=/dev/zero of=disk/other \(other) 2>/dev/null || true
            status=0
            "$1" import --store disk/s large.pcap || status=$?
            echo $status
            total "$1"
            rm disk/other
            "$1" import --store disk/s large.pcap >/dev/null
            total "$1"
            find disk/s -name '*.tmp'
            """)
        #expect(result.status == 0)
        let errors = result.errors.split(separator: "\n")
        #expect(errors.count == 1, "\(result.errors)")
        #expect(result.errors.hasPrefix("skein: cannot write disk/s/"), "\(result.errors)")
        #expect(result.errors.contains("No space left on device"))
        #expect(result.errors.contains("make room and try again"))
        let lines = result.output.split(separator: "\n")
        try #require(lines.count == 4, "\(result.output)")
        #expect(lines[0].hasPrefix("{\"flows\":500,"))
        #expect(lines[1] == "1")
        #expect(lines[2] == lines[0])
        #expect(lines[3].hasPrefix("{\"flows\":20500,"))
    }

    @Test(.enabled(if: mayMount, "mounting is not permitted here"))
    func `a disk that may only be read can be asked but not written`() throws {
        try folder.write("a.pcap", SmallCapture.netflow5(flows: 3))
        try folder.write("b.pcap", SmallCapture.netflow5(flows: 4))
        let result = try runWithDisk(
            """
            "$1" import --store disk/s a.pcap >/dev/null
            mount -o remount,bind,ro disk
            status=0
            "$1" import --store disk/s b.pcap || status=$?
            echo $status
            "$1" query --total --no-rollups --output ndjson --store disk/s
            "$1" store info --store disk/s >/dev/null
            "$1" store verify --store disk/s
            "$1" store expire --max-size 1 --store disk/s || echo $?
            """)
        #expect(result.status == 0)
        let errors = result.errors.split(separator: "\n")
        #expect(errors.count == 2, "\(result.errors)")
        #expect(errors.allSatisfy { $0.contains("disk/s") && $0.contains("Read-only file system") })
        #expect(result.output.hasPrefix("1\n{\"flows\":3,"))
        #expect(result.output.hasSuffix("all whole\n1\n"), "\(result.output)")
    }

    @Test(.enabled(if: getuid() != 0, "root may write everything"))
    func `a store without permission to write says so`() throws {
        try folder.write("a.pcap", SmallCapture.netflow5(flows: 3))
        try folder.write("b.pcap", SmallCapture.netflow5(flows: 4))
        try folder.skein("import", "--store", "s", "a.pcap")
        for name in ["s/LOCK", "s/MANIFEST"] { chmod(folder.path(name), 0o400) }
        for name in ["s/segments", "s"] { chmod(folder.path(name), 0o500) }
        defer { for name in ["s", "s/segments"] { chmod(folder.path(name), 0o700) } }
        expectRefusal(
            try Command.skein("import", "--store", "s", "b.pcap", in: folder),
            says: "Permission denied", "check who owns the store")
        #expect(try folder.total("s").contains("\"flows\":3"))
    }

    @Test func `a store below a folder that does not exist says what to do`() throws {
        try folder.write("a.pcap", SmallCapture.netflow5(flows: 3))
        expectRefusal(
            try Command.skein("import", "--store", "a/b/c", "a.pcap", in: folder),
            says: "cannot make the store a/b/c", "mkdir -p")
        #expect(!FileManager.default.fileExists(atPath: folder.path("a")))
        try folder.write("file", [])
        expectRefusal(
            try Command.skein("import", "--store", "file", "a.pcap", in: folder), says: "file")
        expectRefusal(
            try Command.skein("import", "--store", "file/s", "a.pcap", in: folder), says: "file/s")
        expectRefusal(
            try Command.skein("import", "--store", ".", "a.pcap", in: folder), says: "not a store")
    }

    @Test func `a second import while one runs names its process`() throws {
        try folder.write("a.pcap", SmallCapture.netflow5(flows: 3))
        let capture = try folder.generate("large.pcap", "ipfix", flows: 5000)
        let first = try StalledImport(capture, into: "s", in: folder)
        expectRefusal(
            try Command.skein("import", "--store", "s", "a.pcap", in: folder),
            says: "s is being written by process \(first.id)", "try again")
        #expect(try folder.total("s").contains("\"flows\":0"))
        #expect(try first.finish() == 0)
        try folder.skein("import", "--store", "s", "a.pcap")
        #expect(try folder.total("s").contains("\"flows\":5003"))
    }

    /// More than a block of flows, so that the killed import has begun a segment.
    @Test func `an import that is killed leaves the store as it was`() throws {
        try folder.write("a.pcap", SmallCapture.netflow5(flows: 3))
        try folder.skein("import", "--store", "s", "a.pcap")
        let before = try folder.total("s")
        let capture = try folder.generate("large.pcap", "ipfix", flows: 70_000)
        try StalledImport(capture, into: "s", in: folder).kill()
        #expect(try folder.total("s") == before)
        try folder.skein("import", "--store", "s", "large.pcap")
        #expect(try folder.total("s").contains("\"flows\":70003"))
        let segments = try FileManager.default.contentsOfDirectory(
            atPath: folder.path("s/segments"))
        #expect(segments.allSatisfy { $0.hasSuffix(".seg") })
    }

    @Test func `a reader of the summary that goes away is no failure`() throws {
        try folder.write("a.pcap", SmallCapture.netflow5(flows: 3))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Command.skein)
        process.arguments = ["import", "--store", "s", "a.pcap"]
        process.currentDirectoryURL = folder.url
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        process.standardOutput = pipe
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)
        #expect(try folder.total("s").contains("\"flows\":3"))
    }
}
