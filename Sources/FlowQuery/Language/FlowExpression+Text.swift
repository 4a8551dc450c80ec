import FlowModel

extension FlowExpression: CustomStringConvertible {
    /// The expression in words, for explaining a query and for tests.
    ///
    /// Where the language can say it, it is a filter that means the same.
    public var description: String {
        switch self {
        case .constant(let value): value ? "any" : "not any"
        case .test(.field(let field), .inRanges(let ranges))
        where field.info?.meaning == .country:
            "\(field.name) " + Self.countries(ranges)
        case .test(.field(let field), .isPresent) where field.info?.meaning == .country:
            "\(field.name) != \(NamedValues.unknownCountry)"
        case .test(let quantity, let condition): Self.text(quantity.name, condition)
        case .and(let operands): "(" + operands.map(\.description).joined(separator: " and ") + ")"
        case .or(let operands): "(" + operands.map(\.description).joined(separator: " or ") + ")"
        case .not(let operand): "not \(operand)"
        }
    }

    private static func text(_ name: String, _ condition: Condition) -> String {
        switch condition {
        case .inRanges(let ranges): "\(name) in [" + list(ranges) + "]"
        case .inAddresses(let ranges): "\(name) in [" + list(ranges) + "]"
        case .masked(let mask, let value): "\(name) & \(mask) = \(value)"
        case .equals(let field): "\(name) = \(field.name)"
        case .element(let test): test.description
        case .isPresent: "\(name) present"
        }
    }

    /// `in [CH DE]`, or `not in [CH DE]` where the ranges are all but these.
    private static func countries(_ ranges: [ClosedRange<UInt64>]) -> String {
        let isNegated = ranges.first?.lowerBound == 0
        let set =
            isNegated ? IntervalSet(ranges).complement(upTo: UInt64(UInt16.max)).ranges : ranges
        let codes = set.flatMap { range in
            range.prefix(Self.countriesMax).map { CountryCode(rawValue: UInt16(clamping: $0)) }
        }
        return (isNegated ? "not in [" : "in [")
            + codes.map(\.description).joined(separator: " ") + "]"
    }

    /// Codes of a range that are written out: all that begin with one letter.
    private static let countriesMax = 256

    private static func list<Value: Comparable>(_ ranges: [ClosedRange<Value>]) -> String {
        ranges.map {
            $0.lowerBound == $0.upperBound
                ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
        }.joined(separator: " ")
    }
}

extension Quantity {
    /// Its name in the vocabulary.
    public var name: String {
        switch self {
        case .field(let field): field.name
        case .duration: "duration"
        case .pps: "pps"
        case .bps: "bps"
        case .bpp: "bpp"
        }
    }
}
