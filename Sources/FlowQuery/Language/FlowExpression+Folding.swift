import FlowModel

extension FlowExpression {
    /// The same filter without what the rest of it decides.
    ///
    ///     proto udp and (flags S or dst port 53)   →   proto udp and dst port 53
    ///     tcp and (tcp or bytes > 1k)              →   tcp
    ///
    /// Operands of one `and` or `or` that speak of the same quantity were joined when the expression
    /// was put together; this looks below them, with what the operands around say.
    var folded: FlowExpression { FoldingFacts().fold(self) }

    /// Whether it is cheap to compare and to hash.
    var isSmall: Bool {
        switch self {
        case .constant: true
        case .test(_, .inAddresses(let ranges)): ranges.count <= 256
        case .test(_, .inRanges(let ranges)): ranges.count <= 256
        case .test: true
        case .and(let operands), .or(let operands):
            operands.count <= 64 && operands.allSatisfy(\.isSmall)
        case .not(let operand): operand.isSmall
        }
    }
}

/// What may be taken for granted while a part of a filter is looked at.
private struct FoldingFacts {
    /// The quantity is there and lies in the set.
    private var numbers: [Quantity: IntervalSet<UInt64>] = [:]
    private var addresses: [Quantity: IntervalSet<IPAddress>] = [:]
    /// Expressions whose outcome is known.
    private var outcomes: [FlowExpression: Bool] = [:]
    private var passes = 0

    /// Longer chains are not taken for facts, so that a long filter stays cheap to read.
    private static let operandsMax = 64
    /// Times that one part of a filter is looked at again.
    private static let passesMax = 8

    func fold(_ expression: FlowExpression) -> FlowExpression {
        if let outcome = outcome(of: expression) { return .constant(outcome) }
        switch expression {
        case .constant: return expression
        case .test(let quantity, let condition):
            return decided(quantity, condition).map { .constant($0) } ?? expression
        case .not(let operand): return fold(operand).negated
        case .and(let operands): return fold(operands, isConjunction: true)
        case .or(let operands): return fold(operands, isConjunction: false)
        }
    }

    /// Folds the operands one after the other, each with what the others say as they are by then: they
    /// hold, in an `and`, or fail, in an `or`; else it would not matter what this one says.
    private func fold(
        _ operands: [FlowExpression], isConjunction: Bool
    ) -> FlowExpression {
        var folded = operands
        for place in operands.indices {
            let result: FlowExpression
            switch operands[place] {
            case .test, .not(.test): result = fold(operands[place])
            default:
                var inner = self
                if operands.count <= Self.operandsMax {
                    for other in operands.indices where other != place {
                        inner.assume(folded[other], isConjunction)
                    }
                }
                result = inner.fold(operands[place])
            }
            folded[place] = result
        }
        guard folded != operands else { return isConjunction ? .and(operands) : .or(operands) }
        let joined = isConjunction ? FlowExpression.all(folded) : .any(folded)
        // What became simpler may decide more.
        var again = self
        again.passes += 1
        return again.passes < Self.passesMax ? again.fold(joined) : joined
    }

    private func outcome(of expression: FlowExpression) -> Bool? {
        outcomes.isEmpty || !expression.isSmall ? nil : outcomes[expression]
    }

    /// Takes for granted that the expression holds, or that it fails.
    private mutating func assume(_ expression: FlowExpression, _ holds: Bool) {
        switch expression {
        case .not(let operand): assume(operand, !holds)
        case .and(let operands) where holds && operands.count <= Self.operandsMax:
            for operand in operands { assume(operand, true) }
        case .or(let operands) where !holds && operands.count <= Self.operandsMax:
            for operand in operands { assume(operand, false) }
        case .test(let quantity, .inRanges(let ranges)) where holds || quantity.isAlwaysPresent:
            let set = IntervalSet(ranges)
            let known = holds ? set : set.complement(upTo: quantity.largest)
            numbers[quantity] = numbers[quantity].map { $0.intersection(known) } ?? known
        case .test(let quantity, .inAddresses(let ranges))
        where holds || quantity.isAlwaysPresent:
            let set = IntervalSet(ranges)
            let known = holds ? set : set.complement()
            addresses[quantity] = addresses[quantity].map { $0.intersection(known) } ?? known
        default: break
        }
        if expression.isSmall { outcomes[expression] = holds }
    }

    /// What the facts say of a test; nil where they leave it open.
    private func decided(_ quantity: Quantity, _ condition: Condition) -> Bool? {
        if let outcome = outcome(of: .test(quantity, condition)) { return outcome }
        if let known = numbers[quantity] {
            switch condition {
            case .isPresent: return true
            case .inRanges(let ranges): return known.verdict(IntervalSet(ranges))
            case .masked(let mask, let value):
                guard known.ranges.count == 1, let only = known.ranges.first,
                    only.lowerBound == only.upperBound
                else { return nil }
                return only.lowerBound & mask == value
            default: return nil
            }
        }
        if let known = addresses[quantity] {
            switch condition {
            case .isPresent: return true
            case .inAddresses(let ranges): return known.verdict(IntervalSet(ranges))
            default: return nil
            }
        }
        return nil
    }
}

extension IntervalSet {
    /// Whether the values of this set are all in the other one, or none of them; nil: some are.
    fileprivate func verdict(_ asked: IntervalSet) -> Bool? {
        let common = intersection(asked)
        return common.isEmpty ? false : common == self ? true : nil
    }
}
