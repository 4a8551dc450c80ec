/// Looks for matches of one program; each thread has its own.
///
/// The automaton is made deterministic as texts are read, state by state. A text of n octets is read
/// in n steps at best, and in n times the program's length at worst: nothing is ever tried twice.
final class RegexMatcher {
    private let program: RegexProgram
    /// Next state by state and class of octet, the text's end last.
    private var table: [Int32] = []
    private var states: [State] = []
    private var numbers: [State: Int32] = [:]
    /// Elements of all states' sets.
    private var elements = 0
    private let columns: Int
    /// Marks of the closure that is being made.
    private var marks: [UInt32]
    private var mark: UInt32 = 0
    private var stack: [Int32] = []

    private static let unknown: Int32 = -1
    private static let matched: Int32 = -2
    private static let failed: Int32 = -3
    /// Numbers kept at most; then all is forgotten and found again.
    private let cacheMax: Int

    /// Steps that wait for the next octet, and what is known of the place they wait at.
    private struct State: Hashable {
        var steps: [Int32]
        var isTextStart = false
        var isLineStart = false
        var isAfterWord = false
    }

    init(_ program: RegexProgram, cacheMax: Int = 1 << 19) {
        self.program = program
        self.cacheMax = cacheMax
        columns = program.octetOfClass.count + 1
        marks = [UInt32](repeating: 0, count: program.instructions.count)
    }

    /// Whether the expression matches somewhere in the text.
    func matches(_ text: Span<UInt8>) -> Bool {
        var state = begin()
        for index in text.indices {
            if state < 0 { return state == Self.matched }
            let column = Int(program.classOfOctet[Int(text[index])])
            let next = table[Int(state) * columns + column]
            state = next == Self.unknown ? step(from: state, column) : next
        }
        if state < 0 { return state == Self.matched }
        let last = table[Int(state) * columns + columns - 1]
        return (last == Self.unknown ? step(from: state, columns - 1) : last) == Self.matched
    }

    private func begin() -> Int32 {
        // The state at the beginning is entered first, whenever the cache is empty.
        if !states.isEmpty { return 0 }
        var state = State(steps: [], isTextStart: true, isLineStart: true)
        newClosure()
        guard !close(Int32(program.start), satisfied: [], into: &state) else {
            return Self.matched
        }
        return number(state)
    }

    /// Finds the state after an octet of a class, or what the end of the text decides.
    private func step(from number: Int32, _ column: Int) -> Int32 {
        let octet = column < columns - 1 ? program.octetOfClass[column] : nil
        let before = states[Int(number)]
        var place = before
        if program.hasAssertions {
            // What the place is, now that the next octet is known, may let some steps go on.
            let satisfied = satisfied(before, octet)
            newClosure()
            place.steps = []
            for step in before.steps where close(step, satisfied: satisfied, into: &place) {
                return remember(Self.matched, from: number, column)
            }
        }
        guard let octet else { return remember(Self.failed, from: number, column) }
        var after = State(steps: [])
        if program.hasAssertions {
            after.isLineStart = octet == 0x0a
            after.isAfterWord = Self.isWord(octet)
        }
        newClosure()
        for step in place.steps {
            guard case .octets(let range, let next) = program.instructions[Int(step)],
                range.contains(octet)
            else { continue }
            if close(next, satisfied: [], into: &after) {
                return remember(Self.matched, from: number, column)
            }
        }
        // A match may also begin behind the octet.
        _ = close(Int32(program.start), satisfied: [], into: &after)
        if after.steps.isEmpty { return remember(Self.failed, from: number, column) }
        if elements > cacheMax {
            states.removeAll(keepingCapacity: true)
            table.removeAll(keepingCapacity: true)
            numbers.removeAll(keepingCapacity: true)
            elements = 0
            _ = begin()
            return self.number(after)
        }
        return remember(self.number(after), from: number, column)
    }

    private func remember(_ next: Int32, from number: Int32, _ column: Int) -> Int32 {
        table[Int(number) * columns + column] = next
        return next
    }

    /// The number of a state, entered if new.
    private func number(_ state: State) -> Int32 {
        if let number = numbers[state] { return number }
        let number = Int32(states.count)
        states.append(state)
        numbers[state] = number
        elements += state.steps.count + columns
        table.append(contentsOf: repeatElement(Self.unknown, count: columns))
        return number
    }

    // MARK: Closures

    private func newClosure() {
        if mark == .max {
            marks = [UInt32](repeating: 0, count: marks.count)
            mark = 0
        }
        mark += 1
    }

    /// Adds what can be reached from a step without an octet; true where that is a match.
    private func close(
        _ first: Int32, satisfied: Set<RegexAssertion>, into state: inout State
    ) -> Bool {
        stack.append(first)
        while let place = stack.popLast() {
            guard marks[Int(place)] != mark else { continue }
            marks[Int(place)] = mark
            switch program.instructions[Int(place)] {
            case .octets: state.steps.append(place)
            case .split(let one, let other):
                stack.append(other)
                stack.append(one)
            case .assertion(let assertion, let next):
                if satisfied.contains(assertion) {
                    stack.append(next)
                } else if assertion != .textStart || state.isTextStart {
                    state.steps.append(place)
                }
            case .match:
                stack.removeAll(keepingCapacity: true)
                return true
            }
        }
        return false
    }

    private func satisfied(_ state: State, _ octet: UInt8?) -> Set<RegexAssertion> {
        var satisfied: Set<RegexAssertion> = []
        if state.isTextStart { satisfied.insert(.textStart) }
        if state.isLineStart { satisfied.insert(.lineStart) }
        if octet == nil { satisfied.insert(.textEnd) }
        if octet == nil || octet == 0x0a { satisfied.insert(.lineEnd) }
        let isBoundary = state.isAfterWord != (octet.map(Self.isWord) ?? false)
        satisfied.insert(isBoundary ? .wordBoundary : .notWordBoundary)
        return satisfied
    }

    private static func isWord(_ octet: UInt8) -> Bool {
        RegexSet.word.ranges.contains { $0.contains(UInt32(octet)) }
    }
}
