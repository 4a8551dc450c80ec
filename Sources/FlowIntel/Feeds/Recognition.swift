import FlowModel

/// Which format a feed has, by its first octets.
enum Recognition {
    /// What it is, where that is nothing that a feed could be.
    static func impossible(_ octets: [UInt8]) -> String? {
        let known: [(start: [UInt8], what: String)] = [
            ([0x1f, 0x8b], "it is compressed with gzip"),
            ([0x50, 0x4b, 3, 4], "it is a zip archive"),
            ([0x28, 0xb5, 0x2f, 0xfd], "it is compressed with zstd"),
            ([0xfd, 0x37, 0x7a, 0x58], "it is compressed with xz"),
            ([0x42, 0x5a, 0x68], "it is compressed with bzip2"),
            ([0xff, 0xfe], "it is UTF-16"), ([0xfe, 0xff], "it is UTF-16"),
            (Array("%PDF".utf8), "it is a PDF"),
        ]
        if let match = known.first(where: { octets.starts(with: $0.start) }) { return match.what }
        if octets.drop(while: \.isBlank).first == UInt8(ascii: "<") {
            return "it is markup, as of a page that says why there is no list"
        }
        if octets.prefix(4096).contains(0) { return "it is no text" }
        return nil
    }

    static func isJSON(_ octets: [UInt8]) -> Bool {
        let first = octets.drop(while: \.isBlank).first
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    /// The format of a list; nil for a document, whose members say what it is.
    static func list(_ octets: [UInt8]) -> FeedFormat? {
        let lines = firstLines(octets)
        if isJSON(octets) {
            guard let first = lines.first(where: { !$0.isEmpty }) else { return nil }
            var line = first
            let row = line.withUTF8 { unsafe try? JSON.parse($0.span) }
            return row?["cidr"] != nil || row?["asn"] != nil ? .spamhaus : nil
        }
        for line in lines {
            if line.hasPrefix("#fields\t") { return .zeek }
            if line.hasPrefix("Start\tEnd\tNetblock") { return .dshield }
            let bare = line.filter { $0 != "\"" && $0 != "#" && $0 != " " }
            if bare.hasPrefix("first_seen_utc,dst_ip,") { return .feodo }
            if bare.contains("ioc_value,ioc_type") { return .threatfox }
            if bare.hasPrefix("DstIP,DstPort") || bare.hasPrefix("Listingdate,DstIP") {
                return .sslbl
            }
        }
        let rows = lines.filter { !$0.isEmpty && !$0.hasPrefix("#") }
        if let row = rows.first {
            if isHostsRow(row) { return .hosts }
            if isHashesRow(row) { return .mispHashes }
        }
        return .plain
    }

    /// The lines that came whole, without blanks around them, and at most 200.
    private static func firstLines(_ octets: [UInt8]) -> [String] {
        var text = String(decoding: octets.prefix(16 << 10), as: UTF8.self)
        if octets.count >= 16 << 10, let end = text.utf8.lastIndex(of: UInt8(ascii: "\n")) {
            text = String(text[..<end])
        }
        return text.split(
            maxSplits: 200, omittingEmptySubsequences: false, whereSeparator: \.isNewline
        )
        .prefix(200).map { String($0).trimmedText }
    }

    /// An address that means "nowhere" and a name that is none.
    private static func isHostsRow(_ row: String) -> Bool {
        let words = row.split { $0 == " " || $0 == "\t" }
        guard words.count >= 2, ["0.0.0.0", "127.0.0.1", "::1", "::"].contains(words[0]) else {
            return false
        }
        return IPAddress(String(words[1])) == nil
    }

    /// A digest and the UUID of the event that has its value.
    private static func isHashesRow(_ row: String) -> Bool {
        let columns = row.split(separator: ",")
        return columns.count == 2 && columns[0].utf8.count == 32
            && columns[0].utf8.allSatisfy(\.isHexadecimal) && MISP.isUUID(String(columns[1]))
    }
}
