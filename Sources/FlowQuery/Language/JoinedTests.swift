import FlowModel

extension Condition {
    /// Whether ``JoinedTests`` knows what it says together with others.
    var isJoinable: Bool {
        switch self {
        case .inRanges, .inAddresses, .isPresent, .masked: true
        default: false
        }
    }
}

/// What the operands of one `and` or `or` say of one quantity, collected as they come and joined
/// once, so that a chain of n tests stays cheap.
struct JoinedTests {
    private let quantity: Quantity
    private let isConjunction: Bool
    private var numbers = JoinedSets<UInt64>()
    private var addresses = JoinedSets<IPAddress>()
    /// `present` is an operand.
    private var asksPresence = false
    /// `not present` is an operand.
    private var asksAbsence = false
    /// Operands that test bits, and opposites of such.
    private var masks: [BitTest] = []

    private struct BitTest: Hashable {
        var mask: UInt64
        var value: UInt64
        var isNegated = false

        func term(_ quantity: Quantity) -> FlowExpression {
            let test = FlowExpression.test(quantity, .masked(mask: mask, value: value))
            return isNegated ? .not(test) : test
        }

        func accepts(_ number: UInt64) -> Bool { (number & mask == value) != isNegated }
    }

    init(_ quantity: Quantity, conjunction: Bool) {
        self.quantity = quantity
        isConjunction = conjunction
    }

    mutating func add(_ test: Condition, isNegated: Bool) {
        switch test {
        case .inRanges(let ranges): numbers.add(ranges, isNegated: isNegated, isConjunction)
        case .inAddresses(let ranges): addresses.add(ranges, isNegated: isNegated, isConjunction)
        case .isPresent: if isNegated { asksAbsence = true } else { asksPresence = true }
        case .masked(let mask, let value):
            let test = BitTest(mask: mask, value: value, isNegated: isNegated)
            if !masks.contains(test) { masks.append(test) }
        default: preconditionFailure("not a test to be joined")
        }
    }

    /// The operands that are left; a constant where the quantity alone decides.
    var terms: [FlowExpression] {
        // No quantity is both a number and an address.
        let sets =
            addresses.isEmpty
            ? terms(numbers, within: IntervalSet([0...quantity.largest])) {
                .numbers(quantity, $0)
            }
            : terms(addresses, within: .full) { .addresses(quantity, $0) }
        return isConjunction ? withBits(sets) : sets + masks.map { $0.term(quantity) }
    }

    /// - Parameter test: makes a test of a set.
    private func terms<Value>(
        _ sets: JoinedSets<Value>, within all: IntervalSet<Value>,
        test: (IntervalSet<Value>) -> FlowExpression
    ) -> [FlowExpression] {
        let (inside, outside) = sets.joined(isConjunction)
        if isConjunction {
            if asksAbsence {
                if asksPresence || inside != nil { return [.constant(false)] }
                return [quantity.presence.negated]
            }
            if let inside = inside ?? (asksPresence ? all : nil) {
                return [test(inside.subtracting(outside ?? .empty))]
            }
            return outside.map { [test($0).negated] } ?? []
        }
        // An `or` of what lies inside one set with what does not lie inside another.
        if let outside {
            if asksPresence { return [.constant(true)] }
            return [test(outside.subtracting(inside ?? .empty)).negated]
        }
        if asksPresence {
            return asksAbsence ? [.constant(true)] : [quantity.presence]
        }
        return (inside.map { [test($0)] } ?? []) + (asksAbsence ? [quantity.presence.negated] : [])
    }
}

extension JoinedTests {
    /// Adds the tests of bits to those of an `and`, as far as these leave something to ask.
    private func withBits(_ sets: [FlowExpression]) -> [FlowExpression] {
        if masks.isEmpty { return sets }
        var common = BitTest(mask: 0, value: 0)
        for test in masks where !test.isNegated {
            let isContradiction = common.mask & test.mask & (common.value ^ test.value) != 0
            if isContradiction || test.value & ~test.mask != 0 { return [.constant(false)] }
            common.mask |= test.mask
            common.value |= test.value
        }
        var tests = common.mask == 0 ? [] : [common]
        for test in masks where test.isNegated {
            let shared = common.mask & test.mask
            if shared & (common.value ^ test.value) != 0 { continue }
            if shared == test.mask { return [.constant(false)] }
            tests.append(test)
        }
        // A few numbers are asked one by one.
        if case .test(_, .inRanges(let ranges))? = sets.first, sets.count == 1,
            let numbers = Self.listed(ranges)
        {
            let accepted = numbers.filter { number in tests.allSatisfy { $0.accepts(number) } }
            return [.numbers(quantity, IntervalSet(accepted.map { $0...$0 }))]
        }
        return sets + tests.map { $0.term(quantity) }
    }

    /// The numbers in the ranges, where they are few.
    private static func listed(_ ranges: [ClosedRange<UInt64>]) -> [UInt64]? {
        var numbers: [UInt64] = []
        for range in ranges {
            guard range.upperBound - range.lowerBound < 256 - UInt64(numbers.count) else {
                return nil
            }
            numbers += range
        }
        return numbers
    }
}

/// The sets of values that the tests of one quantity ask for, or forbid.
private struct JoinedSets<Value: Stepping & Hashable & Sendable> {
    /// The sets that are intersected: those asked for in an `and`, those forbidden in an `or`.
    private var narrowed: IntervalSet<Value>?
    /// The ranges that are united, in the other case.
    private var widened: [ClosedRange<Value>]?

    var isEmpty: Bool { narrowed == nil && widened == nil }

    mutating func add(
        _ ranges: [ClosedRange<Value>], isNegated: Bool, _ isConjunction: Bool
    ) {
        if isNegated == isConjunction {
            if widened == nil { widened = ranges } else { widened? += ranges }
        } else {
            let set = IntervalSet(ranges)
            narrowed = narrowed.map { $0.intersection(set) } ?? set
        }
    }

    /// The values asked for and those forbidden; nil where there was no such test.
    func joined(
        _ isConjunction: Bool
    ) -> (inside: IntervalSet<Value>?, outside: IntervalSet<Value>?) {
        let widened = widened.map { IntervalSet($0) }
        return isConjunction ? (narrowed, widened) : (widened, narrowed)
    }
}
