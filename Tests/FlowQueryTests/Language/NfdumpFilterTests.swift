import FlowQuery
import Glibc
import Testing

/// The filters of `shared/accept`, which stands beside a checkout; skipped where it does not.
@Suite struct NfdumpFilterTests {
    static let filters: [String] = {
        var folder = #filePath
        while let slash = folder.lastIndex(of: "/") {
            folder = String(folder[..<slash])
            guard let file = fopen("\(folder)/shared/accept/data/filters.tsv", "r") else {
                continue
            }
            defer { fclose(file) }
            var text: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 65_536)
            while case let count = fread(&piece, 1, piece.count, file), count > 0 {
                text += piece[..<count]
            }
            return String(decoding: text, as: UTF8.self).split(separator: "\n")
                .filter { !$0.hasPrefix("#") }
                .map { String($0.prefix { $0 != "\t" }) }
        }
        return []
    }()

    @Test(.enabled(if: !filters.isEmpty))
    func `every filter that nfdump answered parses, and alike in capitals`() throws {
        #expect(Self.filters.count == 102)
        for filter in Self.filters {
            let expression = try FlowExpression(parsing: filter)
            #expect(try FlowExpression(parsing: filter.uppercased()) == expression)
            #expect(try FlowExpression(parsing: "not not (\(filter))") == expression)
        }
    }
}
