import FlowModel
import FlowStore

/// Tests that need only a part of a column.
extension BlockScan {
    /// Ranges of addresses beyond which the whole dictionary is merged with them.
    private static let searchedRangesMax = 64

    /// The test on a part of the column, as long as the whole is not at hand; nil where there is none.
    func bindPart(_ leaf: FilterPlan.Leaf) throws -> BlockTest? {
        guard case .field(let field) = leaf.quantity, !isAtHand(field), let block else {
            return nil
        }
        switch leaf.condition {
        case .inAddresses(let ranges):
            guard field.storage == .address, ranges.count <= Self.searchedRangesMax,
                let matches = try block.addressCodes(field, in: ranges)
            else { return nil }
            if matches.ranges.isEmpty { return .decided(.none) }
            guard let column = try block.codes(field) else { return nil }
            try check(column.codes, column.presence)
            return column.codes.test(
                in: matches.ranges, last: UInt64(matches.entries - 1),
                present: column.presence.bits.map { [$0] } ?? [])
        case .inRanges(let ranges):
            guard field.isNumeric, !field.isCounter, field != .sampling,
                block.summary(of: field)?.presentRows ?? 0 > 0,
                let ranked = try block.ranks(field), let matches = ranked.matches(ranges)
            else { return nil }
            try check(ranked.ranks, ranked.presence)
            return ranked.ranks.test(
                in: matches.ranges, last: UInt64(UInt8.max),
                present: ranked.presence.bits.map { [$0] } ?? [])
        default: return nil
        }
    }

    /// Kernels need not check a row.
    private func check(_ codes: Codes, _ presence: Presence) throws {
        guard codes.width <= 2, codes.storage.count >= rows * codes.width,
            presence.bits.map({ $0.count >= (rows + 63) / 64 * 8 }) ?? true
        else { throw DamagedBlock() }
    }
}

extension RankedColumn {
    /// The ranks of the values in some ranges, which ascend; nil where others, which have no rank of
    /// their own, may be in them too.
    fileprivate func matches(_ ranges: [ClosedRange<UInt64>]) -> CodeMatches? {
        var matches = CodeMatches(entries: values.count)
        var first = 0
        for range in ranges {
            while first < values.count, values[first] < range.lowerBound { first += 1 }
            var end = first
            while end < values.count, values[end] <= range.upperBound { end += 1 }
            if hasOthers, range.upperBound - range.lowerBound != UInt64(end - first) &- 1 {
                return nil
            }
            matches.append(first..<end)
            first = end
        }
        return matches
    }
}
