/// Rows of columns: abuse.ch's lists, and tables of which the user says where the indicators are.
struct TableReader: LineReader {
    private enum Shape {
        case feodo
        case sslbl
        case threatfox
        case columns(CSVColumns)
    }

    private let shape: Shape
    /// Column numbers by their names, once the row that has them was read.
    private var names: [String: Int] = [:]

    static let feodo = TableReader(.feodo)
    static let sslbl = TableReader(.sslbl)
    static let threatfox = TableReader(.threatfox)

    init(_ columns: CSVColumns) { self.init(.columns(columns)) }

    private init(_ shape: Shape) { self.shape = shape }

    mutating func read(
        _ line: Span<UInt8>, number: Int, into builder: inout FeedBuilder
    ) throws(FeedError) {
        if line[0] == UInt8(ascii: "#") { return readComment(line, into: &builder) }
        switch shape {
        case .feodo: try readFeodo(fields(line), number, &builder)
        case .sslbl: try readSSLBL(fields(line), number, &builder)
        case .threatfox: try readThreatFox(fields(line), number, &builder)
        case .columns(let columns):
            try readColumns(
                splitFields(line, separator: columns.separator), columns, number, &builder)
        }
    }

    private func fields(_ line: Span<UInt8>) -> [String] {
        splitFields(line, separator: UInt8(ascii: ","))
    }

    /// Column names stand in a comment in most of abuse.ch's lists, and how many rows there are.
    private mutating func readComment(_ line: Span<UInt8>, into builder: inout FeedBuilder) {
        let text = line.text.drop { $0 == "#" || $0 == " " }
        if text.hasPrefix("END "), text.hasSuffix(" entries") {
            builder.declared = Int(text.dropFirst(4).dropLast(8))
        } else if text.hasPrefix("Number of entries: ") {
            builder.declared = Int(text.dropFirst(19))
        } else if names.isEmpty, text.contains(",") {
            var octets = String(text)
            let columns = octets.withUTF8 {
                unsafe splitFields($0.span, separator: UInt8(ascii: ","))
            }
            if columns.contains(where: { ["DstIP", "ioc_value", "dst_ip"].contains($0) }) {
                setNames(columns)
            }
        }
    }

    private mutating func setNames(_ columns: [String]) {
        for (index, name) in columns.enumerated() where names[name] == nil { names[name] = index }
    }

    private func field(_ name: String, of fields: [String]) -> String? {
        guard let index = names[name], index < fields.count else { return nil }
        return fields[index]
    }

    private mutating func readFeodo(
        _ fields: [String], _ line: Int, _ builder: inout FeedBuilder
    ) throws(FeedError) {
        if fields.first == "first_seen_utc" { return setNames(fields) }
        guard let address = field("dst_ip", of: fields) else {
            return try builder.addBad(.row, line: line)
        }
        var detail = IndicatorDetail()
        detail.firstSeen = field("first_seen_utc", of: fields).flatMap(InstantText.parse)
        detail.lastSeen = field("last_online", of: fields).flatMap(InstantText.parse)
        detail.port = field("dst_port", of: fields).flatMap { UInt16($0) }
        detail.description = (field("malware", of: fields) ?? "").asOneLine
        detail.reportURL = "https://feodotracker.abuse.ch/browse/host/\(address)/"
        if let status = field("c2_status", of: fields), !status.isEmpty {
            detail.tags = [status.asOneLine]
        }
        try builder.add(address, as: .address, detail: detail, line: line)
    }

    /// `Listingdate,DstIP,DstPort`, or `DstIP,DstPort,reason` before 2019.
    private func readSSLBL(
        _ fields: [String], _ line: Int, _ builder: inout FeedBuilder
    ) throws(FeedError) {
        guard fields.count >= 2 else { return try builder.addBad(.row, line: line) }
        var detail = IndicatorDetail()
        let listed = InstantText.parse(fields[0])
        let column = listed == nil ? 0 : 1
        detail.firstSeen = listed
        if fields.count > column + 1 { detail.port = UInt16(fields[column + 1]) }
        if fields.count > column + 2 { detail.description = fields[column + 2].asOneLine }
        try builder.add(fields[column], as: .address, detail: detail, line: line)
    }

    private mutating func readThreatFox(
        _ fields: [String], _ line: Int, _ builder: inout FeedBuilder
    ) throws(FeedError) {
        if fields.contains("ioc_value") { return setNames(fields) }
        guard let value = field("ioc_value", of: fields), let type = field("ioc_type", of: fields)
        else { return try builder.addBad(.row, line: line) }
        var detail = IndicatorDetail()
        detail.firstSeen = field("first_seen_utc", of: fields).flatMap(InstantText.parse)
        detail.lastSeen = field("last_seen_utc", of: fields).flatMap(InstantText.parse)
        detail.confidence = field("confidence_level", of: fields).flatMap { UInt8($0) }
        detail.description =
            (field("malware_printable", of: fields) ?? field("threat_type", of: fields) ?? "")
            .asOneLine
        detail.tags = (field("tags", of: fields) ?? "").split(separator: ",").map {
            String($0).asOneLine
        }
        if let id = field("ioc_id", of: fields), !id.isEmpty,
            id.utf8.allSatisfy({ (48...57).contains($0) })
        {
            detail.reportURL = "https://threatfox.abuse.ch/ioc/\(id)/"
        }
        try builder.addThreatFox(value, type: type, detail: detail, line: line)
    }

    private mutating func readColumns(
        _ fields: [String], _ columns: CSVColumns, _ line: Int, _ builder: inout FeedBuilder
    ) throws(FeedError) {
        if columns.hasNames, names.isEmpty {
            setNames(fields)
            for column in [columns.value, columns.port, columns.description] {
                if case .name(let name) = column, names[name] == nil { throw .column(name) }
            }
            return
        }
        func text(_ column: CSVColumns.Column?) -> String? {
            switch column {
            case .name(let name): field(name, of: fields)
            case .number(let number):
                number >= 1 && number <= fields.count ? fields[number - 1] : nil
            case nil: nil
            }
        }
        guard var value = text(columns.value)?.trimmedText, !value.isEmpty else {
            return try builder.addBad(.row, line: line)
        }
        var detail = IndicatorDetail()
        detail.description = (text(columns.description) ?? "").asOneLine
        let port = text(columns.port).flatMap { UInt16($0) }
        detail.port = port
        let kind = value.withUTF8 { unsafe AddressText.parse($0.span) }
        if case .range(let range, let own) = kind {
            detail.port = port ?? own
            try builder.add(range, detail: builder.index(of: detail))
        } else {
            let octets = Array(value.utf8)
            try builder.addUntyped(octets.span, detail: detail, line: line)
        }
    }
}

extension FeedBuilder {
    /// Adds a value whose type is in ThreatFox's words.
    mutating func addThreatFox(
        _ value: String, type: String, detail: IndicatorDetail, line: Int
    ) throws(FeedError) {
        let kinds: [String: IndicatorKind] = [
            "ip:port": .address, "ip": .address, "domain": .domain, "url": .url,
            "md5_hash": .md5, "sha1_hash": .sha1, "sha256_hash": .sha256, "envelope_from": .email,
            "body_from": .email,
        ]
        guard let kind = kinds[type] else {
            contents.counts.ignored += 1
            return
        }
        try add(value, as: kind, detail: detail, line: line)
    }
}

/// The fields of a row (RFC 4180, without line feeds in fields; blanks around quotes are taken off).
func splitFields(_ line: Span<UInt8>, separator: UInt8) -> [String] {
    var fields: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    var wasQuoted = false
    var index = 0
    while index < line.count {
        let octet = line[index]
        if isQuoted {
            if octet != UInt8(ascii: "\"") {
                field.append(octet)
            } else if index + 1 < line.count, line[index + 1] == UInt8(ascii: "\"") {
                field.append(octet)
                index += 1
            } else {
                isQuoted = false
            }
        } else if octet == UInt8(ascii: "\""), !wasQuoted, field.allSatisfy(\.isBlank) {
            field.removeAll()
            isQuoted = true
            wasQuoted = true
        } else if octet == separator {
            fields.append(String(decoding: field, as: UTF8.self).trimmedText)
            field.removeAll()
            wasQuoted = false
        } else {
            field.append(octet)
        }
        index += 1
    }
    fields.append(String(decoding: field, as: UTF8.self).trimmedText)
    return fields
}
