import FlowModel

/// How a text is looked for within another.
enum TextMatch: String {
    case content
    case regex
}

/// Reading of texts and of what is looked for in them.
extension FilterParser {
    /// The octets of a value that is a text.
    func text(_ token: FilterToken, of kind: ValueKind) throws(FilterError) -> [UInt8] {
        switch kind {
        case .formed(_, let form?):
            guard form.matches(Array(token.text.utf8)) else {
                throw error(.notAValue(token.text, of: kind.noun), at: token.place)
            }
        case .octets where token.kind == .word && token.lower.hasPrefix("0x"):
            if let octets = Self.hexadecimal(token.lower.utf8.dropFirst(2)) { return octets }
        default: break
        }
        return Array(token.text.utf8)
    }

    private static func hexadecimal(_ digits: Substring.UTF8View) -> [UInt8]? {
        guard digits.count.isMultiple(of: 2), !digits.isEmpty else { return nil }
        var octets: [UInt8] = []
        var rest = Substring(digits)
        while !rest.isEmpty {
            guard let octet = UInt8(rest.prefix(2), radix: 16), rest.first != "+" else {
                return nil
            }
            octets.append(octet)
            rest = rest.dropFirst(2)
        }
        return octets
    }

    /// What stands behind `content` or `regex`.
    mutating func match(
        _ match: TextMatch, of subject: FilterSubject, _ phrase: String
    ) throws(FilterError) -> FlowExpression {
        guard current.kind == .word || current.kind == .quoted else {
            let noun = match == .content ? "a text" : "a regular expression"
            throw error(
                .expectedValue(subject: match.rawValue, of: noun, found: current.text),
                at: current.place)
        }
        let token = advance()
        if let why = subject.absence { context.note(.nothingStored(word: phrase, why: why)) }
        switch match {
        case .content:
            let octets =
                if case .octets = subject.kind {
                    try text(token, of: .octets)
                } else {
                    Array(token.text.utf8)
                }
            return subject.matching(.contains(octets))
        case .regex:
            // Flags in quotes may follow, as in nfdump.
            let flags = current.kind == .quoted ? advance() : nil
            context.regexes += 1
            let limit = context.rules.regexesMax
            guard context.regexes <= limit else {
                throw error(.tooManyRegexes(limit: limit), at: token.place)
            }
            let isText = if case .octets = subject.kind { false } else { true }
            do throws(RegexError) {
                return subject.matching(
                    .matches(
                        try RegexPattern(
                            token.text, flags: flags?.text ?? "", isText: isText)))
            } catch {
                if let flags, case .unknownFlag = error.kind, error.place.isEmpty {
                    throw self.error(.badRegex(error.description), at: flags.place)
                }
                let start = token.place.lowerBound + (token.kind == .quoted ? 1 : 0)
                let place = (start + error.place.lowerBound)..<(start + error.place.upperBound)
                throw self.error(
                    .badRegex(error.description), at: place.isEmpty ? token.place : place)
            }
        }
    }
}
