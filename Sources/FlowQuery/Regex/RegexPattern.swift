/// A regular expression that can be matched in linear time.
///
/// Two are equal that were written alike.
public struct RegexPattern: Hashable, Sendable {
    /// As written.
    public let text: String
    /// Flags that were set beside it: of `i`, `m` and `s`, in this order.
    public let flags: String
    /// Whether it matches characters; else octets.
    public let isText: Bool
    let program: RegexProgram

    /// Compiles an expression.
    ///
    /// - Parameters:
    ///   - flags: any of `i` (ASCII letters in both cases), `m` (`^` and `$` at lines), `s` (`.` matches
    ///     the end of a line).
    ///   - isText: whether to match characters of UTF-8; else `.` and `\x80` are octets.
    public init(_ text: String, flags: String = "", isText: Bool = true) throws(RegexError) {
        for flag in flags where !"ims".contains(flag) {
            throw RegexError(kind: .unknownFlag(String(flag)), place: 0..<0)
        }
        self.text = text
        self.flags = String("ims".filter { flags.contains($0) })
        self.isText = isText
        let node = try RegexParser.parse(
            text, isText: isText,
            flags: RegexParser.Flags(
                ignoresCase: flags.contains("i"), isMultiline: flags.contains("m"),
                dotMatchesAll: flags.contains("s")))
        program = try RegexProgram(node, isText: isText)
    }

    /// Whether both were written alike.
    public static func == (a: RegexPattern, b: RegexPattern) -> Bool {
        a.text == b.text && a.flags == b.flags && a.isText == b.isText
    }

    /// Hashes what was written.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(text)
        hasher.combine(flags)
        hasher.combine(isText)
    }

    /// Whether it matches somewhere in the text.
    ///
    /// Many texts are faster read through one ``RegexMatcher``.
    public func matches(_ text: [UInt8]) -> Bool { RegexMatcher(program).matches(text.span) }
}
