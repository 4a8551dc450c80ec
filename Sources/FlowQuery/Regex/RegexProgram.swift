/// A regular expression as steps over octets: Thompson's automaton.
///
/// Steps are made back to front, each knows where to go on:
///
///     a(b|c)*     0 a → 1     1 split 2, 4     2 split b → 1, c → 1     4 match
///
/// Characters beyond ASCII are sequences of octets, so the automaton never decodes.
final class RegexProgram: Sendable {
    enum Instruction: Hashable {
        /// One octet of the range, then on.
        case octets(ClosedRange<UInt8>, next: Int32)
        /// Both ways at once.
        case split(Int32, Int32)
        /// On where the place is such.
        case assertion(RegexAssertion, next: Int32)
        case match
    }

    let instructions: [Instruction]
    let start: Int
    /// The class of each octet: octets that no step tells apart are one.
    let classOfOctet: [UInt8]
    /// An octet of each class.
    let octetOfClass: [UInt8]
    /// Whether some step asks about the place.
    let hasAssertions: Bool

    init(_ node: RegexNode, isText: Bool) throws(RegexError) {
        var builder = Builder(isText: isText)
        start = Int(try builder.compile(node, next: builder.emit(.match)))
        instructions = builder.instructions
        var isBoundary = [Bool](repeating: false, count: 257)
        var hasAssertions = false
        for instruction in instructions {
            switch instruction {
            case .octets(let range, _):
                isBoundary[Int(range.lowerBound)] = true
                isBoundary[Int(range.upperBound) + 1] = true
            case .assertion: hasAssertions = true
            case .split, .match: break
            }
        }
        if hasAssertions {
            for range in RegexSet.word.union(RegexSet(0x0a)).ranges {
                isBoundary[Int(range.lowerBound)] = true
                isBoundary[Int(range.upperBound) + 1] = true
            }
        }
        self.hasAssertions = hasAssertions
        var classes: [UInt8] = []
        var octets: [UInt8] = [0]
        for octet in 0...255 {
            if octet > 0, isBoundary[octet] { octets.append(UInt8(octet)) }
            classes.append(UInt8(octets.count - 1))
        }
        classOfOctet = classes
        octetOfClass = octets
    }

    private struct Builder {
        let isText: Bool
        var instructions: [Instruction] = []
        /// Nodes compiled, so that repetitions of nothing end too.
        private var steps = 0

        init(isText: Bool) { self.isText = isText }

        mutating func emit(_ instruction: Instruction) throws(RegexError) -> Int32 {
            guard instructions.count < RegexError.stepsMax else {
                throw RegexError(kind: .tooLarge, place: 0..<0)
            }
            instructions.append(instruction)
            return Int32(instructions.count - 1)
        }

        /// The first step of a node that goes on at `next`.
        mutating func compile(_ node: RegexNode, next: Int32) throws(RegexError) -> Int32 {
            steps += 1
            guard steps <= 8 * RegexError.stepsMax else {
                throw RegexError(kind: .tooLarge, place: 0..<0)
            }
            switch node {
            case .empty: return next
            case .set(let set): return try compile(set, next: next)
            case .sequence(let parts):
                var place = next
                for part in parts.reversed() { place = try compile(part, next: place) }
                return place
            case .alternatives(let branches):
                var place: Int32?
                for branch in branches.reversed() {
                    let start = try compile(branch, next: next)
                    if let other = place {
                        place = try emit(.split(start, other))
                    } else {
                        place = start
                    }
                }
                return place ?? next
            case .repeated(let body, let min, let max):
                var place = next
                if let max {
                    for _ in min..<max {
                        place = try emit(.split(try compile(body, next: place), next))
                    }
                } else {
                    let loop = try emit(.split(next, next))
                    instructions[Int(loop)] = .split(try compile(body, next: loop), next)
                    place = loop
                }
                for _ in 0..<min { place = try compile(body, next: place) }
                return place
            case .assertion(let assertion): return try emit(.assertion(assertion, next: next))
            }
        }

        private mutating func compile(_ set: RegexSet, next: Int32) throws(RegexError) -> Int32 {
            var place: Int32?
            // Sequences that end alike share their ends.
            var known: [Instruction: Int32] = [:]
            for range in set.ranges {
                let sequences =
                    isText
                    ? UTF8Sequences.of(range)
                    : [[UInt8(range.lowerBound)...UInt8(range.upperBound)]]
                for sequence in sequences {
                    var start = next
                    for octets in sequence.reversed() {
                        let step = Instruction.octets(octets, next: start)
                        if let same = known[step] {
                            start = same
                        } else {
                            start = try emit(step)
                            known[step] = start
                        }
                    }
                    if let other = place {
                        place = try emit(.split(start, other))
                    } else {
                        place = start
                    }
                }
            }
            // A set of nothing is never passed: a step to itself that leads nowhere.
            if let place { return place }
            let nowhere = Int32(instructions.count)
            return try emit(.split(nowhere, nowhere))
        }
    }
}

/// The octets of ranges of characters.
enum UTF8Sequences {
    /// Sequences of octet ranges that together are the UTF-8 of the characters in the range.
    static func of(_ range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
        var waiting = [range]
        var found: [[ClosedRange<UInt8>]] = []
        while let range = waiting.popLast() {
            if let (first, second) = split(range) {
                // The lower half is looked at first.
                waiting += [second, first].compactMap(\.self)
            } else if let low = octets(range.lowerBound), let high = octets(range.upperBound) {
                found.append(zip(low, high).map { $0...$1 })
            }
        }
        return found
    }

    /// Two parts, where the range is not one sequence; nil where it is.
    private static func split(
        _ range: ClosedRange<UInt32>
    ) -> (ClosedRange<UInt32>?, ClosedRange<UInt32>?)? {
        let (low, high) = (range.lowerBound, range.upperBound)
        let surrogates: ClosedRange<UInt32> = 0xd800...0xdfff
        if range.overlaps(surrogates) {
            return (low < 0xd800 ? low...0xd7ff : nil, high > 0xdfff ? 0xe000...high : nil)
        }
        for last: UInt32 in [0x7f, 0x7ff, 0xffff] where low <= last && last < high {
            return (low...last, last + 1...high)
        }
        if high <= 0x7f { return nil }
        for shift: UInt32 in [6, 12, 18] {
            let rest: UInt32 = 1 << shift - 1
            guard low & ~rest != high & ~rest else { continue }
            if low & rest != 0 { return (low...(low | rest), (low | rest) + 1...high) }
            if high & rest != rest { return (low...(high & ~rest) - 1, high & ~rest...high) }
        }
        return nil
    }

    private static func octets(_ character: UInt32) -> [UInt8]? {
        Unicode.Scalar(character).flatMap { UTF8.encode($0) }.map { Array($0) }
    }
}
