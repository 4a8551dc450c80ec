import FlowModel

/// What stands outside the filter's text: included files, sets, hosts.
extension FilterParser {
    /// Asks the sources; what they say is an error at the word that named the thing.
    ///
    /// - Parameter resource: what it is, where not every filter may have it.
    private func ask<Answer>(
        _ token: FilterToken, for resource: FilterError.Resource,
        _ question: (any FilterSources) throws(FilterSourceError) -> Answer
    ) throws(FilterError) -> Answer {
        guard let sources = context.sources else {
            throw error(.notAllowed(resource, token.text), at: token.place)
        }
        do throws(FilterSourceError) {
            return try question(sources)
        } catch {
            throw self.error(.unavailable(token.text, why: error.description), at: token.place)
        }
    }

    private func require(
        _ isAllowed: Bool, _ resource: FilterError.Resource, _ token: FilterToken
    ) throws(FilterError) {
        guard isAllowed else {
            throw error(.notAllowed(resource, token.text), at: token.place)
        }
    }

    // MARK: Included files

    /// `@include FILE`: the filter of the file, as if it stood here in parentheses.
    mutating func include() throws(FilterError) -> FlowExpression {
        let keyword = advance()
        guard current.kind == .word || current.kind == .quoted else {
            throw error(
                .expectedValue(subject: keyword.text, of: "a file", found: current.text),
                at: current.place)
        }
        let token = advance()
        let rules = context.rules
        try require(rules.allowsIncludes, .include, token)
        if !rules.readsSources { return .constant(true) }
        let includer = source?.path
        let location = try ask(token, for: .include) { sources throws(FilterSourceError) in
            try sources.location(of: token.text, from: includer)
        }
        let chain = context.includes + [location]
        if let first = context.includes.firstIndex(of: location) {
            throw error(.includeCycle(Array(chain[first...])), at: token.place)
        }
        guard chain.count <= rules.includesMax else {
            throw error(.includeTooDeep(chain, limit: rules.includesMax), at: token.place)
        }
        let text = try ask(token, for: .include) { sources throws(FilterSourceError) in
            try sources.contents(of: location, bytesMax: rules.bytesMax)
        }
        context.includes = chain
        var file = try FilterParser(
            String(decoding: text.withoutMark, as: UTF8.self), context,
            source: FilterError.Source(path: location, firstLine: 1), depth: depth)
        if file.isEmpty { throw error(.emptyInclude(token.text), at: token.place) }
        let expression = try file.whole()
        context = file.context
        context.includes.removeLast()
        return expression
    }

    // MARK: Sets

    /// Takes `@name` or a path, if that is what stands here.
    mutating func reference(
        of subject: FilterSubject, _ phrase: String, isInList: Bool
    ) throws(FilterError) -> [FilterLiteral]? {
        guard current.kind == .word || current.kind == .quoted else { return nil }
        if current.kind == .word, current.text.hasPrefix("@") {
            return try namedSet(advance(), of: subject, phrase)
        }
        guard isPath(of: subject, phrase, isInList: isInList) else { return nil }
        let token = advance()
        try require(context.rules.allowsFiles, .file, token)
        if !context.rules.readsSources { return subject.noValues }
        let includer = source?.path
        let location = try ask(token, for: .file) { sources throws(FilterSourceError) in
            try sources.location(of: token.text, from: includer)
        }
        if let known = known(location, of: subject) { return known }
        let bytesMax = context.rules.listBytesMax
        let text = try ask(token, for: .file) { sources throws(FilterSourceError) in
            try sources.contents(of: location, bytesMax: bytesMax)
        }
        return try literals(text, at: location, called: token, of: subject, phrase)
    }

    private mutating func namedSet(
        _ token: FilterToken, of subject: FilterSubject, _ phrase: String
    ) throws(FilterError) -> [FilterLiteral] {
        let name = String(token.text.dropFirst())
        guard !name.isEmpty, !name.hasPrefix("."), name.utf8.count <= 255,
            name.utf8.allSatisfy(Self.isNameByte)
        else { throw error(.badSetName(name), at: token.place) }
        if !context.rules.readsSources { return subject.noValues }
        if let known = known(token.text, of: subject) { return known }
        let names = context.sources?.setNames ?? []
        let found =
            context.sources == nil
            ? nil
            : try ask(token, for: .file) { sources throws(FilterSourceError) in
                try sources.set(named: name)
            }
        switch found {
        case .list(let text, let location):
            return try literals(text, at: location, called: token, of: subject, phrase)
        case .addresses(let ranges):
            guard case .address = subject.kind else {
                throw error(.notAValue(token.text, of: subject.kind.noun), at: token.place)
            }
            return keep(IntervalSet(ranges), called: token, at: token.text)
        case nil:
            throw error(
                .unknownSet(name, known: names.count), at: token.place,
                suggestion: NearestWord.find(name, among: names).map { "@\($0)" })
        }
    }

    /// Letters, digits, `-`, `.` and `_`.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Whether a path stands here and not a value: it has a slash or a dot or stands in quotes, and is no value.
    ///
    /// In brackets a name with a dot is a host; a file there has a slash.
    private func isPath(of subject: FilterSubject, _ phrase: String, isInList: Bool) -> Bool {
        let text = current.text
        if text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("../") { return true }
        let hasSlash = text.utf8.contains(UInt8(ascii: "/"))
        let isQuoted = current.kind == .quoted && !isInList
        guard hasSlash || isQuoted || text.utf8.contains(UInt8(ascii: ".")) else { return false }
        // Digits that are no value are a slip, not a file.
        let hasDigit = text.utf8.contains { 48...58 ~= $0 }
        let isNumeric =
            hasDigit
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 45...58, 65...70, 97...102: true
                default: false
                }
            }
        if isNumeric { return false }
        if case .address = subject.kind { return hasSlash || current.kind == .quoted || !isInList }
        var probe = self
        do {
            _ = try probe.value(of: subject, phrase, isInList: isInList)
            return false
        } catch {
            return true
        }
    }

    // MARK: Lists

    private func known(_ location: String, of subject: FilterSubject) -> [FilterLiteral]? {
        guard case .address = subject.kind else { return nil }
        return context.addressSets[location].map { [.addresses($0)] }
    }

    private mutating func keep(
        _ set: IntervalSet<IPAddress>, called token: FilterToken, at location: String
    ) -> [FilterLiteral] {
        if set.isEmpty { context.note(.emptySet(token.text)) }
        context.addressSets[location] = set
        return [.addresses(set)]
    }

    /// The values of a list, one a line.
    private mutating func literals(
        _ text: [UInt8], at location: String, called token: FilterToken,
        of subject: FilterSubject, _ phrase: String
    ) throws(FilterError) -> [FilterLiteral] {
        guard case .address = subject.kind else {
            let found = try numbers(text, at: location, of: subject, phrase)
            if found.isEmpty { context.note(.emptySet(token.text)) }
            return found
        }
        do throws(AddressList.BadLine) {
            let set = try AddressList.addresses(in: text)
            return keep(
                set, called: token, at: token.text.hasPrefix("@") ? token.text : location)
        } catch {
            throw FilterError(error, in: text, at: location)
        }
    }

    /// The values of a list of numbers: each line is what could stand in brackets.
    private func numbers(
        _ text: [UInt8], at location: String, of subject: FilterSubject, _ phrase: String
    ) throws(FilterError) -> [FilterLiteral] {
        var values: [FilterLiteral] = []
        var number = 0
        for line in text.withoutMark.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        {
            number += 1
            let value = line.prefix { $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: ";") }
            var parser = try FilterParser(
                String(decoding: value.prefix(1000), as: UTF8.self), context,
                source: FilterError.Source(path: location, firstLine: number))
            if parser.isEmpty { continue }
            values.append(try parser.value(of: subject, phrase, isInList: true))
            guard parser.current.kind == .end else {
                throw parser.error(
                    .notAValue(parser.filter, of: subject.kind.noun), at: parser.current.place)
            }
        }
        return values
    }

    // MARK: Hosts

    /// Whether a text can be the name of a host (RFC 1123 §2.1), and of nothing else.
    static func isHostName(_ text: String) -> Bool {
        let isHexadecimal = text.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...70, 97...102, UInt8(ascii: "."), UInt8(ascii: "-"): true
            default: false
            }
        }
        let hasLetter = text.utf8.contains { (65...90).contains($0) || (97...122).contains($0) }
        // `10.0.0.1-10.0.0.x` and `10.1.b` are slips.
        let isAddressLike = isHexadecimal && (48...57).contains(text.utf8.first ?? 48)
        return text.utf8.count <= 253 && hasLetter && !isAddressLike
            && text.utf8.allSatisfy(isNameByte) && !text.hasPrefix("-") && !text.hasPrefix(".")
    }

    /// All addresses of a host, as nfdump takes them.
    mutating func addresses(
        ofHost host: String, at place: Range<Int>
    ) throws(FilterError) -> IntervalSet<IPAddress> {
        let token = FilterToken(kind: .word, place: place, text: host, lower: host)
        try require(context.rules.allowsHostNames, .hostName, token)
        if !context.rules.readsSources { return .empty }
        let addresses = try ask(token, for: .hostName) { sources throws(FilterSourceError) in
            try sources.addresses(of: host)
        }
        let set = IntervalSet(addresses.map { $0...$0 })
        guard !set.isEmpty else {
            throw error(.unavailable(host, why: "the name has no address"), at: place)
        }
        context.note(.resolved(host: host, Array(Set(addresses)).sorted()))
        return set
    }
}

extension FilterError {
    /// What is wrong with a line of a list of addresses.
    fileprivate init(_ bad: AddressList.BadLine, in text: [UInt8], at location: String) {
        let word = String(decoding: text[bad.place], as: UTF8.self)
        let kind: FilterError.Kind =
            switch bad.reason {
            case .notAnAddress: .notAValue(word, of: "an address, a network or a range")
            case .notAPrefixLength: .notAValue(word, of: "a prefix length")
            case .backwardRange: .backwardRange(word)
            case .secondAddress: .secondAddress(word)
            }
        let start = bad.line.lowerBound
        self.init(
            kind, at: (bad.place.lowerBound - start)..<(bad.place.upperBound - start),
            in: String(decoding: text[bad.line], as: UTF8.self),
            source: Source(path: location, firstLine: bad.number))
    }
}

extension FilterSubject {
    /// What a set is taken for that is not looked at.
    fileprivate var noValues: [FilterLiteral] {
        if case .address = kind { [.addresses(.empty)] } else { [] }
    }
}

extension [UInt8] {
    /// The octets without the mark that some editors put before UTF-8.
    fileprivate var withoutMark: ArraySlice<UInt8> {
        starts(with: [0xef, 0xbb, 0xbf]) ? dropFirst(3) : self[...]
    }
}
