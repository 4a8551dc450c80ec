/// Zeek's Intel framework: `#fields` names the columns, TABs part them, `-` is nothing.
struct ZeekReader: LineReader {
    private var names: [String] = []

    private static let kinds: [String: IndicatorKind] = [
        "Intel::ADDR": .address, "Intel::SUBNET": .network, "Intel::DOMAIN": .hostname,
        "Intel::URL": .url, "Intel::EMAIL": .email, "Intel::FILE_NAME": .filePath,
        "Intel::SOFTWARE": .other, "Intel::USER_NAME": .other, "Intel::CERT_HASH": .sha1,
        "Intel::PUBKEY_HASH": .other,
    ]

    mutating func read(
        _ line: Span<UInt8>, number: Int, into builder: inout FeedBuilder
    ) throws(FeedError) {
        let columns = line.text.split(separator: "\t", omittingEmptySubsequences: false)
        if line[0] == UInt8(ascii: "#") {
            if columns[0] == "#fields" { names = columns.dropFirst().map { String($0) } }
            return
        }
        func field(_ name: String) -> String? {
            guard let index = names.firstIndex(of: name), index < columns.count,
                columns[index] != "-", !columns[index].isEmpty
            else { return nil }
            return String(columns[index])
        }
        guard let value = field("indicator"), let type = field("indicator_type") else {
            return try builder.addBad(.row, line: number)
        }
        var detail = IndicatorDetail()
        detail.description = (field("meta.desc") ?? "").asOneLine
        detail.reportURL = (field("meta.url") ?? "").asOneLine
        detail.tags = field("meta.source").map { [$0.asOneLine] } ?? []
        let kind =
            type == "Intel::FILE_HASH"
            ? IndicatorKind.hash(digits: value.utf8.count) : Self.kinds[type]
        guard let kind else {
            builder.contents.counts.ignored += 1
            return
        }
        try builder.add(value, as: kind, detail: detail, line: number)
    }
}

/// Spamhaus NDJSON: a row a network or autonomous system, and one at the end that counts them.
struct RowReader: LineReader {
    mutating func read(
        _ line: Span<UInt8>, number: Int, into builder: inout FeedBuilder
    ) throws(FeedError) {
        guard let row = try? JSON.parse(line) else { return try builder.addBad(.row, line: number) }
        if row["type"]?.string == "metadata" {
            builder.declared = row["records"]?.integer.map { Int(clamping: $0) }
            return
        }
        var detail = IndicatorDetail()
        if let network = row["cidr"]?.string {
            if let id = row["sblid"]?.string {
                detail.description = id.asOneLine
                if id.utf8.allSatisfy({ ($0 | 32).isASCIILetterOrDigit }) {
                    detail.reportURL = "https://check.spamhaus.org/sbl/query/\(id)"
                }
            }
            try builder.add(network, as: .network, detail: detail, line: number)
        } else if let system = row["asn"]?.integer, (1...Int64(UInt32.max)).contains(system) {
            detail.description = (row["asname"]?.string ?? "").asOneLine
            try builder.add(
                .asn, String(system), detail: builder.index(of: detail))
        } else {
            try builder.addBad(.row, line: number)
        }
    }
}

extension UInt8 {
    var isASCIILetterOrDigit: Bool {
        (48...57).contains(self) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
    }
}
