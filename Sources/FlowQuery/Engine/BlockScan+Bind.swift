import FlowModel
import FlowStore

extension BlockScan {
    // MARK: What the summaries say

    /// What is known of a test before a column is read.
    func summary(_ leaf: FilterPlan.Leaf) -> (triage: Triage, share: Double, cost: Double) {
        switch leaf.quantity {
        case .field(let field): return summary(field, leaf.condition)
        case .duration, .pps, .bps:
            guard let start = block?.summary(of: .start), start.presentRows > 0,
                let end = block?.summary(of: .end), end.presentRows > 0
            else { return (.none, 0, 0) }
            let isWhole = start.presentRows == rows && end.presentRows == rows
            if case .isPresent = leaf.condition { return (isWhole ? .all : .some, 0.5, 1) }
            guard case .duration = leaf.quantity, case .inRanges(let ranges) = leaf.condition,
                let starts = start.range, let ends = end.range
            else { return (impossible(leaf.condition) ? .none : .some, 0.3, 32) }
            let shortest = ends.lowerBound.clampedSubtracting(starts.upperBound)
            let longest = ends.upperBound.clampedSubtracting(starts.lowerBound)
            let triage = ranges.judge(shortest...longest)
            return (triage == .all && !isWhole ? .some : triage, 0.3, 4)
        case .bpp:
            if case .isPresent = leaf.condition { return (.all, 1, 0) }
            return (impossible(leaf.condition) ? .none : .some, 0.3, 32)
        }
    }

    func impossible(_ condition: Condition) -> Bool {
        switch condition {
        case .inAddresses, .element: true
        case .inRanges(let ranges): ranges.isEmpty
        case .masked(let mask, let value): mask & value != value
        case .equals, .isPresent: false
        }
    }

    private func summary(
        _ field: Field, _ condition: Condition
    ) -> (triage: Triage, share: Double, cost: Double) {
        if case .isPresent = condition {
            if field == .sampling || field.isDense { return (.all, 1, 0) }
            let present = block?.summary(of: field)?.presentRows ?? 0
            return (present == 0 ? .none : present == rows ? .all : .some, 0.5, 1)
        }
        if field == .other, case .element = condition {
            return (block?.summary(of: .other) == nil ? .none : .some, 0.1, 64)
        }
        if field.storage == .address { return summary(addresses: field, condition) }
        guard !impossible(condition), field != .other, field.info != nil else {
            return (.none, 0, 0)
        }
        if field == .sampling {
            guard let rate = plan.rates.constant(forSummariesOf: block) else {
                return (.some, 0.5, 16)
            }
            return (judge(condition, rate...rate), 0.5, 16)
        }

        var range: ClosedRange<UInt64> = 0...0
        var isWhole = true
        if let summary = block?.summary(of: field), summary.presentRows > 0 {
            guard let known = summary.range else { return (.some, 0.5, 8) }
            range = known
            isWhole = summary.presentRows == rows
        } else if !field.isDense {
            return (.none, 0, 0)
        }
        let width = cost(of: range)
        if field.isCounter && !plan.raw {
            if let rate = plan.rates.constant(forSummariesOf: block) {
                let factor = max(rate, 1)
                range =
                    range.lowerBound.scaled(by: factor)...range.upperBound.scaled(by: factor)
            } else {
                range = range.lowerBound...UInt64.max
            }
        }
        var triage = judge(condition, range)
        if triage == .all && !isWhole { triage = .some }
        return (triage, share(condition, of: range), width)
    }

    private func summary(
        addresses field: Field, _ condition: Condition
    ) -> (triage: Triage, share: Double, cost: Double) {
        guard case .inAddresses(let ranges) = condition, !ranges.isEmpty else {
            return (.none, 0, 0)
        }
        var range = IPAddress.v6Zero...IPAddress.v6Zero
        var isWhole = true
        if let summary = block?.summary(of: field), summary.presentRows > 0 {
            guard let known = summary.addressRange else { return (.some, 0.1, 2) }
            range = known
            isWhole = summary.presentRows == rows
        } else if !field.isDense {
            return (.none, 0, 0)
        }
        var triage = ranges.judge(range)
        if triage == .all && !isWhole { triage = .some }
        if triage == .some, let block, block.summary(of: field) != nil,
            !block.mayContain(ranges)
        {
            triage = .none
        }
        return (triage, 0.1, 2)
    }

    private func judge(_ condition: Condition, _ range: ClosedRange<UInt64>) -> Triage {
        switch condition {
        case .inRanges(let ranges): return ranges.judge(range)
        case .masked(let mask, let value):
            guard range.lowerBound == range.upperBound else { return .some }
            return range.lowerBound & mask == value ? .all : .none
        case .equals: return .some
        case .isPresent: return .all
        case .inAddresses, .element: return .none
        }
    }

    /// About how many octets a code of such values has.
    private func cost(of range: ClosedRange<UInt64>) -> Double {
        switch range.upperBound - range.lowerBound {
        case 0: 0.1
        case 1...0xff: 1
        case 0x100...0xffff: 2
        case 0x1_0000...0xffff_ffff: 4
        default: 10  // 64-bit comparisons take several instructions on x86-64's baseline
        }
    }

    private func share(_ condition: Condition, of range: ClosedRange<UInt64>) -> Double {
        guard case .inRanges(let ranges) = condition else { return 0.3 }
        var covered = 0.0
        for asked in ranges {
            let lower = max(asked.lowerBound, range.lowerBound)
            let upper = min(asked.upperBound, range.upperBound)
            if lower <= upper { covered += Double(upper - lower) + 1 }
        }
        return covered / (Double(range.upperBound - range.lowerBound) + 1)
    }

    // MARK: Binding to columns

    /// Turns a test into one on the block's codes, reading the columns it needs.
    func bind(leaf index: Int) throws -> BlockTest {
        let leaf = plan.filter.leaves[index]
        if case .field(.other) = leaf.quantity { return try bindOther(leaf.condition) }
        if let test = try bindPart(leaf) { return test }
        guard let present = try presences(of: leaf.quantity) else { return .decided(.none) }
        if case .isPresent = leaf.condition {
            return present.isEmpty ? .decided(.all) : .present(present)
        }
        if case .equals(let other) = leaf.condition {
            guard other.isNumeric, leaf.quantity.isNumeric,
                let both = try presences(of: .field(other))
            else { return .decided(.none) }
            return .computed(leaf.quantity, leaf.condition, present: present + both)
        }
        if let test = try bindCodes(leaf, plan.filter.addresses[index], present) { return test }
        if case .inAddresses = leaf.condition { return .decided(.none) }
        guard leaf.quantity.isNumeric, !impossible(leaf.condition) else { return .decided(.none) }
        return .computed(leaf.quantity, leaf.condition, present: present)
    }

    /// The test on codes; nil where values have to be computed.
    private func bindCodes(
        _ leaf: FilterPlan.Leaf, _ set: AddressIndex?, _ present: [EncodedBytes]
    ) throws -> BlockTest? {
        switch leaf.quantity {
        case .duration:
            guard case .inRanges(let ranges) = leaf.condition,
                case .afterStart(let codes)? = try column(.end)?.values
            else { return nil }
            return codes.test(in: ranges, base: 0, present: present)
        case .pps, .bps, .bpp: return nil
        case .field(let field):
            guard let factor = try constantFactor(of: field) else { return nil }
            guard let column = try column(field) else { return nil }
            switch (leaf.condition, column.values) {
            case (.inRanges(let ranges), .frame(let base, let codes)):
                return codes.test(
                    in: ranges.divided(by: factor), base: base, present: present)
            case (.inRanges(let ranges), .dictionary(let dictionary, let codes)):
                return codes.test(
                    in: ranges.divided(by: factor), dictionary: dictionary.span, present: present)
            case (.inAddresses, .addresses(let dictionary, let codes)):
                guard let set else { return nil }
                return codes.test(
                    in: set, addresses: dictionary.storage.values(as: IPAddress.self),
                    present: present)
            case (.masked(let mask, let value), .frame(let base, let codes)):
                guard base == 0, factor == 1 else { return nil }
                guard value <= codes.widest, mask & value == value else { return .decided(.none) }
                return .bits(codes, mask: mask & codes.widest, value: value, present: present)
            case (.masked(let mask, let value), .dictionary(let dictionary, let codes)):
                guard factor == 1 else { return nil }
                return codes.test(
                    mask: mask, value: value, dictionary: dictionary.span, present: present)
            default: return nil
            }
        }
    }

    /// What the stored values are multiplied by; nil where it differs between rows, or where the
    /// field is not what is stored.
    private func constantFactor(of field: Field) throws -> UInt64? {
        if field == .sampling {
            guard case .rows = try blockSampling(), let own = block?.summary(of: .sampling),
                own.presentRows == rows
            else { return nil }
            return 1
        }
        guard field.isCounter, !plan.raw else { return 1 }
        guard case .constant(let rate) = try blockSampling() else { return nil }
        return max(rate, 1)
    }

    private func bindOther(_ condition: Condition) throws -> BlockTest {
        switch condition {
        case .isPresent:
            guard let elements = try block?.otherElements() else { return .decided(.none) }
            var marks = [UInt8](repeating: 0, count: rows)
            for row in 0..<min(rows, elements.layoutOfRow.count)
            where elements.layoutOfRow[row] > 0 {
                marks[row] = 0xff
            }
            return .rows(marks)
        case .element(let test): return try bind(test)
        default: return .decided(.none)
        }
    }

    private func bind(_ test: ElementTest) throws -> BlockTest {
        guard let elements = try block?.otherElements() else { return .decided(.none) }
        let scan = ElementScan(test, elements)
        var matcher: RegexMatcher?
        if case .matches(let pattern) = test.condition {
            matcher = matchers[pattern] ?? RegexMatcher(pattern.program)
            matchers[pattern] = matcher
        }
        guard case .spans(let field) = test.condition else {
            return .rows(scan.marks(rows: 0..<rows, matcher: matcher) { _ in nil })
        }
        guard try presences(of: .field(field)) != nil, let column = try column(field) else {
            return .decided(.none)
        }
        return .rows(scan.marks(rows: 0..<rows, matcher: nil) { column.number(at: $0) })
    }
}

extension Field {
    /// Whether the column holds numbers.
    var isNumeric: Bool {
        switch storage {
        case .u8, .u16, .u32, .u64: true
        case .address, .elements, nil: false
        }
    }
}

extension Quantity {
    /// Whether the quantity is a number.
    var isNumeric: Bool {
        if case .field(let field) = self { field.isNumeric } else { true }
    }
}

extension UInt64 {
    /// The difference, or 0 where it would be negative.
    func clampedSubtracting(_ other: UInt64) -> UInt64 { self >= other ? self - other : 0 }
}
