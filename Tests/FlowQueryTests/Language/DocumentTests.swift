import Glibc
import Testing

@testable import FlowQuery

/// Holds the documents against the code.
@Suite struct DocumentTests {
    private func document(_ name: String) throws -> String {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        let file = try #require(fopen((root + ["docs", "\(name)"]).joined(separator: "/"), "r"))
        defer { fclose(file) }
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 {
            text += piece[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }

    @Test func `fields.md is what the code says; else run skein reference fields`() throws {
        #expect(try document("fields.md") == FieldReference.markdown)
    }

    /// The lines of the document's ``` blocks marked `filter`.
    private func examples() throws -> [String] {
        var isExample = false
        var lines: [String] = []
        for line in try document("filter.md").split(separator: "\n") {
            if line.hasPrefix("```") {
                isExample = line == "```filter"
            } else if isExample {
                lines.append(String(line))
            }
        }
        return lines
    }

    @Test func `every example of filter.md is a filter`() throws {
        let examples = try examples()
        #expect(examples.count > 60)
        for example in examples { _ = try FlowExpression(parsing: example, rules: .unread) }
    }

    @Test func `filter.md names every word`() throws {
        let text = try document("filter.md")
        for phrase in FilterVocabulary.entries.keys where !Quantity.names.contains(phrase) {
            // `mpls label3` is one of a row; what may stand before payload's words is said once.
            var word = phrase.hasPrefix("mpls ") ? String(phrase.dropLast()) : phrase
            for before in ["in payload ", "out payload ", "payload "] where word.hasPrefix(before) {
                word = String(word.dropFirst(before.count))
            }
            let spoken = word.replacing("xlate ", with: "nat ").replacing("ssl ", with: "tls ")
            #expect(text.contains("`\(spoken)"), "\(phrase)")
        }
    }
}
