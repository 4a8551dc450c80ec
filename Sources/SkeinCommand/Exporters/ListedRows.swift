import FlowQuery

/// A small answer that is not made of flows, in the four forms that every answer has.
struct ListedRows {
    /// A column: its key in JSON and CSV.
    var columns: [String]
    /// Rows of as many values, for JSON and CSV.
    var rows: [[JSONValue]]
    /// What tables show of it, which may be less and rounded.
    var table: (header: [String], rows: [[String]])
    /// The footing of `json`.
    var footing: [(key: String, value: JSONValue)] = []

    func write(as format: OutputFormat) throws {
        try StandardStreams.write(Array(text(as: format).utf8))
    }

    func text(as format: OutputFormat) -> String {
        switch format {
        case .table:
            StoreTable.table(table.header, table.rows, lastIsText: true).map { $0 + "\n" }.joined()
        case .csv:
            ([columns] + rows.map { $0.map(Self.plain) })
                .map { $0.map(Self.quoted).joined(separator: ",") + "\r\n" }.joined()
        case .json:
            JSONValue.object([("rows", .array(objects)), ("footing", .object(footing))]).text + "\n"
        case .ndjson: objects.map { $0.text + "\n" }.joined()
        }
    }

    private var objects: [JSONValue] {
        rows.map { row in .object(zip(columns, row).map { ($0, $1) }) }
    }

    private static func plain(_ value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .text(let text): text
        case .array(let values): values.map(plain).joined(separator: " ")
        default: value.text
        }
    }

    /// RFC 4180 §2: quoted where it must be.
    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { ",\"\r\n".contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
