/// Why a text is not a filter, and where.
public struct FilterError: Error, Hashable, Sendable {
    /// What is wrong.
    public enum Kind: Hashable, Sendable {
        /// More octets than ``FilterRules/bytesMax``.
        case tooLong(Int, limit: Int)
        /// Parentheses and `not` nested deeper than ``FilterRules/depthMax``.
        case tooDeep(limit: Int)
        /// More terms and values than ``FilterRules/termsMax``.
        case tooManyTerms(limit: Int)
        /// More regular expressions than ``FilterRules/regexesMax``.
        case tooManyRegexes(limit: Int)
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
        /// Something that cannot be compared.
        case unsupported(String, why: String)
        /// The name of an element that has a column of its own.
        case hasColumn(String)
        /// A regular expression that is none; what is wrong with it.
        case badRegex(String)
        /// Something that ``FilterRules`` do not allow this filter.
        case notAllowed(Resource, String)
        /// A name of a set with other characters than letters, digits, `_`, `-` and `.`.
        case badSetName(String)
        /// There is no set of that name.
        case unknownSet(String, known: Int)
        /// A set, file or name that could not be had.
        case unavailable(String, why: String)
        /// A line of a list with two addresses in it.
        case secondAddress(String)
        /// An included file without a term.
        case emptyInclude(String)
        /// A file that includes itself; each file includes the next.
        case includeCycle([String])
        /// Files included by files included by files …
        case includeTooDeep([String], limit: Int)
    }

    /// What a filter may reach outside its own text.
    public enum Resource: Hashable, Sendable {
        /// `in FILE`.
        case file
        /// `@include FILE`.
        case include
        /// A host's name in the place of an address.
        case hostName
    }

    /// A file that the text stood in.
    public struct Source: Hashable, Sendable {
        /// Its path.
        public let path: String
        /// The number of the first line of ``FilterError/filter``, from 1.
        public let firstLine: Int
    }

    /// What is wrong.
    public let kind: Kind
    /// Where: octets of the filter's UTF-8.
    public let place: Range<Int>
    /// The whole filter; of an included file its text, of a list its line.
    public let filter: String
    /// The word that was probably meant.
    public let suggestion: String?
    /// The file that ``filter`` stands in; nil where it is the filter itself.
    public let source: Source?

    init(
        _ kind: Kind, at place: Range<Int>, in filter: String, suggestion: String? = nil,
        source: Source? = nil
    ) {
        self.kind = kind
        self.place = place
        self.filter = filter
        self.suggestion = suggestion
        self.source = source
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
        (source?.firstLine ?? 1)
            + filter.utf8.prefix(place.lowerBound).count { $0 == UInt8(ascii: "\n") }
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
        var whereabouts: [String] = []
        if let source { whereabouts.append(Self.path(source.path)) }
        if case .tooLong = kind {
        } else {
            let line = lineNumber
            if line > 1 || source != nil { whereabouts.append("line \(line)") }
            whereabouts.append("column \(columns.lowerBound)")
        }
        return whereabouts.isEmpty ? text : text + " (\(whereabouts.joined(separator: ", ")))"
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
        case .tooLong(let count, let limit):
            "the filter has \(count) octets, the limit is \(limit)"
        case .tooDeep(let limit): "nested deeper than \(limit)"
        case .tooManyTerms(let limit): "more than \(limit) terms and values"
        case .tooManyRegexes(let limit): "more than \(limit) regular expressions"
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
        case .unsupported(let word, let why):
            "‘\(Self.quotable(word))’ cannot be compared: \(why)"
        case .hasColumn(let word): "‘\(Self.quotable(word))’ has a column of its own"
        case .badRegex(let why): Self.quotable(why, upTo: 200)
        case .notAllowed(let resource, let text): Self.refusal(of: resource, text)
        case .badSetName(let name):
            "‘@\(Self.quotable(name))’ is no name of a set: letters, digits, ‘_’, ‘-’ and ‘.’"
        case .unknownSet(let name, let known):
            "there is no set ‘@\(Self.quotable(name))’" + (known == 0 ? ", nor any other" : "")
        case .unavailable(let name, let why): "‘\(Self.path(name))’: \(why)"
        case .secondAddress(let text):
            "a second address in the line, ‘\(Self.quotable(text))’; a range is written A-B, "
                + "a network A/24"
        case .emptyInclude(let path): "‘\(Self.path(path))’ holds no filter"
        case .includeCycle(let chain): "a file includes itself: \(Self.arrows(chain))"
        case .includeTooDeep(let chain, let limit):
            "more than \(limit) files include each other: \(Self.arrows(chain))"
        }
    }

    private static func refusal(of resource: Resource, _ text: String) -> String {
        let text = quotable(text)
        return switch resource {
        case .file:
            "this filter may not read files such as ‘\(text)’; it may name a set: in @name"
        case .include: "this filter may not include files such as ‘\(text)’"
        case .hostName: "names are not looked up here; write the address of ‘\(text)’"
        }
    }

    /// A path is of no use in part.
    private static func path(_ path: String) -> String { quotable(path, upTo: 1000) }

    private static func arrows(_ chain: [String]) -> String {
        chain.map { "‘\(path($0))’" }.joined(separator: " → ")
    }

    private static func alternatives(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return "‘\(words.first ?? "")’" }
        return words.dropLast().map { "‘\($0)’" }.joined(separator: ", ") + " or ‘\(last)’"
    }

    /// Text of the user's that is fit to be echoed: short, and without what a terminal would obey.
    private static func quotable(_ text: String, upTo length: Int = 60) -> String {
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(length) {
            let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            clean.append(isControl ? "\u{fffd}" : scalar)
        }
        return String(clean) + (text.unicodeScalars.count > length ? "…" : "")
    }
}
