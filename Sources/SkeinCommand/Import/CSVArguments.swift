import ArgumentParser
import FlowFiles
import FlowModel
import FlowQuery
import Glibc

/// The options of `skein import` that are about CSV.
struct CSVArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Which column is which field: FIELD=HEADER or FIELD=NUMBER (1 is the first), with commas between. Columns whose headers are fields, or nfdump's names for them, need none.",
            valueName: "map"))
    var columns: ColumnMap?

    @Option(
        help:
            "What separates cells: one character, or tab (default: what the first line has most of, of , ; tab and |)."
    )
    var delimiter: CellDelimiter?

    @Flag(
        inversion: .prefixedNo,
        help:
            "Whether the first line names the columns (default: unless --columns has only numbers)."
    )
    var header: Bool?

    @Flag(help: "Times without an offset are in UTC, not in the local zone.")
    var utc = false

    func validate() throws {
        for (field, _) in columns?.columns ?? [] where !CSVOptions.takes(field) {
            let names = Field.table.map(\.name).filter(CSVOptions.takes)
            let near = NearestWord.find(field, among: names)
            throw ValidationError(
                "--columns: there is no field ‘\(field)’ to put a column into"
                    + (near.map { "; did you mean ‘\($0)’?" } ?? "; see docs/fields.md"))
        }
    }

    var options: CSVOptions {
        var options = CSVOptions(transportProtocol: { ProtocolNames.number(of: $0) })
        if !utc { options.localTime = Self.secondsInUTC }
        options.columns = columns?.columns ?? []
        options.delimiter = delimiter?.octet
        options.hasHeader = header
        return options
    }

    /// Seconds since 1970 of a local time of day that is given as if it were in UTC.
    @Sendable static func secondsInUTC(_ local: Int64) -> Int64 {
        var seconds = time_t(local)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        parts.tm_isdst = -1
        return Int64(mktime(&parts))
    }
}

/// `start=first,srcip=sa,dstport=7`.
struct ColumnMap: ExpressibleByArgument {
    let columns: [(field: String, source: CSVOptions.Source)]

    init?(argument: String) {
        var columns: [(field: String, source: CSVOptions.Source)] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard words.count == 2, !words[0].isEmpty, !words[1].isEmpty else { return nil }
            let source: CSVOptions.Source =
                Int(words[1]).map { .number($0) } ?? .header(String(words[1]))
            columns.append((String(words[0]), source))
        }
        self.columns = columns
    }
}

/// The character between cells.
struct CellDelimiter: ExpressibleByArgument {
    let octet: UInt8

    init?(argument: String) {
        switch argument {
        case "tab", "\\t": octet = 9
        default:
            guard argument.utf8.count == 1, let octet = argument.utf8.first, octet >= 0x20,
                octet < 0x7f, octet != UInt8(ascii: "\"")
            else { return nil }
            self.octet = octet
        }
    }
}
