import Glibc
import Testing

/// The program itself: what it says where, and how it ends.
@Suite struct QueryProgramTests {
    /// The binary that was built with these tests.
    private static let binary: String = {
        let resolved = realpath("/proc/self/exe", nil)
        defer { free(resolved) }
        let running = resolved.map { String(cString: $0) } ?? ""
        let candidates = [running] + CommandLine.arguments
        for candidate in candidates {
            guard let slash = candidate.lastIndex(of: "/") else { continue }
            let binary = String(candidate[...slash]) + "skein"
            if access(binary, X_OK) == 0 { return binary }
        }
        return ""
    }()

    /// Runs a line of shell in which `skein` is the program; stdout and stderr together.
    private func shell(_ line: String) throws -> (text: String, status: Int32) {
        try #require(!Self.binary.isEmpty)
        let script = """
            skein() { '\(Self.binary)' "$@"; }
            cd / && unset SKEIN_STORE && { \(line)
            } 2>&1
            """
        let pipe = try #require(popen(script, "r"))
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&piece, 1, piece.count, pipe), count > 0 {
            text += piece[..<count]
        }
        // Above the lowest octet of the wait status stands the exit code.
        return (String(decoding: text, as: UTF8.self), pclose(pipe) >> 8)
    }

    @Test func `a store that is not there is named, with the way to make one`() throws {
        let missing = "/nonexistent/store"
        let expected = """
            skein: there is no store at \(missing); name one with --store, or make one with: \
            skein import --store \(missing) FILE

            """
        let byOption = try shell("skein query any --store \(missing)")
        #expect(byOption.text == expected && byOption.status == 1)
        let byVariable = try shell("SKEIN_STORE=\(missing); export SKEIN_STORE; skein query")
        #expect(byVariable.text == expected && byVariable.status == 1)
        #expect(
            try shell("skein query").text.hasPrefix("skein: there is no store at ./skein-data;"))
    }

    @Test func `an empty folder is no store`() throws {
        let answer = try shell(
            "D=$(mktemp -d); skein query any --store $D; S=$?; rmdir $D; echo $D; exit $S")
        let lines = answer.text.split(separator: "\n")
        #expect(lines.count == 2 && answer.status == 1)
        #expect(lines[0].hasPrefix("skein: \(lines[1]) is an empty folder, not a store;"))
    }

    @Test func `a wrong filter is wrong usage, shown with a caret`() throws {
        let answer = try shell("skein query 'dst port = 99999'")
        #expect(
            answer.text.hasPrefix(
                """
                Error: port is 0–65535 (column 12)
                  dst port = 99999
                             ^^^^^
                """))
        #expect(answer.status == 64)
        #expect(try shell("skein query --nonsense").status == 64)
        #expect(try shell("skein query --output yaml").status == 64)
    }

    @Test func `a document goes to stdout, and help is success`() throws {
        let answer = try shell("skein reference fields")
        #expect(answer.text.hasPrefix("# Fields\n") && answer.status == 0)
        #expect(try shell("skein query --help").status == 0)
    }
}
