public import FlowModel

/// A question to a resolver whose answer a response policy zone has changed: a line of BIND's category `rpz`.
///
///     client @0x7f… 10.0.0.5#57223 (evil.example): view in: rpz QNAME NXDOMAIN rewrite evil.example/A/IN via …
///
/// Names are in BIND's master-file form: what is no letter, digit, `-` or `_` in them is escaped, so that none
/// has a blank in it.
public struct BlockedQuery: Hashable, Sendable {
    /// What of the question is listed.
    public enum Trigger: Hashable, Sendable {
        /// The name that is asked for, or one above it.
        case name
        /// An address of the answer.
        case address(IPPrefix)
        /// The client's own address.
        case client(IPPrefix)
        /// The name of a server that would have been asked.
        case serverName(String)
        /// The address of a server that would have been asked.
        case serverAddress(IPPrefix)
    }

    /// When, ms since 1970; nil where the line does not say.
    public var time: UInt64?
    /// Who asked.
    public var client: IPAddress
    /// From which port.
    public var port: UInt16
    /// For what, in lower case and without the root's dot.
    public var name: String
    /// `A`, `AAAA`, `TXT`.
    public var type: String
    /// What is listed.
    public var trigger: Trigger
    /// `NXDOMAIN`, `NODATA`, `DROP`; of an allowance `PASSTHRU`.
    public var policy: String
    /// The entry, its policy zone behind it.
    ///
    /// Of names BIND writes the one that is asked for, whatever wildcard has matched.
    public var owner: String

    /// Whether the zone lets it pass.
    public var isPassed: Bool { policy == "PASSTHRU" }

    /// Whether a policy zone of this name has done it.
    public func isOf(zone: String) -> Bool { owner.hasSuffix("." + zone.lowercased()) }
}

extension BlockedQuery {
    /// What a line is.
    public enum Line: Hashable, Sendable {
        /// A question.
        case query(BlockedQuery)
        /// Something else that BIND has to say.
        case other
        /// A line about a question that cannot be understood.
        case unreadable
    }

    /// Octets of a line at most: a name has 1,004 in this form, and stands there three times.
    public static let lineMax = 8192

    /// Reads a line without its end.
    ///
    /// - Parameter instant: understands `2016-06-07T12:38:20.123`, local time where it has no zone.
    public static func read(
        _ line: ArraySlice<UInt8>, instant: (String) -> UInt64?
    ) -> Line {
        guard line.count <= lineMax, line.allSatisfy({ (32..<127).contains($0) || $0 == 9 }) else {
            return isAbout(line) ? .unreadable : .other
        }
        let text = Substring(decoding: line, as: UTF8.self)
        guard let start = text.firstRange(of: "client "),
            let rewrite = text.firstRange(of: " rewrite ")
        else { return .other }
        guard start.upperBound < rewrite.lowerBound,
            var query = BlockedQuery(
                head: text[start.upperBound..<rewrite.lowerBound],
                tail: text[rewrite.upperBound...])
        else { return isAbout(line) ? .unreadable : .other }
        query.time = LogTime.text(text[..<start.lowerBound]).flatMap(instant)
        return .query(query)
    }

    private static func isAbout(_ line: ArraySlice<UInt8>) -> Bool {
        line.prefix(lineMax).firstRange(of: Array("rpz ".utf8)) != nil
            && line.prefix(lineMax).firstRange(of: Array(" rewrite ".utf8)) != nil
    }

    /// - Parameters:
    ///   - head: from behind `client` to before `rewrite`.
    ///   - tail: from behind `rewrite` on.
    private init?(head: Substring, tail: Substring) {
        // The pointer is left out by old versions.
        var head = head
        if head.hasPrefix("@0x"), let end = head.firstIndex(of: " ") {
            head = head[head.index(after: end)...]
        }
        let words = head.split(separator: " ")
        guard let peer = words.first, words.count >= 4, words[words.count - 3] == "rpz",
            let mark = peer.firstIndex(of: "#"),
            // A link-local address may have its interface behind it.
            let client = IPAddress(String(peer[..<mark].prefix { $0 != "%" })),
            // A key may stand behind the port.
            let port = UInt16(peer[peer.index(after: mark)...].prefix { $0.isNumber })
        else { return nil }
        let kind = words[words.count - 2]
        let places = tail.split(separator: " ")
        guard places.count >= 3, places[1] == "via",
            let slash = places[0].lastIndex(of: "/"),
            let before = places[0][..<slash].lastIndex(of: "/"), places[0].startIndex < before
        else { return nil }
        owner = Self.withoutRoot(places[2])
        self.client = client
        self.port = port
        name = Self.withoutRoot(places[0][..<before])
        type = String(places[0][places[0].index(after: before)..<slash])
        policy = String(words[words.count - 1])
        switch kind {
        case "QNAME": trigger = .name
        case "NSDNAME":
            guard let server = Self.text(in: owner, before: ".rpz-nsdname.") else { return nil }
            trigger = .serverName(String(server))
        case "IP", "CLIENT-IP", "NSIP":
            let label = ["IP": ".rpz-ip.", "CLIENT-IP": ".rpz-client-ip.", "NSIP": ".rpz-nsip."]
            guard let text = Self.text(in: owner, before: label[String(kind)] ?? ""),
                let prefix = IPPrefix(policyOwner: text)
            else { return nil }
            trigger =
                switch kind {
                case "IP": .address(prefix)
                case "NSIP": .serverAddress(prefix)
                default: .client(prefix)
                }
        default: return nil
        }
    }

    private static func withoutRoot(_ name: Substring) -> String {
        // "." alone is the root itself; an escaped dot at the end is none of its own.
        let isRooted = name.utf8.count > 1 && name.hasSuffix(".") && !name.hasSuffix("\\.")
        return (isRooted ? name.dropLast() : name).lowercased()
    }

    private static func text(in owner: String, before label: String) -> Substring? {
        guard !label.isEmpty, let place = owner.firstRange(of: label) else { return nil }
        return owner[..<place.lowerBound]
    }
}

extension IPPrefix {
    /// A network as policy zones write it: `24.0.113.0.203`, `48.zz.bad.db8.2001` ("zz" stands for "::").
    init?(policyOwner text: Substring) {
        var parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts.count <= 9, let length = UInt8(parts.removeFirst()) else {
            return nil
        }
        parts.reverse()
        let address: String
        if parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }), !parts.contains("zz"),
            length <= 32
        {
            address = parts.joined(separator: ".")
        } else if let gap = parts.firstIndex(of: "zz") {
            address =
                parts[..<gap].joined(separator: ":") + "::"
                + parts[(gap + 1)...].joined(separator: ":")
        } else {
            address = parts.joined(separator: ":")
        }
        self.init("\(address)/\(length)")
    }
}

/// Times at the beginning of a log's line.
enum LogTime {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// `22-Nov-2026 18:43:12.584` or an ISO time as `2026-11-22T18:43:12.584`; nil where there is neither.
    static func text(_ prefix: Substring) -> String? {
        let words = prefix.prefix(80).split(separator: " ")
        guard let first = words.first else { return nil }
        if first.contains("T"), first.utf8.first.map({ (48...57).contains($0) }) == true {
            return String(first)
        }
        let date = first.split(separator: "-", omittingEmptySubsequences: false)
        guard words.count >= 2, date.count == 3, date[0].utf8.count == 2, date[2].utf8.count == 4,
            let month = months.firstIndex(of: date[1].lowercased())
        else { return nil }
        return "\(date[2])-\(month < 9 ? "0" : "")\(month + 1)-\(date[0])T\(words[1])"
    }
}
