/// One piece of a filter.
struct FilterToken {
    enum Kind: Hashable {
        /// Letters, digits and `_ : . - / + @`: keywords, numbers, addresses, times.
        case word
        /// Text that stood in quotes.
        case quoted
        case comparison(Comparison)
        case not, and, or
        case open, close, openList, closeList, comma
        case end
    }

    let kind: Kind
    /// Where it stands, in octets of the filter's UTF-8.
    let place: Range<Int>
    /// As written, quotes removed.
    let text: String
    /// The same in lower case, for keywords.
    let lower: String
}

/// How a value is compared.
enum Comparison: Hashable {
    case equal, notEqual, less, greater, lessOrEqual, greaterOrEqual

    /// The words that nfdump has for the signs.
    init?(word: String) {
        switch word {
        case "eq": self = .equal
        case "ne": self = .notEqual
        case "lt": self = .less
        case "gt": self = .greater
        case "le": self = .lessOrEqual
        case "ge": self = .greaterOrEqual
        default: return nil
        }
    }
}

/// Cuts a filter into tokens.
struct FilterLexer {
    let filter: String
    private let source: FilterError.Source?
    private let text: [UInt8]
    private var position = 0

    private init(_ filter: String, _ source: FilterError.Source?) {
        self.filter = filter
        self.source = source
        text = Array(filter.utf8)
    }

    /// All tokens, the last of kind `end`.
    ///
    /// - Parameters:
    ///   - bytesMax: octets that the filter may have.
    ///   - source: the file that it stands in.
    static func tokens(
        of filter: String, bytesMax: Int, source: FilterError.Source?
    ) throws(FilterError) -> [FilterToken] {
        var lexer = FilterLexer(filter, source)
        guard lexer.text.count <= bytesMax else {
            throw lexer.error(.tooLong(lexer.text.count, limit: bytesMax), at: 0..<0)
        }
        var tokens: [FilterToken] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private func error(_ kind: FilterError.Kind, at place: Range<Int>) -> FilterError {
        FilterError(kind, at: place, in: filter, source: source)
    }

    private mutating func next() throws(FilterError) -> FilterToken {
        skipBlanksAndComments()
        let start = position
        guard start < text.count else { return token(.end, from: start) }
        let byte = text[start]
        if Self.isWordByte(byte) {
            while position < text.count, Self.isWordByte(text[position]) { position += 1 }
            return word(from: start)
        }
        position += 1
        switch byte {
        case UInt8(ascii: "("): return token(.open, from: start)
        case UInt8(ascii: ")"): return token(.close, from: start)
        case UInt8(ascii: "["): return token(.openList, from: start)
        case UInt8(ascii: "]"): return token(.closeList, from: start)
        case UInt8(ascii: ","): return token(.comma, from: start)
        case UInt8(ascii: "="):
            skip("=")
            return token(.comparison(.equal), from: start)
        case UInt8(ascii: "!"):
            return token(skip("=") ? .comparison(.notEqual) : .not, from: start)
        case UInt8(ascii: "<"):
            if skip(">") { return token(.comparison(.notEqual), from: start) }
            return token(.comparison(skip("=") ? .lessOrEqual : .less), from: start)
        case UInt8(ascii: ">"):
            return token(.comparison(skip("=") ? .greaterOrEqual : .greater), from: start)
        case UInt8(ascii: "&") where skip("&"): return token(.and, from: start)
        case UInt8(ascii: "|") where skip("|"): return token(.or, from: start)
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return try quoted(from: start, by: byte)
        default:
            // The rest of a character of several octets belongs to the error too.
            while position < text.count, text[position] & 0xc0 == 0x80 { position += 1 }
            let character = String(decoding: text[start..<position], as: UTF8.self)
            throw error(.unexpectedCharacter(character), at: start..<position)
        }
    }

    private mutating func skipBlanksAndComments() {
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                position += 1
            case UInt8(ascii: "#"):
                while position < text.count, text[position] != UInt8(ascii: "\n") { position += 1 }
            default: return
            }
        }
    }

    @discardableResult
    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func quoted(
        from start: Int, by quote: UInt8
    ) throws(FilterError) -> FilterToken {
        while position < text.count, text[position] != quote, text[position] >= 0x20 {
            position += 1
        }
        guard position < text.count, text[position] == quote else {
            throw error(.unterminatedQuote, at: start..<position)
        }
        position += 1
        let content = String(decoding: text[(start + 1)..<(position - 1)], as: UTF8.self)
        return FilterToken(
            kind: .quoted, place: start..<position, text: content, lower: content.lowercased())
    }

    private func word(from start: Int) -> FilterToken {
        let content = String(decoding: text[start..<position], as: UTF8.self)
        let lower = content.lowercased()
        let kind: FilterToken.Kind =
            switch lower {
            case "and": .and
            case "or": .or
            case "not": .not
            default: Comparison(word: lower).map { .comparison($0) } ?? .word
            }
        return FilterToken(kind: kind, place: start..<position, text: content, lower: lower)
    }

    private func token(_ kind: FilterToken.Kind, from start: Int) -> FilterToken {
        let content = String(decoding: text[start..<position], as: UTF8.self)
        return FilterToken(kind: kind, place: start..<position, text: content, lower: content)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        case UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "@"):
            true
        default: false
        }
    }
}
