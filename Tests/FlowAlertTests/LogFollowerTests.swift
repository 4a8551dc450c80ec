import FlowAlert
import FlowTestSupport
import Foundation
import Glibc
import Testing

/// Following a file that another program writes.
@Suite struct LogFollowerTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("log")
    }

    private func append(_ text: String) throws {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o600)
        defer { close(descriptor) }
        let octets = Array(text.utf8)
        try #require(write(descriptor, octets, octets.count) == octets.count)
    }

    private func follower(fromBeginning: Bool = false, lineMax: Int = 20) -> LogFollower {
        LogFollower(path: path, fromBeginning: fromBeginning, lineMax: lineMax)
    }

    /// What has come, in as many looks as it takes: until two find nothing.
    private func lines(_ follower: LogFollower) throws -> [String] {
        var lines: [String] = []
        var idle = 0
        while idle < 2 {
            let before = lines.count
            let hasMore = try follower.read { lines.append(String(decoding: $0, as: UTF8.self)) }
            idle = hasMore || lines.count > before ? 0 : idle + 1
        }
        return lines
    }

    @Test func `it begins at the end, or at the beginning, and takes whole lines`() throws {
        try append("old\n")
        let (late, early) = (follower(), follower(fromBeginning: true))
        #expect(try lines(late).isEmpty)
        #expect(try lines(early) == ["old"])
        try append("one\r\ntwo\nth")
        #expect(try lines(late) == ["one", "two"])
        try append("ree\n\n")
        #expect(try lines(late) == ["three", ""])
        #expect(try lines(early) == ["one", "two", "three", ""])
    }

    @Test func `it goes on in the file that takes the place of the old one`() throws {
        try append("")
        let follower = follower()
        #expect(try lines(follower).isEmpty)
        try append("a\n")
        try #require(rename(path, folder.path("log.1")) == 0)
        try append("")
        // The program may write the old one until it opens the new one.
        let old = open(folder.path("log.1"), O_WRONLY | O_APPEND)
        #expect(try lines(follower) == ["a"])
        try #require(write(old, "b\nno end", 8) == 8)
        close(old)
        try append("c\n")
        #expect(try lines(follower) == ["b", "no end", "c"])
        try append("d\n")
        #expect(try lines(follower) == ["d"])
    }

    @Test func `a file that is cut to nothing is read from its beginning`() throws {
        try append("one line\nhalf")
        let follower = follower(fromBeginning: true)
        #expect(try lines(follower) == ["one line"])
        try #require(truncate(path, 0) == 0)
        try append("new\n")
        #expect(try lines(follower) == ["new"])
    }

    @Test func `what is not there yet is read whole when it comes`() throws {
        let follower = follower()
        #expect(throws: SinkError.self) { try lines(follower) }
        try append("first\n")
        #expect(try lines(follower) == ["first"])
        try #require(unlink(path) == 0)
        #expect(try lines(follower).isEmpty)
        try append("second\n")
        #expect(try lines(follower) == ["second"])
    }

    @Test func `a long line is passed over, however it comes`() throws {
        try append("")
        let follower = follower(lineMax: 4)
        #expect(try lines(follower).isEmpty)
        try append("12345\nok\n")
        try append(String(repeating: "x", count: 100_000))
        #expect(try lines(follower) == ["ok"])
        try append(String(repeating: "y", count: 100_000) + "\nfine\n1234\n")
        #expect(try lines(follower) == ["fine", "1234"])
        #expect(follower.longLines == 2)
    }

    @Test func `what is no file is not opened`() throws {
        try #require(mkfifo(path, 0o600) == 0)
        #expect(throws: SinkError("\(path): no ordinary file")) { try lines(follower()) }
    }
}
