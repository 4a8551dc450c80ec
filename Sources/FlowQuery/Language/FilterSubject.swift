import FlowModel

/// What sort of values a subject is compared with.
enum ValueKind {
    typealias Names = [(name: String, range: ClosedRange<UInt64>)]

    /// A number up to the given one, some of which have names.
    case number(UInt64, named: Names = [])
    case port
    case transportProtocol
    case autonomousSystem
    /// A protocol and a port, or a protocol with all its ports.
    case service
    /// Letters or a number.
    case tcpFlags
    /// An address or a block; after `net` a block may be cut short (`10/8`, `10.1`).
    case address(isNet: Bool)
    case instant
    case duration
    case mac
    /// Two letters.
    case country
    /// A number that is `width` bits of the column from bit `shift` on.
    case bits(shift: UInt64, width: UInt64)
    /// Any text.
    case text
    /// Octets, as text or in hexadecimal behind `0x`.
    case octets
    /// Text of a certain form.
    case formed(String, RegexPattern?)

    /// The largest number.
    var largest: UInt64 {
        switch self {
        case .number(let largest, _): largest
        case .port: 65_535
        case .transportProtocol, .tcpFlags: 255
        case .autonomousSystem: UInt64(UInt32.max)
        case .service: 0xff_ffff
        case .mac: 0xffff_ffff_ffff
        case .country: UInt64(UInt16.max)
        case .bits(_, let width): 1 << width - 1
        case .address, .instant, .duration, .text, .octets, .formed: .max
        }
    }

    /// Whether values are texts.
    var isText: Bool {
        switch self {
        case .text, .octets, .formed: true
        default: false
        }
    }

    /// What to ask for in a message.
    var noun: String {
        switch self {
        case .number(let largest, let names):
            (names.isEmpty ? "a number" : "a name or number")
                + (largest < UInt64(UInt32.max) ? " 0–\(largest)" : "")
        case .port: "a port 0–65535 or a service"
        case .transportProtocol: "a protocol name or number 0–255"
        case .autonomousSystem: "an AS number"
        case .service: "a protocol and port such as tcp/443, or a protocol"
        case .tcpFlags: "letters of FSRPAUECX or a number 0–255"
        case .address(let isNet): isNet ? "a network such as 10.0.0.0/8" : "an address"
        case .instant: "a time such as 2016-06-07T12 or -1h"
        case .duration: "a duration such as 250ms, 90s or 2min"
        case .mac: "a MAC address"
        case .country: "a country of two letters"
        case .bits: "a number 0–\(largest)"
        case .text: "a text"
        case .octets: "a text, or octets such as 0x16fe"
        case .formed(let noun, _): noun
        }
    }

    /// The words that may stand for values.
    var names: [String] {
        switch self {
        case .number(_, let names): names.map(\.name)
        case .port: NamedValues.services.map(\.name)
        case .transportProtocol: ProtocolNames.table.map(\.name)
        case .country: NamedValues.countries.map(\.name) + [NamedValues.unknownCountry]
        default: []
        }
    }
}

/// A value as it was written.
enum FilterLiteral {
    /// Numbers. A span was written as one (`80-90`, `dropped`) and has no place in an order; a time
    /// of low precision (`2016-06-07T12`) is compared by its first instant.
    case numbers(ClosedRange<UInt64>, isSpan: Bool)
    /// TCP flags by their letters.
    case letters(UInt64)
    /// A country, which has no place in an order.
    case country(CountryCode)
    /// That nobody knows the country, which has no place in an order.
    case unknownCountry
    /// Addresses.
    case addresses(IntervalSet<IPAddress>)
    /// A text, or octets.
    case text([UInt8])

    var isOrdered: Bool {
        if case .numbers(_, isSpan: false) = self { return true }
        return false
    }
}

/// What a filter's term speaks of: `src port`, `bytes`, `mpls label0`.
struct FilterSubject {
    /// The columns; a comparison holds where it does for one of them.
    var sides: [Quantity]
    var kind: ValueKind
    /// What the word says besides: `flags` speaks of TCP only.
    var implied: FlowExpression?
    /// What must hold for a side to be looked at: the bottom of the MPLS stack.
    var sideCondition: Condition?
    /// Elements without a column, instead of ``sides``.
    var elements: [ElementSource] = []
    /// Why no record has it; values are read and checked all the same.
    var absence: String?

    init(_ fields: Field..., kind: ValueKind, implied: FlowExpression? = nil) {
        self.sides = fields.map { .field($0) }
        self.kind = kind
        self.implied = implied
    }

    init(_ quantity: Quantity, kind: ValueKind) {
        sides = [quantity]
        self.kind = kind
    }

    init(elements: [ElementSource], kind: ValueKind) {
        sides = []
        self.kind = kind
        self.elements = elements
    }

    init(absent why: String, kind: ValueKind) {
        sides = []
        self.kind = kind
        absence = why
    }

    /// The comparison with any of the values; `comparison` nil where no sign was written.
    func expression(
        _ comparison: Comparison?, _ literals: [FilterLiteral]
    ) -> FlowExpression {
        let test = comparing(comparison, literals)
        return implied.map { .all([$0, test]) } ?? test
    }

    private func comparing(
        _ comparison: Comparison?, _ literals: [FilterLiteral]
    ) -> FlowExpression {
        if comparison == nil, literals.count == 1, case .letters(let letters) = literals[0] {
            // Without a sign: all of the letters are set, whatever else is.
            return .any(sides.map { .test($0, .masked(mask: letters, value: letters)) })
        }
        var numbers: [ClosedRange<UInt64>] = []
        var blocks: [ClosedRange<IPAddress>] = []
        var texts: Set<[UInt8]> = []
        var takesUnknown = false
        for literal in literals {
            switch literal {
            case .numbers(let range, _): numbers.append(range)
            case .letters(let letters): numbers.append(letters...letters)
            case .country(let code):
                numbers.append(UInt64(code.rawValue)...UInt64(code.rawValue))
            case .unknownCountry: takesUnknown = true
            case .addresses(let set): if literals.count > 1 { blocks += set.ranges }
            case .text(let text): texts.insert(text)
            }
        }
        if kind.isText {
            let sorted = texts.sorted { $0.lexicographicallyPrecedes($1) }
            return equality(isNegated: comparison == .notEqual, .isOne(sorted))
        }
        if case .address = kind {
            // A set of a million is not copied.
            var addresses = IntervalSet(blocks)
            if literals.count == 1, case .addresses(let set) = literals[0] { addresses = set }
            if !elements.isEmpty {
                return equality(
                    isNegated: comparison == .notEqual, .inAddresses(addresses.ranges))
            }
            return equality(isNegated: comparison == .notEqual) {
                .addresses($0, addresses)
            } opposite: {
                .addresses($0, addresses.complement())
            }
        }
        let set = IntervalSet(numbers)
        let largest = largest
        switch comparison {
        case nil, .equal, .notEqual:
            if !elements.isEmpty {
                return equality(isNegated: comparison == .notEqual, .inRanges(set.ranges))
            }
            return equality(isNegated: comparison == .notEqual) {
                let test = self.test($0, set)
                return takesUnknown ? .any([test, $0.presence.negated]) : test
            } opposite: {
                self.test($0, set.complement(upTo: largest))
            }
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            let bound = set.ranges.first?.lowerBound ?? 0
            let accepted = Self.ordered(comparison, bound, largest)
            if !elements.isEmpty { return equality(isNegated: false, .inRanges(accepted.ranges)) }
            return .any(sides.map { self.test($0, accepted) })
        }
    }

    /// The largest number that a side may hold, which may be one that nobody would write:
    /// `direction != 0` is true of 7.
    private var largest: UInt64 {
        if case .bits = kind { return kind.largest }
        return sides.map(\.largest).max() ?? .max
    }

    /// `=` holds where it does for one side; `!=` where there is a side and none is equal.
    private func equality(
        isNegated: Bool, same: (Quantity) -> FlowExpression,
        opposite: (Quantity) -> FlowExpression
    ) -> FlowExpression {
        guard isNegated else { return .any(sides.map(same)) }
        if sides.count == 1 && sideCondition == nil { return opposite(sides[0]) }
        return .all([.any(sides.map(same)).negated, .any(sides.map(\.presence))])
    }

    /// The same of elements.
    private func equality(isNegated: Bool, _ condition: ElementCondition) -> FlowExpression {
        let same = matching(condition)
        if !isNegated { return same }
        return .all([same.negated, .any(elements.map { .element($0, .isPresent) })])
    }

    /// What holds where one of the elements passes.
    func matching(_ condition: ElementCondition) -> FlowExpression {
        .any(elements.map { .element($0, condition) })
    }

    private static func ordered(
        _ comparison: Comparison?, _ bound: UInt64, _ largest: UInt64
    ) -> IntervalSet<UInt64> {
        switch comparison {
        case .less: bound > 0 ? IntervalSet([0...(bound - 1)]) : .empty
        case .lessOrEqual: IntervalSet([0...bound])
        case .greater: bound < largest ? IntervalSet([(bound + 1)...largest]) : .empty
        default: IntervalSet([bound...max(bound, largest)])
        }
    }

    private func test(_ side: Quantity, _ set: IntervalSet<UInt64>) -> FlowExpression {
        var test = FlowExpression.numbers(side, set)
        if case .bits(let shift, let width) = kind {
            test = Self.bits(side, set, shift: shift, width: width)
        }
        // A record that does not say how many flows it stands for stands for one.
        if side == .field(.flows), set.ranges.contains(where: { $0.contains(1) }) {
            test = .any([test, side.presence.negated])
        }
        return sideCondition.map { .all([.test(side, $0), test]) } ?? test
    }

    /// A test of some bits of a column.
    ///
    /// Bits at the top of an MPLS label entry make ranges of the whole; others are split into
    /// aligned blocks, as a range of addresses splits into prefixes.
    private static func bits(
        _ side: Quantity, _ set: IntervalSet<UInt64>, shift: UInt64, width: UInt64
    ) -> FlowExpression {
        let largest: UInt64 = 1 << width - 1
        if set.isEmpty { return .constant(false) }
        if set.covers(upTo: largest) { return side.presence }
        if shift + width == FilterVocabulary.mplsEntryBits {
            let below: UInt64 = 1 << shift - 1
            return .numbers(
                side,
                IntervalSet(
                    set.ranges.map { $0.lowerBound << shift...($0.upperBound << shift | below) }))
        }
        var blocks: [FlowExpression] = []
        for range in set.ranges {
            var next = range.lowerBound
            while next <= min(range.upperBound, largest) {
                var size: UInt64 = next == 0 ? 1 << width : next & (~next + 1)
                while next + size - 1 > range.upperBound { size >>= 1 }
                let mask = (largest & ~(size - 1)) << shift
                blocks.append(.test(side, .masked(mask: mask, value: next << shift)))
                next += size
            }
        }
        return .any(blocks)
    }
}
