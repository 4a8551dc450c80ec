import FlowTestSupport
import Foundation
import Testing

@Suite struct PictureTests {
    /// The README's picture is the program's own output; `scripts/terminal-picture` makes it anew.
    @Test(.enabled(if: Command.installed("python3") != nil))
    func `the picture in the README shows what the program answers`() throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let python = try #require(Command.installed("python3"))
        let made = try Command.run(
            python, [root.appendingPathComponent("scripts/terminal-picture").path, Command.skein])
        #expect(made.status == 0, "\(made.errors)")
        let committed = try String(
            contentsOf: root.appendingPathComponent("docs/images/terminal.svg"), encoding: .utf8)
        #expect(
            made.output == committed,
            "scripts/terminal-picture .build/release/skein > docs/images/terminal.svg")
    }
}
