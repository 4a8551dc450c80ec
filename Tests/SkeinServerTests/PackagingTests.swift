import FlowTestSupport
import Foundation
import Testing

/// The files of `packaging/`, as systemd's own tools read them.
@Suite struct PackagingTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("packaging")

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.folder.appendingPathComponent(path), encoding: .utf8)
    }

    /// The service, with a program that is there; with its drop-in, as one file.
    private func unit(withInterface: Bool, in folder: TemporaryFolder) throws -> String {
        var text = try text("systemd/skein.service")
            .replacingOccurrences(of: "/usr/bin/skein", with: Command.skein)
        if withInterface {
            // Lists of a drop-in add to those that are empty, and replace by the same value.
            let added = try self.text("systemd/skein.service.d/interface.conf")
                .split(separator: "\n").filter { $0.contains("=") && !$0.hasPrefix("#") }
            text = text.replacingOccurrences(
                of: "[Install]", with: added.joined(separator: "\n") + "\n\n[Install]")
        }
        return try folder.write("skein.service", Array(text.utf8))
    }

    @Test(
        .enabled(if: Command.installed("systemd-analyze") != nil), arguments: [false, true])
    func `systemd finds nothing wrong with the service`(withInterface: Bool) throws {
        let folder = try TemporaryFolder()
        let path = try unit(withInterface: withInterface, in: folder)
        let analyze = try #require(Command.installed("systemd-analyze"))
        let result = try Command.run(analyze, ["verify", "--man=no", path])
        #expect(result.status == 0, "\(result.errors)")
        #expect(!result.errors.contains("skein.service:"), "\(result.errors)")
    }

    /// On a scale to 10, the less the better.
    @Test(
        .enabled(if: Command.installed("systemd-analyze") != nil),
        arguments: [(false, 15), (true, 25)])
    func `the service may do little`(withInterface: Bool, tenthsMax: Int) throws {
        let folder = try TemporaryFolder()
        let path = try unit(withInterface: withInterface, in: folder)
        let analyze = try #require(Command.installed("systemd-analyze"))
        let result = try Command.run(
            analyze,
            ["security", "--offline=true", "--no-pager", "--threshold=\(tenthsMax)", path])
        #expect(result.status == 0, "\(result.output.suffix(200))\(result.errors)")
    }

    @Test func `the service is told of starting, reloading and hanging`() throws {
        let unit = try text("systemd/skein.service")
        for line in [
            "Type=notify", "NotifyAccess=main", "WatchdogSec=30s", "User=skein",
            "StateDirectory=skein", "Environment=SKEIN_STORE=/var/lib/skein",
            "ExecReload=/bin/kill -HUP $MAINPID", "CapabilityBoundingSet=",
        ] {
            #expect(unit.split(separator: "\n").contains(Substring(line)), "\(line)")
        }
        #expect(try text("sysusers.d/skein.conf").contains("u     skein -"))
    }

    @Test func `the kernel is allowed the buffers that are asked for`() throws {
        // receive-buffer, 64 MiB; held against the code by the name of its default in the document.
        #expect(try text("sysctl.d/90-skein.conf").contains("net.core.rmem_max = \(64 << 20)\n"))
        let reference = try Command.skein("config", "reference")
        #expect(reference.output.contains("\nreceive-buffer: 64Mi\n"))
    }
}
