/// Writes one of several answers into what holds them all.
final class PlacedWriter: AnswerWriter {
    private let writer: any AnswerWriter
    private let output: AnswerOutput
    private let before: String
    private let after: String

    /// - Parameters:
    ///   - writer: writes the answer to `output`.
    ///   - before: what stands before it there.
    ///   - after: what stands behind it.
    init(_ writer: any AnswerWriter, in output: AnswerOutput, before: String, after: String) {
        self.writer = writer
        self.output = output
        self.before = before
        self.after = after
    }

    func begin(columns: [AnswerColumn]) throws {
        try output.append { $0.append(contentsOf: before.utf8) }
        try writer.begin(columns: columns)
    }

    func row(_ cells: [Cell]) throws { try writer.row(cells) }

    func end(footing: Footing) throws {
        try writer.end(footing: footing)
        try output.append { $0.append(contentsOf: after.utf8) }
        try output.flush()
    }
}

extension OutputFormat {
    /// Writers of several answers, to be used one after the other.
    ///
    /// Tables stand below each other; JSON is `{"answers": [{"rows": […], "footing": {…}}, …]}`. The other forms
    /// have no place for them.
    public func writers(
        _ count: Int, to output: AnswerOutput, times: TimeText, note: @escaping (String) -> Void
    ) -> [any AnswerWriter] {
        precondition(self == .table || self == .json)
        let (begin, between, end) = self == .json ? ("{\"answers\":[", ",", "]}\n") : ("", "\n", "")
        return (0..<count).map { place in
            PlacedWriter(
                writer(to: output, times: times, note: note), in: output,
                before: place == 0 ? begin : between, after: place == count - 1 ? end : "")
        }
    }
}
