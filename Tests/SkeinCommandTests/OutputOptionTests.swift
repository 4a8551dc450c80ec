import FlowQuery
import Testing

@testable import SkeinCommand

/// What may stand behind `--output`.
@Suite struct OutputOptionTests {
    @Test(arguments: [
        ("fmt:[%sp]", "[%sp]"), ("FMT:%sp", "%sp"), ("%sp %dp", "%sp %dp"), ("fmt:-", "-"),
    ])
    func `a format is everything behind its mark`(argument: String, format: String) throws {
        guard case .layout(let layout, false) = try #require(QueryOutput(argument: argument))
        else {
            Issue.record("\(argument) is no layout")
            return
        }
        #expect(layout == (try FlowLayout(parsing: format)))
    }

    @Test func `a format that cannot be read is kept to be told`() throws {
        guard case .wrong(.empty) = try #require(QueryOutput(argument: "fmt:")) else {
            Issue.record("an empty format is none")
            return
        }
        #expect(QueryOutput(argument: "fmtx") == nil)
    }
}
