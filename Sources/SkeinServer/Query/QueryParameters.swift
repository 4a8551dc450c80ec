/// The parameters of a query's address, decoded: `filter=proto%20tcp&top=5`.
public struct QueryParameters: Hashable, Sendable {
    /// Why they cannot be read.
    public enum Problem: Error, Hashable, Sendable {
        /// `%` that is not followed by two hexadecimal digits, or text that is not UTF-8.
        case encoding(String)
        /// A name that means nothing here.
        case unknown(String, known: [String])
        /// A name for the second time.
        case repeated(String)
        /// A value that can only be `true` or `false`.
        case notTruth(String, String)
    }

    /// Names and values as they came; each name once, but those of ``lists``.
    public let values: [(name: String, value: String)]

    /// The names that may be asked for with a value.
    public static let options = [
        "filter", "from", "to", "fields", "sort", "limit", "by", "order", "top", "series",
        "distinct",
        "stats", "output",
    ]
    /// The names that are said or not said.
    public static let flags = ["total", "overlap", "raw", "bidirectional", "spread", "utc"]

    /// The names of a query that may be said several times.
    public static let lists = ["by"]

    /// Names that may be asked for with a value, and names that are said or not said.
    public typealias Names = (options: [String], flags: [String])

    /// The names of a query for flows.
    public static let ofFlows: Names = (options, flags)
    /// The names of a query for alerts.
    public static let ofAlerts: Names = (
        ["filter", "from", "to", "state", "severity", "rule", "limit", "output"], ["utc"]
    )

    /// The names of an export.
    public static let ofExports: Names = (["sources", "revision", "set-name"], [])
    /// The names of a question for countries.
    public static let ofMap: Names = (
        ["filter", "from", "to", "side", "order", "top", "output"], ["raw", "utc"]
    )
    /// The name of a filter that is to be checked.
    public static let ofFilter: Names = (["filter"], [])
    /// The name of a value that may be listed.
    public static let ofLookup: Names = (["value"], [])
    /// The names of an acknowledgement.
    public static let ofAcknowledgement: Names = (["id", "note"], [])

    /// Reads what stands behind the `?`.
    ///
    /// - Parameter lists: names that may stand there several times.
    public init(
        query: String, names: Names = Self.ofFlows, lists: [String] = []
    ) throws(Problem) {
        let (options, flags) = names
        var values: [(name: String, value: String)] = []
        for part in query.split(separator: "&") {
            let mark = part.firstIndex(of: "=")
            let name = try Self.decoded(part[..<(mark ?? part.endIndex)])
            let value = try mark.map { mark throws(Problem) in
                try Self.decoded(part[part.index(after: mark)...])
            }
            guard options.contains(name) || flags.contains(name) else {
                throw .unknown(name, known: options + flags)
            }
            guard lists.contains(name) || !values.contains(where: { $0.name == name }) else {
                throw .repeated(name)
            }
            values.append((name, value ?? "true"))
        }
        for (name, value) in values where flags.contains(name) {
            guard value == "true" || value == "false" else { throw .notTruth(name, value) }
        }
        self.values = values
    }

    /// The value of an option, the first where it is said several times; nil where it is not said.
    public subscript(name: String) -> String? { values.first { $0.name == name }?.value }

    /// Whether a flag is said.
    public func isSet(_ flag: String) -> Bool { self[flag] == "true" }

    /// Undoes the encoding of HTML forms: `+` is a blank (WHATWG URL §5.1).
    private static func decoded(_ text: Substring) throws(Problem) -> String {
        var octets: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let octet = rest.popFirst() {
            switch octet {
            case UInt8(ascii: "+"): octets.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit),
                    let low = rest.popFirst().flatMap(digit)
                else { throw .encoding(String(text)) }
                octets.append(high << 4 | low)
            default: octets.append(octet)
            }
        }
        guard let decoded = String(validating: octets, as: UTF8.self), !octets.contains(0) else {
            throw .encoding(String(text))
        }
        return decoded
    }

    private static func digit(_ octet: UInt8) -> UInt8? {
        switch octet {
        case 48...57: octet - 48
        case 65...70: octet - 55
        case 97...102: octet - 87
        default: nil
        }
    }

    /// By names and values.
    public static func == (a: QueryParameters, b: QueryParameters) -> Bool {
        a.values.elementsEqual(b.values) { $0 == $1 }
    }

    /// By names and values.
    public func hash(into hasher: inout Hasher) {
        for (name, value) in values {
            hasher.combine(name)
            hasher.combine(value)
        }
    }
}

extension QueryParameters.Problem: CustomStringConvertible {
    /// What, and what to do.
    public var description: String {
        switch self {
        case .encoding(let text): "‘\(text.prefix(80))’ is not text in UTF-8 with % escapes"
        case .unknown(let name, let known):
            "there is no parameter ‘\(name.prefix(80))’; there are \(known.joined(separator: ", "))"
        case .repeated(let name): "the parameter ‘\(name)’ stands there twice"
        case .notTruth(let name, let value):
            "\(name): ‘\(value.prefix(80))’ is neither true nor false"
        }
    }
}
