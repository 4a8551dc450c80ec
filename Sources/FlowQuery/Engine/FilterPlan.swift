import FlowModel

/// What is known of a set of rows: none, all or some of them pass.
enum Triage {
    case none
    case all
    case some

    var inverted: Triage {
        switch self {
        case .none: .all
        case .all: .none
        case .some: .some
        }
    }
}

/// A filter with the time window in it, its tests numbered.
struct FilterPlan: Sendable {
    /// One comparison.
    struct Leaf: Hashable, Sendable {
        var quantity: Quantity
        var condition: Condition
    }

    /// How the comparisons are joined.
    indirect enum Node: Sendable {
        case constant(Bool)
        case leaf(Int)
        case and([Node])
        case or([Node])
        case not(Node)
    }

    /// The comparisons; equal ones are one.
    private(set) var leaves: [Leaf] = []
    /// For each of ``leaves`` its set of addresses, where it asks for one; equal sets are one.
    private(set) var addresses: [AddressIndex?] = []
    /// The whole filter.
    private(set) var root = Node.constant(true)
    /// Masks that evaluation needs at once.
    private(set) var depth = 1

    init(_ request: QueryRequest) {
        var expression = request.filter
        if let window = Self.window(of: request) {
            expression = .and([window, expression])
        }
        root = node(expression, depth: 1)
    }

    /// Whether a test looks at scaled counters or at the rate itself.
    var usesSampling: Bool { leaves.contains { $0.quantity.usesSampling } }

    private mutating func node(_ expression: FlowExpression, depth level: Int) -> Node {
        depth = max(depth, level)
        switch expression {
        case .constant(let value): return .constant(value)
        case .test(let quantity, let condition):
            let leaf = Leaf(quantity: quantity, condition: condition)
            if let index = leaves.firstIndex(of: leaf) { return .leaf(index) }
            leaves.append(leaf)
            addresses.append(index(of: condition))
            return .leaf(leaves.count - 1)
        case .and(let operands): return .and(operands.map { node($0, depth: level + 1) })
        case .or(let operands): return .or(operands.map { node($0, depth: level + 1) })
        case .not(let operand): return .not(node(operand, depth: level))
        }
    }

    private func index(of condition: Condition) -> AddressIndex? {
        guard case .inAddresses(let ranges) = condition else { return nil }
        return addresses.lazy.compactMap(\.self).first { $0.ranges == ranges }
            ?? AddressIndex(ranges)
    }

    /// The window as a filter; nil where there is none.
    static func window(of request: QueryRequest) -> FlowExpression? {
        guard request.from != nil || request.to != nil else { return nil }
        let from = request.from ?? 0
        let before: ClosedRange<UInt64>?
        switch request.to {
        case nil: before = 0...UInt64.max
        case .some(0): before = nil
        case .some(let to): before = 0...(to - 1)
        }
        guard let before else { return .constant(false) }
        if request.overlap {
            // Without an end the flow is as long as a moment: its place must lie in the window.
            return .and([
                placed(in: before),
                .or([
                    .test(.field(.end), .inRanges([from...UInt64.max])),
                    .and([
                        .not(.test(.field(.end), .isPresent)), placed(in: from...UInt64.max),
                    ]),
                ]),
            ])
        }
        guard from <= before.upperBound else { return .constant(false) }
        return placed(in: from...before.upperBound)
    }

    /// `start`, or `received` where a flow has none, lies in the range.
    private static func placed(in range: ClosedRange<UInt64>) -> FlowExpression {
        .or([
            .test(.field(.start), .inRanges([range])),
            .and([
                .not(.test(.field(.start), .isPresent)),
                .test(.field(.received), .inRanges([range])),
            ]),
        ])
    }
}

extension Quantity {
    /// Whether the value depends on `sampling`.
    var usesSampling: Bool {
        switch self {
        case .field(let field): field == .sampling || field.isCounter
        case .duration, .bpp: false
        case .pps, .bps: true
        }
    }
}

extension Field {
    /// Whether `sampling` scales the column.
    var isCounter: Bool {
        switch self {
        case .packets, .bytes, .rpackets, .rbytes: true
        default: false
        }
    }
}

extension [ClosedRange<UInt64>] {
    /// Whether one of the ranges, ascending and disjoint, has the value.
    func covers(_ value: UInt64) -> Bool {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low].lowerBound <= value
    }

    /// The ranges of v for which v × factor, cut to the largest number, lies in one of these.
    func divided(by factor: UInt64) -> [ClosedRange<UInt64>] {
        guard factor > 1 else { return self }
        var result: [ClosedRange<UInt64>] = []
        for range in self {
            let lower = range.lowerBound / factor + (range.lowerBound % factor == 0 ? 0 : 1)
            let upper = range.upperBound == .max ? .max : range.upperBound / factor
            guard lower <= upper else { continue }
            if let last = result.last, last.upperBound != .max, last.upperBound + 1 >= lower {
                result[result.count - 1] = last.lowerBound...upper
            } else {
                result.append(lower...upper)
            }
        }
        return result
    }
}

extension Array {
    /// What the ranges, ascending and disjoint, say of all values of `range`.
    func judge<Bound>(_ range: ClosedRange<Bound>) -> Triage where Element == ClosedRange<Bound> {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].upperBound < range.lowerBound {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low < count, self[low].lowerBound <= range.upperBound else { return .none }
        return self[low].lowerBound <= range.lowerBound && range.upperBound <= self[low].upperBound
            ? .all : .some
    }
}
