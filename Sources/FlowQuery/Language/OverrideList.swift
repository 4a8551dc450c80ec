public import FlowEnrichment
import FlowModel

extension GeoOverrides {
    /// Why a list of overrides cannot be read.
    public struct TextError: Error, Hashable, Sendable, CustomStringConvertible {
        /// From 1.
        public let line: Int
        /// What is wrong.
        public let problem: String

        /// For people.
        public var description: String { "line \(line): \(problem)" }
    }

    /// Reads a list: a rule a line.
    ///
    ///     203.0.113.7/32    CH  from 2024-01-01 to 2024-07-01   home, before we moved
    ///     2001:db8:77::/48  DE                                  tunnel, registered in the US
    ///     198.51.100.0/24   -                                   nobody knows
    ///
    /// A network, a country (`private` for none of the Internet's, `-` for unknown), times that are
    /// read as in filters, and any text. `#` at the start of a line or behind a blank begins a
    /// comment.
    public init(parsing text: String, times: TimeText = TimeText()) throws(TextError) {
        var rules: [Rule] = []
        for (index, line) in text.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline
        ).enumerated() {
            guard rules.count < Self.rulesMax else {
                throw TextError(line: index + 1, problem: "more than \(Self.rulesMax) rules")
            }
            if let rule = try Self.rule(line, number: index + 1, times) { rules.append(rule) }
        }
        self.init(rules)
    }

    /// Rules of a list at most; each is looked at for every block.
    private static let rulesMax = 100_000

    private static func rule(
        _ line: Substring, number: Int, _ times: TimeText
    ) throws(TextError) -> Rule? {
        var words = line.split(whereSeparator: \.isWhitespace)[...]
        if let comment = words.firstIndex(where: { $0.hasPrefix("#") }) {
            words = words[..<comment]
        }
        guard let first = words.popFirst() else { return nil }
        guard let network = IPPrefix(String(first)) else {
            throw TextError(line: number, problem: "‘\(first)’ is not a network such as 10.0.0.0/8")
        }
        guard let second = words.popFirst() else {
            throw TextError(line: number, problem: "a country is missing behind ‘\(first)’")
        }
        var rule = Rule(network: network, country: nil)
        if second != "-" {
            let named = NamedValues.countries.first { $0.name == second.lowercased() }?.code
            guard let code = named ?? CountryCode(second) else {
                throw TextError(
                    line: number, problem: "‘\(second)’ is not a country of two letters, nor -")
            }
            rule.country = code
        }
        while let word = words.first, word == "from" || word == "to" {
            words.removeFirst()
            guard let text = words.popFirst(), let time = times.instant(String(text)) else {
                throw TextError(
                    line: number, problem: "behind ‘\(word)’ comes a time such as 2024-01-01T12")
            }
            if word == "from" { rule.from = time } else { rule.to = time }
        }
        if let from = rule.from, let to = rule.to, from >= to {
            throw TextError(line: number, problem: "it ends before it begins")
        }
        rule.label = words.joined(separator: " ")
        return rule
    }
}
