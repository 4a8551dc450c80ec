import FlowModel

/// A value a line, in all the shapes that plain lists have.
///
///     # comment        ; comment        // comment
///     192.0.2.1                          198.51.100.0/24 ; SBL1234
///     192.0.2.1<TAB>10                   203.0.113.0/24 # scanner.example
///     192.0.2.1 - 192.0.2.9              192.0.2.1-192.0.2.9      192.0.2.1,443
struct PlainReader: LineReader {
    private var isIPv4Set = false

    mutating func read(
        _ line: Span<UInt8>, number: Int, into builder: inout FeedBuilder
    ) throws(FeedError) {
        let first = line[0]
        if first == UInt8(ascii: "#") || first == UInt8(ascii: ";") || line.starts(with: "//") {
            return readHeader(line, into: &builder)
        }
        var end = 0
        while end < line.count, !Self.endsToken(line[end]) { end += 1 }
        guard end > 0 else { return try builder.addBad(.text, line: number) }
        let token = line.extracting(0..<end)
        if end == line.count { return try builder.addUntyped(token, detail: nil, line: number) }
        let rest = line.extracting(end..<line.count).trimmed()
        if let last = Self.endOfRange(rest) {
            switch AddressText.range(from: token, through: last) {
            case .range(let range, _): try builder.add(range, detail: 0)
            case .bad(let reason): try builder.addBad(reason, line: number)
            case .other: try builder.addBad(.range, line: number)
            }
            return
        }
        var detail = IndicatorDetail()
        detail.description = Self.annotation(rest)
        try builder.addUntyped(
            token, detail: detail.description.isEmpty ? nil : detail, line: number)
    }

    private static func endsToken(_ octet: UInt8) -> Bool {
        octet.isBlank || octet == UInt8(ascii: ",") || octet == UInt8(ascii: ";")
            || octet == UInt8(ascii: "#")
    }

    /// `b` of `a - b`.
    @_lifetime(copy rest)
    private static func endOfRange(_ rest: Span<UInt8>) -> Span<UInt8>? {
        guard rest.count > 2, rest[0] == UInt8(ascii: "-") else { return nil }
        var end = 1
        while end < rest.count, rest[end].isBlank { end += 1 }
        let first = end
        while end < rest.count, !endsToken(rest[end]) { end += 1 }
        guard end > first else { return nil }
        return rest.extracting(first..<end)
    }

    private static func annotation(_ rest: Span<UInt8>) -> String {
        var first = 0
        while first < rest.count, rest[first].isBlank || ",;#".utf8.contains(rest[first]) {
            first += 1
        }
        return rest.extracting(first..<rest.count).text.asOneLine
    }

    /// Takes from a comment what the list says of itself.
    ///
    /// FireHOL: `# ipv4 hash:net ipset` and `# Entries : 20 subnets, 5120 unique IPs`, by which a list
    /// that was cut short is found out; Spamhaus: `; Expires: Tue, 27 Feb 2024 23:14:44 GMT`.
    private mutating func readHeader(_ line: Span<UInt8>, into builder: inout FeedBuilder) {
        guard line.count < 128 else { return }
        var first = 0
        while first < line.count, line[first].isBlank || "#;/".utf8.contains(line[first]) {
            first += 1
        }
        let text = line.extracting(first..<line.count)
        if text.starts(with: "ipv4 hash:") {
            isIPv4Set = true
        } else if isIPv4Set, text.starts(with: "Entries") {
            let words = text.text.split { " ,:".contains($0) }
            if words.suffix(2) == ["unique", "IPs"],
                let count = words.dropLast(2).last.flatMap({ Int($0) })
            {
                builder.declared = count
            }
        } else if text.starts(with: "Expires:") {
            builder.contents.expires = MailDate.parse(text.text.dropFirst(8))
        }
    }
}

/// `0.0.0.0 name name # comment`: names that a resolver should not find.
struct HostsReader: LineReader {
    /// What such files also hold, for the machine's own use.
    private static let own: Set<String> = [
        "localhost", "localhost.localdomain", "local", "broadcasthost", "0.0.0.0", "ip6-localhost",
        "ip6-loopback", "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters",
        "ip6-allhosts",
    ]

    mutating func read(
        _ line: Span<UInt8>, number: Int, into builder: inout FeedBuilder
    ) throws(FeedError) {
        var words = line.text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[
            0
        ]
        .split { $0 == " " || $0 == "\t" }
        guard !words.isEmpty else { return }
        // Where a name points is no indicator: it is the machine that shall answer instead.
        guard IPAddress(String(words.removeFirst())) != nil, !words.isEmpty else {
            return try builder.addBad(.row, line: number)
        }
        for word in words where !Self.own.contains(word.lowercased()) {
            try builder.add(
                String(word), as: .hostname, detail: IndicatorDetail(), line: number)
        }
    }
}

/// DShield's `block.txt`: start, end, prefix length, attacks, name, country, e-mail, by TABs.
struct DShieldReader: LineReader {
    mutating func read(
        _ line: Span<UInt8>, number: Int, into builder: inout FeedBuilder
    ) throws(FeedError) {
        // The row of headings has no "#".
        if line[0] == UInt8(ascii: "#") || line.starts(with: "Start\t") { return }
        let columns = line.text.split(separator: "\t", omittingEmptySubsequences: false)
        guard columns.count >= 3 else { return try builder.addBad(.row, line: number) }
        guard let first = IPAddress(String(columns[0])), let last = IPAddress(String(columns[1]))
        else { return try builder.addBad(.address, line: number) }
        guard let range = AddressRange(from: first, through: last),
            let length = Int(columns[2]), let prefix = IPPrefix(first, length: length),
            prefix.address == first, prefix.last == last
        else { return try builder.addBad(.range, line: number) }
        var detail = IndicatorDetail()
        if columns.count > 3, let attacks = Int(columns[3]) {
            let name = columns.count > 4 ? String(columns[4]).trimmedText : ""
            detail.description = "\(attacks) targets" + (name.isEmpty ? "" : ", \(name.asOneLine)")
        }
        try builder.add(range, detail: builder.index(of: detail))
    }
}

/// The date of a mail header (RFC 5322 §3.3), in GMT.
package enum MailDate {
    package static func parse(_ text: some StringProtocol) -> Int64? {
        let words = text.split { " ,".contains($0) }
        guard words.count >= 5, let day = Int(words[1]), let year = Int(words[3]),
            (1970...9999).contains(year), (1...31).contains(day),
            let month = [
                "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
            ].firstIndex(of: String(words[2]))
        else { return nil }
        let month2 = InstantText.padded(Int64(month + 1), 2)
        let day2 = InstantText.padded(Int64(day), 2)
        return InstantText.parse("\(year)-\(month2)-\(day2)T\(words[4])")
    }
}
