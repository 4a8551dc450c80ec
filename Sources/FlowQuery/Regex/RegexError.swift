/// Why a text is not a regular expression.
public struct RegexError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Kind: Hashable, Sendable {
        /// A parenthesis or bracket that is not closed, or closed without being open.
        case unbalanced(String)
        /// `*`, `+`, `?` or `{…}` with nothing before it.
        case nothingToRepeat
        /// A backslash before a letter or digit that means nothing.
        case unknownEscape(String)
        /// `\1`, `(?=…)`, `(?<!…)` and the like, which no engine can match in linear time.
        case notRegular(String)
        /// `{3,1}` or numbers above ``RegexError/repeatMax``.
        case badRepeat(String)
        /// `[z-a]`, `[a-\d]`.
        case badRange(String)
        /// A letter in `(?…)` other than i, m and s.
        case unknownFlag(String)
        /// Where octets are matched: a character that is more than one.
        case notAnOctet(String)
        /// More than ``RegexError/stepsMax`` steps after repetitions are written out.
        case tooLarge
        /// Groups nested deeper than ``RegexError/depthMax``.
        case tooDeep
    }

    /// Repetitions of one `{…}` at most.
    public static let repeatMax = 1000
    /// Steps of an expression at most; a character is one, a repetition as many as it writes out.
    public static let stepsMax = 10_000
    /// Nesting of groups at most.
    public static let depthMax = 50

    /// What is wrong.
    public let kind: Kind
    /// Where: octets of the expression's UTF-8.
    public let place: Range<Int>

    /// For people, without the place.
    public var description: String {
        switch kind {
        case .unbalanced(let sign):
            sign == ")" || sign == "]" ? "‘\(sign)’ without its opening" : "‘\(sign)’ is not closed"
        case .nothingToRepeat: "there is nothing before it to repeat"
        case .unknownEscape(let text): "‘\(text)’ means nothing in a regular expression"
        case .notRegular(let text):
            "‘\(text)’ cannot be matched in linear time, so it is not part of the language"
        case .badRepeat(let text):
            "‘\(text)’ is no repetition: {n}, {n,} or {n,m} up to \(Self.repeatMax)"
        case .badRange(let text): "‘\(text)’ is no range of characters"
        case .unknownFlag(let text): "‘\(text)’ is no flag; the flags are i, m and s"
        case .notAnOctet(let text): "‘\(text)’ is more than one octet; write \\xHH"
        case .tooLarge: "the regular expression is too large"
        case .tooDeep: "groups nested deeper than \(Self.depthMax)"
        }
    }
}
