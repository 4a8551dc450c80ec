/// Why a text is not a filter, and where.
public struct FilterError: Error, Hashable, Sendable {
    /// What is wrong.
    public enum Kind: Hashable, Sendable {
        /// More octets than ``FilterError/filterBytesMax``.
        case tooLong(Int)
        /// Parentheses and `not` nested deeper than ``FilterError/depthMax``.
        case tooDeep
        /// A character that means nothing here.
        case unexpectedCharacter(String)
        /// A quote without its end.
        case unterminatedQuote
        /// A word that is not in the vocabulary.
        case unknownWord(String)
        /// A word that needs another after it.
        case incompletePhrase(String, next: [String])
        /// The end, or something else, where a term must begin.
        case expectedTerm(found: String)
        /// Two terms without `and` or `or` between them.
        case missingConnective(before: String)
        /// A parenthesis or bracket that is not closed, or closed without being open.
        case unbalanced(String)
        /// Something else where a value must stand.
        case expectedValue(subject: String, of: String, found: String)
        /// A text that is not a value of the sort.
        case notAValue(String, of: String)
        /// A number that its subject cannot be.
        case outOfRange(subject: String, ClosedRange<UInt64>)
        /// `>` and the like where order means nothing.
        case notOrdered(subject: String)
        /// `>` and the like before a range.
        case rangeNotOrdered(subject: String)
        /// A range with its ends exchanged.
        case backwardRange(String)
        /// `in []`.
        case emptyList
        /// Host bits and network bits mixed in a dotted mask.
        case notAMask(String)
        /// A name where an address must stand.
        case hostName(String)
        /// A word of nfdump's that this version does not have.
        case unsupported(String, why: String)
    }

    /// Octets of a filter at most.
    public static let filterBytesMax = 65_536
    /// Nesting at most.
    public static let depthMax = 100

    /// What is wrong.
    public let kind: Kind
    /// Where: octets of the filter's UTF-8.
    public let place: Range<Int>
    /// The whole filter.
    public let filter: String
    /// The word that was probably meant.
    public let suggestion: String?

    init(_ kind: Kind, at place: Range<Int>, in filter: String, suggestion: String? = nil) {
        self.kind = kind
        self.place = place
        self.filter = filter
        self.suggestion = suggestion
    }

    /// The columns of the place within its line, counted in characters from 1.
    public var columns: Range<Int> {
        let line = line
        let start = characters(in: line.lowerBound..<place.lowerBound)
        let count = characters(in: place.clamped(to: line))
        return (start + 1)..<(start + 1 + max(count, 1))
    }

    /// The line of the place, from 1.
    public var lineNumber: Int {
        1 + filter.utf8.prefix(place.lowerBound).count { $0 == UInt8(ascii: "\n") }
    }

    private var line: Range<Int> {
        let bytes = filter.utf8
        var start = 0
        for (offset, byte) in bytes.prefix(place.lowerBound).enumerated()
        where byte == UInt8(ascii: "\n") {
            start = offset + 1
        }
        let rest = bytes.dropFirst(start)
        return start..<(start + rest.prefix { $0 != UInt8(ascii: "\n") }.count)
    }

    private func characters(in octets: Range<Int>) -> Int {
        // Octets 10xxxxxx continue a character.
        filter.utf8.dropFirst(octets.lowerBound).prefix(octets.count).count { $0 & 0xc0 != 0x80 }
    }
}

extension FilterError: CustomStringConvertible {
    /// One line: what is wrong, where, and the word that was probably meant.
    public var message: String {
        var text = what
        if let suggestion { text += "; did you mean ‘\(suggestion)’?" }
        if case .tooLong = kind { return text }
        let line = lineNumber
        return text + (line > 1 ? " (line \(line), column " : " (column ")
            + "\(columns.lowerBound))"
    }

    /// The message, the line of the filter and a caret under the place.
    public var description: String {
        if case .tooLong = kind { return message }
        let width = 100
        let columns = columns
        var shown = Array(
            String(decoding: Array(filter.utf8)[line], as: UTF8.self).unicodeScalars)
        // What a terminal would obey is not echoed.
        for index in shown.indices where shown[index].value < 0x20 || shown[index].value == 0x7f {
            shown[index] = " "
        }
        let first = max(0, min(columns.lowerBound - width / 2, shown.count - width))
        let window = shown.dropFirst(first).prefix(width)
        let indent = columns.lowerBound - 1 - first
        let carets = max(1, min(columns.count, width - indent))
        var text = message + "\n  "
        text.unicodeScalars.append(contentsOf: window)
        text += "\n  " + String(repeating: " ", count: max(indent, 0))
        return text + String(repeating: "^", count: carets)
    }

    private var what: String {
        switch kind {
        case .tooLong(let count):
            "the filter has \(count) octets, the limit is \(Self.filterBytesMax)"
        case .tooDeep: "nested deeper than \(Self.depthMax)"
        case .unexpectedCharacter(let character):
            switch character {
            case "&": "a single ‘&’ means nothing here; write ‘and’ or ‘&&’"
            case "|": "a single ‘|’ means nothing here; write ‘or’ or ‘||’"
            default: "‘\(Self.quotable(character))’ means nothing here"
            }
        case .unterminatedQuote: "the quote is not closed"
        case .unknownWord(let word): "unknown word ‘\(Self.quotable(word))’"
        case .incompletePhrase(let phrase, let next):
            "after ‘\(phrase)’ comes \(Self.alternatives(next))"
        case .expectedTerm(let found):
            found.isEmpty
                ? "the filter ends where a term should follow"
                : "a term should stand here, not ‘\(Self.quotable(found))’"
        case .missingConnective(let next):
            "‘and’ or ‘or’ is missing before ‘\(Self.quotable(next))’"
        case .unbalanced(let sign):
            sign == ")" || sign == "]" ? "‘\(sign)’ without its opening" : "‘\(sign)’ is not closed"
        case .expectedValue(let subject, let sort, let found):
            "‘\(subject)’ wants \(sort)"
                + (found.isEmpty ? ", the filter ends here" : ", not ‘\(Self.quotable(found))’")
        case .notAValue(let text, let sort): "‘\(Self.quotable(text))’ is not \(sort)"
        case .outOfRange(let subject, let range):
            "\(subject) is \(range.lowerBound)–\(range.upperBound)"
        case .notOrdered(let subject): "‘\(subject)’ is compared with =, != or in [ ]"
        case .rangeNotOrdered(let subject):
            "‘\(subject)’ is larger or smaller than one number; a range goes with =, != or in [ ]"
        case .backwardRange(let text): "‘\(Self.quotable(text))’ runs backwards"
        case .emptyList: "the list is empty"
        case .notAMask(let text): "‘\(Self.quotable(text))’ is not a netmask: ones, then zeros"
        case .hostName(let text):
            "names are not looked up here; write the address of ‘\(Self.quotable(text))’"
        case .unsupported(let word, let why): "‘\(word)’ is not available: \(why)"
        }
    }

    private static func alternatives(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return "‘\(words.first ?? "")’" }
        return words.dropLast().map { "‘\($0)’" }.joined(separator: ", ") + " or ‘\(last)’"
    }

    /// Text of the user's that is fit to be echoed: short, and without what a terminal would obey.
    private static func quotable(_ text: String) -> String {
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(60) {
            let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            clean.append(isControl ? "\u{fffd}" : scalar)
        }
        return String(clean) + (text.unicodeScalars.count > 60 ? "…" : "")
    }
}
