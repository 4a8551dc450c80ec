/// Reads a regular expression: the common syntax of Perl and POSIX without what is not regular.
///
///     alternatives := sequence { "|" sequence }
///     sequence     := { atom [ * | + | ? | {n} | {n,} | {n,m} ] [ ? ] }
///     atom         := character | . | ^ | $ | [ set ] | ( [?:] alternatives ) | (?flags) | \escape
///
/// Whether a match is short or long makes no difference to whether there is one, so `*?` is `*`.
struct RegexParser {
    private let text: [Unicode.Scalar]
    /// Where each character begins, in octets.
    private let offsets: [Int]
    private let isText: Bool
    private var position = 0
    private var depth = 0
    private var flags: Flags

    struct Flags {
        var ignoresCase = false
        /// `^` and `$` match at lines.
        var isMultiline = false
        /// `.` matches a line's end.
        var dotMatchesAll = false
    }

    /// - Parameter isText: whether characters are matched; else octets.
    static func parse(
        _ pattern: String, isText: Bool, flags: Flags
    ) throws(RegexError) -> RegexNode {
        var parser = RegexParser(pattern, isText, flags)
        let node = try parser.alternatives()
        if parser.position < parser.text.count {
            throw parser.error(.unbalanced(")"), from: parser.position)
        }
        return node
    }

    private init(_ pattern: String, _ isText: Bool, _ flags: Flags) {
        text = Array(pattern.unicodeScalars)
        var offsets = [0]
        for scalar in text { offsets.append(offsets[offsets.count - 1] + UTF8.width(scalar)) }
        self.offsets = offsets
        self.isText = isText
        self.flags = flags
    }

    private var current: Unicode.Scalar? { position < text.count ? text[position] : nil }

    private func error(_ kind: RegexError.Kind, from start: Int) -> RegexError {
        let end = min(max(position, start + 1), text.count)
        return RegexError(kind: kind, place: offsets[min(start, end)]..<offsets[end])
    }

    private func written(from start: Int) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: text[start..<min(position, text.count)])
        return String(view)
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        position += 1
        return true
    }

    // MARK: Structure

    private mutating func alternatives() throws(RegexError) -> RegexNode {
        // Flags set within a group end with it.
        let outer = flags
        defer { flags = outer }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(RegexError) -> RegexNode {
        var parts: [RegexNode] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            let start = position
            guard var atom = try atom() else { continue }
            if let (min, max) = try repetition() {
                atom = .repeated(atom, min: min, max: max)
                _ = take("?")
                let place = position
                // `a*+` gives nothing back once it has it, which no automaton can say.
                if take("+") { throw error(.notRegular(written(from: start)), from: start) }
                if try repetition() != nil { throw error(.nothingToRepeat, from: place) }
            }
            parts.append(atom)
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    /// Takes one atom; nil where flags were set.
    private mutating func atom() throws(RegexError) -> RegexNode? {
        let start = position
        guard let scalar = current else { return .empty }
        position += 1
        switch scalar {
        case ".":
            let all = RegexSet([]).complement(upTo: largest)
            let end = RegexSet(0x0a).complement(upTo: largest)
            return .set(flags.dotMatchesAll ? all : end)
        case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        case "[": return .set(try bracket(from: start))
        case "(": return try group(from: start)
        case "*", "+", "?": throw error(.nothingToRepeat, from: start)
        case "\\": return try escape(from: start)
        default: return try literal(scalar, from: start)
        }
    }

    private mutating func group(from start: Int) throws(RegexError) -> RegexNode? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= RegexError.depthMax else { throw error(.tooDeep, from: start) }
        var inner = flags
        if take("?") {
            if let scalar = current, "=!<>P#&|R0123456789".unicodeScalars.contains(scalar) {
                position += scalar == "<" ? 2 : 1
                throw error(.notRegular(written(from: start)), from: start)
            }
            var isSet = true
            while let scalar = current, scalar != ":", scalar != ")" {
                let place = position
                position += 1
                switch scalar {
                case "-": isSet = false
                case "i": inner.ignoresCase = isSet
                case "m": inner.isMultiline = isSet
                case "s": inner.dotMatchesAll = isSet
                default: throw error(.unknownFlag(written(from: place)), from: place)
                }
            }
            if take(")") {
                flags = inner
                return nil
            }
            _ = take(":")
        }
        let outer = flags
        flags = inner
        let node = try alternatives()
        flags = outer
        guard take(")") else { throw error(.unbalanced("("), from: start) }
        return node
    }

    /// `*`, `+`, `?` or braces; nil where none stands here.
    ///
    /// A brace that begins no repetition is itself.
    private mutating func repetition() throws(RegexError) -> (min: Int, max: Int?)? {
        let start = position
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard take("{") else { return nil }
        guard let low = number() else {
            position = start
            return nil
        }
        var high: Int? = low
        if take(",") { high = current == "}" ? nil : number() ?? -1 }
        guard take("}"), low <= RegexError.repeatMax, high ?? low >= low,
            high ?? 0 <= RegexError.repeatMax
        else { throw error(.badRepeat(written(from: start)), from: start) }
        return (low, high)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = current, ("0"..."9").contains(scalar) {
            value = min((value ?? 0) * 10 + Int(scalar.value - 48), 1_000_000)
            position += 1
        }
        return value
    }

    // MARK: Characters

    private var largest: UInt32 { isText ? 0x10ffff : 0xff }

    private func literal(
        _ scalar: Unicode.Scalar, from start: Int
    ) throws(RegexError) -> RegexNode {
        if !isText, scalar.value > 0x7f {
            // Its octets, one behind the other.
            return .sequence(
                UTF8.encode(scalar).map { $0.map { .set(RegexSet(UInt32($0))) } } ?? [])
        }
        let set = RegexSet(scalar.value)
        return .set(flags.ignoresCase ? set.ignoringCase : set)
    }

    private mutating func escape(from start: Int) throws(RegexError) -> RegexNode {
        switch current {
        case "b": return assertion(.wordBoundary)
        case "B": return assertion(.notWordBoundary)
        case "A": return assertion(.textStart)
        case "z", "Z": return assertion(.textEnd)
        default: break
        }
        let set = try escapedSet(from: start)
        return .set(flags.ignoresCase ? set.ignoringCase : set)
    }

    private mutating func assertion(_ assertion: RegexAssertion) -> RegexNode {
        position += 1
        return .assertion(assertion)
    }

    /// What stands behind a backslash, within brackets or without.
    private mutating func escapedSet(from start: Int) throws(RegexError) -> RegexSet {
        guard let scalar = current else { throw error(.unknownEscape("\\"), from: start) }
        position += 1
        switch scalar {
        case "d": return .digits
        case "w": return .word
        case "s": return .blanks
        case "D": return RegexSet.digits.complement(upTo: largest)
        case "W": return RegexSet.word.complement(upTo: largest)
        case "S": return RegexSet.blanks.complement(upTo: largest)
        case "n": return RegexSet(0x0a)
        case "r": return RegexSet(0x0d)
        case "t": return RegexSet(0x09)
        case "f": return RegexSet(0x0c)
        case "v": return RegexSet(0x0b)
        case "a": return RegexSet(0x07)
        case "e": return RegexSet(0x1b)
        case "0": return RegexSet(0)
        case "x": return RegexSet(try hexadecimal(from: start))
        case "1"..."9": throw error(.notRegular(written(from: start)), from: start)
        case "A"..."Z", "a"..."z":
            throw error(.unknownEscape(written(from: start)), from: start)
        default:
            guard isText || scalar.value <= 0x7f else {
                throw error(.notAnOctet(String(scalar)), from: start)
            }
            return RegexSet(scalar.value)
        }
    }

    /// `\x41` or `\x{1f600}`.
    private mutating func hexadecimal(from start: Int) throws(RegexError) -> UInt32 {
        let isBraced = take("{")
        var value: UInt32 = 0
        var digits = 0
        while digits < (isBraced ? 6 : 2), let digit = current.flatMap(Self.digit) {
            value = value << 4 | digit
            digits += 1
            position += 1
        }
        guard digits > 0, isBraced ? take("}") : digits == 2, value <= largest,
            !(0xd800...0xdfff).contains(value)
        else { throw error(.unknownEscape(written(from: start)), from: start) }
        return value
    }

    private static func digit(_ scalar: Unicode.Scalar) -> UInt32? {
        switch scalar {
        case "0"..."9": scalar.value - 48
        case "a"..."f": scalar.value - 87
        case "A"..."F": scalar.value - 55
        default: nil
        }
    }

    /// The rest of `[…]`.
    private mutating func bracket(from start: Int) throws(RegexError) -> RegexSet {
        let isNegated = take("^")
        var set = RegexSet([])
        var isFirst = true
        while true {
            guard let scalar = current else { throw error(.unbalanced("["), from: start) }
            if scalar == "]" && !isFirst { break }
            isFirst = false
            let place = position
            let item = try bracketItem()
            // A dash before the end is itself.
            guard current == "-", position + 1 < text.count, text[position + 1] != "]" else {
                set = set.union(item)
                continue
            }
            position += 1
            let end = try bracketItem()
            guard let low = item.only, let high = end.only, low <= high else {
                throw error(.badRange(written(from: place)), from: place)
            }
            set = set.union(RegexSet([low...high]))
        }
        position += 1
        if flags.ignoresCase { set = set.ignoringCase }
        return isNegated ? set.complement(upTo: largest) : set
    }

    private mutating func bracketItem() throws(RegexError) -> RegexSet {
        let start = position
        guard let scalar = current else { throw error(.unbalanced("["), from: start) }
        position += 1
        if scalar == "\\" {
            if take("b") { return RegexSet(0x08) }
            return try escapedSet(from: start)
        }
        if scalar == "[", current == ":" {
            var name = ""
            var place = position + 1
            while place < text.count, ("a"..."z").contains(text[place]) {
                name.unicodeScalars.append(text[place])
                place += 1
            }
            if place + 1 < text.count, text[place] == ":", text[place + 1] == "]",
                let set = RegexSet.named(name)
            {
                position = place + 2
                return set
            }
        }
        guard isText || scalar.value <= 0x7f else {
            throw error(.notAnOctet(String(scalar)), from: start)
        }
        return RegexSet(scalar.value)
    }
}

extension RegexSet {
    /// The only character, nil where there are more.
    fileprivate var only: UInt32? {
        guard ranges.count == 1, let range = ranges.first, range.lowerBound == range.upperBound
        else { return nil }
        return range.lowerBound
    }
}
