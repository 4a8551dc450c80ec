import FlowModel

extension FlowExpression {
    /// Reads a filter in the language of `docs/filter.md`; an empty text is `any`.
    ///
    /// - Parameter times: what `-1h` counts from, and the zone of times without one.
    public init(parsing filter: String, times: TimeText = TimeText()) throws(FilterError) {
        var parser = FilterParser(
            filter: filter, tokens: try FilterLexer.tokens(of: filter), times: times)
        self = try parser.whole()
    }
}

/// Recursive descent over the grammar of `docs/filter.md`.
///
///     disjunction := conjunction { (or | "||") conjunction }
///     conjunction := negation { (and | "&&") negation }
///     negation    := { not | "!" } ( "(" disjunction ")" | term )
///     term        := phrase [ [comparison] value | [not] in (list | value) ]
///
/// A phrase is the longest row of words that ``FilterVocabulary`` knows.
struct FilterParser {
    let filter: String
    let tokens: [FilterToken]
    let times: TimeText
    private var position = 0
    private var depth = 0

    init(filter: String, tokens: [FilterToken], times: TimeText) {
        self.filter = filter
        self.tokens = tokens
        self.times = times
    }

    /// The token to be read next; the last one, `end`, is never passed.
    var current: FilterToken { tokens[position] }

    /// The token after ``current``.
    var following: FilterToken { tokens[min(position + 1, tokens.count - 1)] }

    @discardableResult
    mutating func advance() -> FilterToken {
        let token = tokens[position]
        if token.kind != .end { position += 1 }
        return token
    }

    func error(
        _ kind: FilterError.Kind, at place: Range<Int>, suggestion: String? = nil
    ) -> FilterError {
        FilterError(kind, at: place, in: filter, suggestion: suggestion)
    }

    mutating func whole() throws(FilterError) -> FlowExpression {
        if current.kind == .end { return .constant(true) }
        let expression = try disjunction()
        guard current.kind == .end else { throw unexpected() }
        return expression
    }

    private mutating func disjunction() throws(FilterError) -> FlowExpression {
        let first = try conjunction()
        guard current.kind == .or else { return first }
        var operands = [first]
        while current.kind == .or {
            advance()
            operands.append(try conjunction())
        }
        return .any(operands)
    }

    private mutating func conjunction() throws(FilterError) -> FlowExpression {
        let first = try negation()
        guard current.kind == .and else { return first }
        var operands = [first]
        while current.kind == .and {
            advance()
            operands.append(try negation())
        }
        return .all(operands)
    }

    private mutating func negation() throws(FilterError) -> FlowExpression {
        var isNegated = false
        var count = 0
        while current.kind == .not {
            count += 1
            guard depth + count <= FilterError.depthMax else {
                throw error(.tooDeep, at: current.place)
            }
            isNegated.toggle()
            advance()
        }
        let expression: FlowExpression
        if current.kind == .open {
            let opening = advance()
            guard depth < FilterError.depthMax else {
                throw error(.tooDeep, at: opening.place)
            }
            depth += 1
            expression = try disjunction()
            depth -= 1
            if current.kind == .end { throw error(.unbalanced("("), at: opening.place) }
            guard current.kind == .close else { throw unexpected() }
            advance()
        } else {
            expression = try term()
        }
        return isNegated ? expression.negated : expression
    }

    /// Why the current token cannot follow a complete term.
    private func unexpected() -> FilterError {
        switch current.kind {
        case .close: error(.unbalanced(")"), at: current.place)
        case .closeList: error(.unbalanced("]"), at: current.place)
        case .word, .quoted, .open, .not:
            error(.missingConnective(before: current.text), at: current.place)
        default: error(.unexpectedCharacter(current.text), at: current.place)
        }
    }

    private mutating func term() throws(FilterError) -> FlowExpression {
        guard current.kind == .word else {
            throw error(.expectedTerm(found: current.text), at: current.place)
        }
        let (phrase, entry, place) = try phrase()
        switch entry {
        case .fixed(let expression): return expression
        case .unsupported(let why): throw error(.unsupported(phrase, why: why), at: place)
        case .subject(let subject): return try comparison(of: subject, phrase)
        }
    }

    /// Takes the longest phrase that begins here.
    private mutating func phrase() throws(FilterError) -> (String, FilterEntry, Range<Int>) {
        var words: [String] = []
        var longest: (phrase: String, entry: FilterEntry, count: Int)?
        for token in tokens[position...].prefix(FilterVocabulary.wordsMax) {
            guard token.kind == .word else { break }
            words.append(token.lower)
            let phrase = words.joined(separator: " ")
            if let entry = FilterVocabulary.entries[phrase] {
                longest = (phrase, entry, words.count)
            }
        }
        if let longest {
            let start = current.place.lowerBound
            let end = tokens[position + longest.count - 1].place.upperBound
            position += longest.count
            return (longest.phrase, longest.entry, start..<end)
        }
        // The words up to here begin some phrase, but the next one does not go on with it.
        var beginning = words[0]
        guard FilterVocabulary.continuations[beginning] != nil else {
            throw error(
                .unknownWord(current.text), at: current.place,
                suggestion: NearestWord.find(words[0], among: FilterVocabulary.firstWords))
        }
        advance()
        for word in words.dropFirst() {
            guard FilterVocabulary.continuations["\(beginning) \(word)"] != nil else { break }
            beginning += " \(word)"
            advance()
        }
        let next = FilterVocabulary.continuations[beginning] ?? []
        throw error(
            .incompletePhrase(beginning, next: next), at: current.place,
            suggestion: NearestWord.find(current.lower, among: next))
    }

    private mutating func comparison(
        of subject: FilterSubject, _ phrase: String
    ) throws(FilterError) -> FlowExpression {
        let isNegatedList =
            current.kind == .not && following.kind == .word && following.lower == "in"
        if isNegatedList { advance() }
        if current.kind == .word && current.lower == "in" {
            advance()
            let values = try list(of: subject, phrase)
            return subject.expression(isNegatedList ? .notEqual : .equal, values)
        }
        guard case .comparison(let comparison) = current.kind else {
            return subject.expression(nil, [try value(of: subject, phrase, isInList: false)])
        }
        let sign = advance()
        let literal = try value(of: subject, phrase, isInList: false)
        if comparison != .equal && comparison != .notEqual && !literal.isOrdered {
            if case .numbers = literal {
                throw error(.rangeNotOrdered(subject: phrase), at: sign.place)
            }
            throw error(.notOrdered(subject: phrase), at: sign.place)
        }
        return subject.expression(comparison, [literal])
    }

    /// The values after `in`: a list in brackets, or one value without them.
    private mutating func list(
        of subject: FilterSubject, _ phrase: String
    ) throws(FilterError) -> [FilterLiteral] {
        guard current.kind == .openList || current.kind == .open else {
            return [try value(of: subject, phrase, isInList: false)]
        }
        let opening = advance()
        let closing: FilterToken.Kind = opening.kind == .open ? .close : .closeList
        var values: [FilterLiteral] = []
        while current.kind != closing {
            if current.kind == .comma {
                advance()
            } else if current.kind == .end {
                throw error(.unbalanced(opening.text), at: opening.place)
            } else {
                values.append(try value(of: subject, phrase, isInList: true))
            }
        }
        let end = advance()
        guard !values.isEmpty else {
            throw error(.emptyList, at: opening.place.lowerBound..<end.place.upperBound)
        }
        return values
    }
}
