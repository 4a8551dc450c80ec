/// A regular expression as a tree.
indirect enum RegexNode {
    /// Matches nothing of the text.
    case empty
    /// One character, or one octet, of the ranges; ascending, disjoint.
    case set(RegexSet)
    case sequence([RegexNode])
    case alternatives([RegexNode])
    /// At least `min` times, at most `max`; nil: any number.
    case repeated(RegexNode, min: Int, max: Int?)
    case assertion(RegexAssertion)
}

/// What may be asked of a place between two octets.
enum RegexAssertion: UInt8 {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, notWordBoundary
}

/// A set of characters, or of octets.
struct RegexSet {
    /// Ascending, disjoint, not adjacent.
    private(set) var ranges: [ClosedRange<UInt32>] = []

    init(_ ranges: [ClosedRange<UInt32>]) {
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = self.ranges.last, range.lowerBound <= last.upperBound + 1 {
                let end = max(last.upperBound, range.upperBound)
                self.ranges[self.ranges.count - 1] = last.lowerBound...end
            } else {
                self.ranges.append(range)
            }
        }
    }

    init(_ character: UInt32) { ranges = [character...character] }

    static let digits = RegexSet([0x30...0x39])
    static let word = RegexSet([0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a])
    static let blanks = RegexSet([0x09...0x0d, 0x20...0x20])

    /// The classes `[:name:]` of POSIX, as far as ASCII goes.
    static func named(_ name: String) -> RegexSet? {
        switch name {
        case "alnum": RegexSet([0x30...0x39, 0x41...0x5a, 0x61...0x7a])
        case "alpha": RegexSet([0x41...0x5a, 0x61...0x7a])
        case "blank": RegexSet([0x09...0x09, 0x20...0x20])
        case "cntrl": RegexSet([0x00...0x1f, 0x7f...0x7f])
        case "digit": digits
        case "graph": RegexSet([0x21...0x7e])
        case "lower": RegexSet([0x61...0x7a])
        case "print": RegexSet([0x20...0x7e])
        case "punct": RegexSet([0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e])
        case "space": blanks
        case "upper": RegexSet([0x41...0x5a])
        case "word": word
        case "xdigit": RegexSet([0x30...0x39, 0x41...0x46, 0x61...0x66])
        default: nil
        }
    }

    func union(_ other: RegexSet) -> RegexSet { RegexSet(ranges + other.ranges) }

    /// Everything up to `last` that is not in the set.
    func complement(upTo last: UInt32) -> RegexSet {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges where range.lowerBound <= last {
            if next < range.lowerBound { gaps.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        if next <= last { gaps.append(next...last) }
        return RegexSet(gaps)
    }

    /// With both cases of every ASCII letter.
    var ignoringCase: RegexSet {
        var both = ranges
        for range in ranges {
            for (first, other) in [(UInt32(0x41), UInt32(0x61)), (0x61, 0x41)] {
                let lower = max(range.lowerBound, first)
                let upper = min(range.upperBound, first + 25)
                if lower <= upper { both.append((lower - first + other)...(upper - first + other)) }
            }
        }
        return RegexSet(both)
    }
}
