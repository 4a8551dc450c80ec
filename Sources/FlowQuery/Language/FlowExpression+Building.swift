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

    private static func combine(
        _ operands: [FlowExpression], conjunction: Bool
    ) -> FlowExpression {
        var terms: [FlowExpression] = []
        var numbers: [Quantity: (place: Int, set: IntervalSet<UInt64>)] = [:]
        var addresses: [Quantity: (place: Int, set: IntervalSet<IPAddress>)] = [:]
        // Ranges over one quantity are collected and merged once, so a chain of n `or` stays cheap.
        var numberRanges: [Quantity: [ClosedRange<UInt64>]] = [:]
        var addressRanges: [Quantity: [ClosedRange<IPAddress>]] = [:]
        var seen: Set<FlowExpression> = []

        for operand in flattened(operands, conjunction: conjunction) {
            switch operand {
            case .constant(let value):
                if value != conjunction { return operand }
            case .test(let quantity, .inRanges(let ranges)):
                if let known = numbers[quantity] {
                    if conjunction {
                        numbers[quantity]?.set = known.set.intersection(IntervalSet(ranges))
                    } else {
                        numberRanges[quantity, default: []] += ranges
                    }
                } else {
                    numbers[quantity] = (terms.count, IntervalSet(ranges))
                    terms.append(operand)
                }
            case .test(let quantity, .inAddresses(let ranges)):
                if let known = addresses[quantity] {
                    if conjunction {
                        addresses[quantity]?.set = known.set.intersection(IntervalSet(ranges))
                    } else {
                        addressRanges[quantity, default: []] += ranges
                    }
                } else {
                    addresses[quantity] = (terms.count, IntervalSet(ranges))
                    terms.append(operand)
                }
            default:
                if seen.insert(operand).inserted { terms.append(operand) }
            }
        }
        for (quantity, entry) in numbers {
            let more = IntervalSet(numberRanges[quantity] ?? [])
            terms[entry.place] = .numbers(quantity, entry.set.union(more))
        }
        for (quantity, entry) in addresses {
            let more = IntervalSet(addressRanges[quantity] ?? [])
            terms[entry.place] = .addresses(quantity, entry.set.union(more))
        }
        if terms.contains(.constant(!conjunction)) { return .constant(!conjunction) }
        terms.removeAll { $0 == .constant(conjunction) }
        if terms.isEmpty { return .constant(conjunction) }
        if terms.count == 1 { return terms[0] }
        return conjunction ? .and(terms) : .or(terms)
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
