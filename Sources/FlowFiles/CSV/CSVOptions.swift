/// How the cells of a CSV file are to be read.
public struct CSVOptions: Sendable {
    /// Where a field is found.
    public enum Source: Hashable, Sendable {
        /// Under that word in the first line.
        case header(String)
        /// In that column, 1 for the first.
        case number(Int)
    }

    /// What separates cells; nil: what the first line has most of, of `,` `;` tab and `|`.
    public var delimiter: UInt8?
    /// The fields that the user maps, by the names of the vocabulary; all other columns by their
    /// headers.
    public var columns: [(field: String, source: Source)] = []
    /// Whether the first line names the columns; nil: unless all of ``columns`` are numbers.
    public var hasHeader: Bool?
    /// The number of an IP protocol's name.
    public var transportProtocol: @Sendable (String) -> UInt8?
    /// Seconds since 1970 of a time of day in the user's zone, which comes as if it were in UTC.
    public var localTime: @Sendable (Int64) -> Int64

    /// Takes columns by their headers, and times without an offset as UTC.
    public init(
        transportProtocol: @escaping @Sendable (String) -> UInt8? = { _ in nil },
        localTime: @escaping @Sendable (Int64) -> Int64 = { $0 }
    ) {
        self.transportProtocol = transportProtocol
        self.localTime = localTime
    }

    /// Whether a column can be put into a field of that name.
    public static func takes(_ field: String) -> Bool {
        CSVColumns.column(of: field)?.isUsed ?? false
    }
}

/// Why the columns of a CSV file cannot be found.
public enum CSVError: Error, Hashable, CustomStringConvertible {
    /// The file is empty.
    case empty
    /// A field that is not in the vocabulary, or that no cell can hold.
    case fieldUnknown(String)
    /// No header of that name.
    case headerMissing(String, has: [String])
    /// A column number of 0, or past the limit.
    case numberInvalid(Int)
    /// No header that says what a flow is made of.
    case noColumns(has: [String])

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .empty: "there is no line in it"
        case .fieldUnknown(let name):
            "there is no field '\(name)' to put a column into; docs/fields.md has all"
        case .headerMissing(let name, let has):
            "no column is called '\(name)'; the first line has \(Self.list(has))"
        case .numberInvalid(let number):
            "there can be no column \(number); the first is 1, the last \(CSVColumns.columnsMax)"
        case .noColumns(let has):
            "no column's name in the first line is known (\(Self.list(has))); "
                + "name them with --columns, e.g. --columns srcip=1,dstip=2"
        }
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(12).map { "'\($0)'" }.joined(separator: ", ")
        return names.count > 12 ? shown + ", …" : shown
    }
}
