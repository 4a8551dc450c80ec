import FlowModel

/// Recursive descent over the grammar of `docs/filter.md`.
///
///     disjunction := conjunction { (or | "||") conjunction }
///     conjunction := negation { (and | "&&") negation }
///     negation    := { not | "!" } ( "(" disjunction ")" | term )
///     term        := "@include" FILE | phrase [ [comparison] value | [not] in (list | element) ]
///     element     := value | "@"name | FILE
///
/// A phrase is the longest row of words that ``FilterVocabulary`` knows.
struct FilterParser {
    let filter: String
    let tokens: [FilterToken]
    /// The file that the text stands in; nil for the filter itself.
    let source: FilterError.Source?
    /// What this parser has in common with those of included files.
    var context: FilterContext
    private var position = 0
    private(set) var depth: Int

    /// - Parameters:
    ///   - source: the file that the text stands in.
    ///   - depth: how deep it stands in the filter that includes it.
    init(
        _ filter: String, _ context: FilterContext, source: FilterError.Source? = nil,
        depth: Int = 0
    ) throws(FilterError) {
        self.filter = filter
        self.context = context
        self.source = source
        self.depth = depth
        tokens = try FilterLexer.tokens(
            of: filter, bytesMax: context.rules.bytesMax, source: source)
    }

    /// Whether there is nothing but blanks and comments.
    var isEmpty: Bool { tokens.count == 1 }

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
        FilterError(kind, at: place, in: filter, suggestion: suggestion, source: source)
    }

    /// Counts a term or a value.
    mutating func count(at place: Range<Int>) throws(FilterError) {
        context.terms += 1
        guard context.terms <= context.rules.termsMax else {
            throw error(.tooManyTerms(limit: context.rules.termsMax), at: place)
        }
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
            guard depth + count <= context.rules.depthMax else {
                throw error(.tooDeep(limit: context.rules.depthMax), at: current.place)
            }
            isNegated.toggle()
            advance()
        }
        let expression: FlowExpression
        if current.kind == .open {
            let opening = advance()
            guard depth < context.rules.depthMax else {
                throw error(.tooDeep(limit: context.rules.depthMax), at: opening.place)
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
        try count(at: current.place)
        if current.lower == "@include" { return try include() }
        let (phrase, entry) = try phrase()
        switch entry {
        case .fixed(let expression): return expression
        case .absent(let why):
            context.note(.nothingStored(word: phrase, why: why))
            return .constant(false)
        case .match(let subject, let match): return try self.match(match, of: subject, phrase)
        case .subject(let subject):
            let expression = try comparison(of: subject, phrase)
            if let why = subject.absence {
                context.note(.nothingStored(word: phrase, why: why))
            }
            return expression
        }
    }

    /// Takes the longest phrase that begins here.
    private mutating func phrase() throws(FilterError) -> (String, FilterEntry) {
        var words: [String] = []
        var longest: (phrase: String, entry: FilterEntry, count: Int)?
        for token in tokens[position...].prefix(FilterVocabulary.wordsMax) {
            guard token.kind == .word else { break }
            words.append(token.lower)
            let phrase = words.joined(separator: " ")
            if let entry = FilterVocabulary.entry(of: phrase) {
                longest = (phrase, entry, words.count)
            }
        }
        if let longest {
            position += longest.count
            return (longest.phrase, longest.entry)
        }
        // The words up to here begin some phrase, but the next one does not go on with it.
        var beginning = words[0]
        guard FilterVocabulary.continuations[beginning] != nil else {
            return (current.text, try element())
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

    /// Takes the name of an element without a column.
    private mutating func element() throws(FilterError) -> FilterEntry {
        let place = current.place
        switch ElementNames.meaning(of: current.lower) {
        case .subject(let subject):
            advance()
            return .subject(subject)
        case .column(let field):
            throw error(.hasColumn(current.text), at: place, suggestion: field.name)
        case .incomparable(let why):
            throw error(.unsupported(current.text, why: why), at: place)
        case nil:
            let nearest =
                NearestWord.find(current.lower, among: FilterVocabulary.firstWords)
                ?? NearestWord.find(current.lower, among: ElementNames.all)
            throw error(.unknownWord(current.text), at: place, suggestion: nearest)
        }
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
        if subject.kind.isText, current.kind == .word,
            let match = TextMatch(rawValue: current.lower)
        {
            advance()
            return try self.match(match, of: subject, phrase)
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

    /// The values after `in`: a list in brackets, or one element without them.
    private mutating func list(
        of subject: FilterSubject, _ phrase: String
    ) throws(FilterError) -> [FilterLiteral] {
        guard current.kind == .openList || current.kind == .open else {
            if let found = try reference(of: subject, phrase, isInList: false) { return found }
            return [try value(of: subject, phrase, isInList: false)]
        }
        let opening = advance()
        let closing: FilterToken.Kind = opening.kind == .open ? .close : .closeList
        var values: [FilterLiteral] = []
        var isEmpty = true
        while current.kind != closing {
            if current.kind == .comma {
                advance()
            } else if current.kind == .end {
                throw error(.unbalanced(opening.text), at: opening.place)
            } else {
                isEmpty = false
                try count(at: current.place)
                if let found = try reference(of: subject, phrase, isInList: true) {
                    values += found
                } else {
                    values.append(try value(of: subject, phrase, isInList: true))
                }
            }
        }
        let end = advance()
        guard !isEmpty else {
            throw error(.emptyList, at: opening.place.lowerBound..<end.place.upperBound)
        }
        return values
    }
}
