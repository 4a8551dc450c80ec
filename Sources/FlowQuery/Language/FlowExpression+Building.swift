import FlowModel

/// Constructors that keep expressions in one normal form, so that an engine meets few shapes:
/// nested `and`/`or` are flattened, constants folded, ranges over one quantity merged.
extension FlowExpression {
    /// A test of a number.
    static func numbers(_ quantity: Quantity, _ set: IntervalSet<UInt64>) -> FlowExpression {
        if set.isEmpty { return .constant(false) }
        return set.covers(upTo: quantity.largest)
            ? quantity.presence : .test(quantity, .inRanges(set.ranges))
    }

    /// A test of an address.
    static func addresses(_ quantity: Quantity, _ set: IntervalSet<IPAddress>) -> FlowExpression {
        if set.isEmpty { return .constant(false) }
        return set.covers(upTo: .last)
            ? quantity.presence : .test(quantity, .inAddresses(set.ranges))
    }

    /// Every one of the operands.
    static func all(_ operands: [FlowExpression]) -> FlowExpression {
        combine(operands, conjunction: true)
    }

    /// Any one of the operands.
    static func any(_ operands: [FlowExpression]) -> FlowExpression {
        combine(operands, conjunction: false)
    }

    /// The opposite: true where the operand fails for want of a value.
    var negated: FlowExpression {
        switch self {
        case .constant(let value): return .constant(!value)
        case .not(let operand): return operand
        case .test(let quantity, .inRanges(let ranges)) where quantity.isAlwaysPresent:
            return .numbers(quantity, IntervalSet(ranges).complement(upTo: quantity.largest))
        case .test(let quantity, .inAddresses(let ranges)) where quantity.isAlwaysPresent:
            return .addresses(quantity, IntervalSet(ranges).complement())
        default: return .not(self)
        }
    }

    /// Joins the operands: what they say of one quantity becomes one test, what decides alone is all.
    private static func combine(
        _ operands: [FlowExpression], conjunction: Bool
    ) -> FlowExpression {
        var terms: [FlowExpression] = []
        var tests: [Quantity: JoinedTests] = [:]
        // What is decided first stands where its first test stood.
        var order: [(place: Int, quantity: Quantity)] = []
        var seen: Set<FlowExpression> = []

        for operand in flattened(operands, conjunction: conjunction) {
            if case .constant(let value) = operand {
                if value != conjunction { return operand }
            } else if let (quantity, test, isNegated) = operand.joinable {
                if tests[quantity] == nil { order.append((terms.count, quantity)) }
                tests[quantity, default: JoinedTests(quantity, conjunction: conjunction)]
                    .add(test, isNegated: isNegated)
            } else if !operand.isSmall || seen.insert(operand).inserted {
                terms.append(operand)
            }
        }
        var joined: [FlowExpression] = []
        var next = 0
        for (place, quantity) in order {
            joined += terms[next..<place]
            next = place
            joined += tests[quantity]?.terms ?? []
        }
        joined += terms[next...]
        if joined.contains(.constant(!conjunction)) { return .constant(!conjunction) }
        joined.removeAll { $0 == .constant(conjunction) }
        for term in joined {
            if case .not(let operand) = term, seen.contains(operand) {
                return .constant(!conjunction)
            }
        }
        if joined.isEmpty { return .constant(conjunction) }
        if joined.count == 1 { return joined[0] }
        return conjunction ? .and(joined) : .or(joined)
    }

    /// A test, or the opposite of one, that can be joined with others of its quantity.
    private var joinable: (quantity: Quantity, test: Condition, isNegated: Bool)? {
        switch self {
        case .test(let quantity, let condition) where condition.isJoinable:
            (quantity, condition, false)
        case .not(.test(let quantity, let condition)) where condition.isJoinable:
            (quantity, condition, true)
        default: nil
        }
    }

    private static func flattened(
        _ operands: [FlowExpression], conjunction: Bool
    ) -> [FlowExpression] {
        var flat: [FlowExpression] = []
        for operand in operands {
            switch operand {
            case .and(let inner) where conjunction: flat += inner
            case .or(let inner) where !conjunction: flat += inner
            default: flat.append(operand)
            }
        }
        return flat
    }
}

extension Quantity {
    /// The largest number that it can be.
    var largest: UInt64 {
        guard case .field(let field) = self else { return .max }
        switch field.storage {
        case .u8: return UInt64(UInt8.max)
        case .u16: return UInt64(UInt16.max)
        // A counter is tested after its multiplication by `sampling`, whatever its column's width.
        case .u32: return field.info?.meaning == .counter ? .max : UInt64(UInt32.max)
        default: return .max
        }
    }

    /// Whether no row lacks it.
    var isAlwaysPresent: Bool {
        guard case .field(let field) = self else { return false }
        return field.isDense
    }

    /// The test that a row has it.
    var presence: FlowExpression {
        isAlwaysPresent ? .constant(true) : .test(self, .isPresent)
    }
}
