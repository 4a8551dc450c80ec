public import FlowModel

/// A test of elements without a column of their own: what ``Field/other`` holds.
///
/// A record may have an element several times; the test holds if it does for one of them. A record
/// without the element fails.
public struct ElementTest: Hashable, Sendable {
    /// What is looked at.
    public let source: ElementSource
    /// What is asked of it.
    public let condition: ElementCondition

    /// Puts a test together.
    public init(_ source: ElementSource, _ condition: ElementCondition) {
        self.source = source
        self.condition = condition
    }
}

/// Elements that mean the same, and how their octets become a value.
public struct ElementSource: Hashable, Sendable {
    /// One element.
    public struct Element: Hashable, Sendable {
        /// Private enterprise number; 0 = IANA.
        public let enterprise: UInt32
        /// Element number.
        public let id: UInt16
        /// What its number is multiplied by.
        public let factor: UInt64

        /// Names an element.
        public init(_ id: UInt16, enterprise: UInt32 = 0, factor: UInt64 = 1) {
            self.id = id
            self.enterprise = enterprise
            self.factor = factor
        }
    }

    /// How octets become a value.
    public enum Reading: Hashable, Sendable {
        /// An unsigned number of one to eight octets.
        case number
        /// The sum of all the elements' numbers, each multiplied by its factor.
        case sum
        /// Each four octets are a number.
        case words
        /// Seconds since 1970, as milliseconds.
        case seconds
        /// An NTP stamp of 64 bits, as milliseconds since 1970.
        case ntp
        /// An address of 4 or 16 octets.
        case address
        /// Text, perhaps filled up with NUL.
        case text
        /// Octets as they are.
        case octets
    }

    /// The elements.
    public let elements: [Element]
    /// How they are read.
    public let reading: Reading

    /// Puts a source together.
    public init(_ elements: [Element], _ reading: Reading) {
        self.elements = elements
        self.reading = reading
    }

    /// Their names.
    public var name: String {
        elements.map { element in
            InformationElement.name(
                of: OtherElement(enterprise: element.enterprise, id: element.id, length: 0))
        }.joined(separator: "+")
    }
}

/// What is asked of an element.
public enum ElementCondition: Hashable, Sendable {
    /// The record has it.
    case isPresent
    /// The number lies in one of the ranges, ascending and disjoint.
    case inRanges([ClosedRange<UInt64>])
    /// The address lies in one of the ranges, ascending and disjoint.
    case inAddresses([ClosedRange<IPAddress>])
    /// The octets are one of these, ascending.
    case isOne([[UInt8]])
    /// The octets are somewhere in it.
    case contains([UInt8])
    /// The expression matches somewhere in it.
    case matches(RegexPattern)
    /// The column's number lies between the source's first and second element.
    case spans(Field)
}

extension FlowExpression {
    /// A test of elements.
    static func element(
        _ source: ElementSource, _ condition: ElementCondition
    ) -> FlowExpression {
        switch condition {
        case .inRanges([]), .inAddresses([]), .isOne([]): return .constant(false)
        default: break
        }
        return .test(.field(.other), .element(ElementTest(source, condition)))
    }
}

extension ElementTest: CustomStringConvertible {
    /// The test in words.
    public var description: String {
        func quoted(_ octets: [UInt8]) -> String {
            "\"\(String(decoding: octets.prefix(64), as: UTF8.self))\""
        }
        func list(_ values: [String]) -> String {
            let rest = values.count > 8 ? " and \(values.count - 8) more" : ""
            return "[" + values.prefix(8).joined(separator: " ") + rest + "]"
        }
        let name = source.name
        switch condition {
        case .isPresent: return "\(name) present"
        case .inRanges(let ranges):
            return "\(name) in "
                + list(
                    ranges.map {
                        $0.lowerBound == $0.upperBound
                            ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
                    })
        case .inAddresses(let ranges):
            return "\(name) in "
                + list(
                    ranges.map {
                        $0.lowerBound == $0.upperBound
                            ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
                    })
        case .isOne(let values): return "\(name) in " + list(values.map(quoted))
        case .contains(let octets): return "\(name) content \(quoted(octets))"
        case .matches(let pattern):
            return "\(name) regex \"\(pattern.text)\""
                + (pattern.flags.isEmpty ? "" : " \"\(pattern.flags)\"")
        case .spans(let field): return "\(field.name) within \(name)"
        }
    }
}
