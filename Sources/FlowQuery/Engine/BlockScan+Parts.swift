import FlowModel
import FlowStore

/// Tests that need only a part of a column.
extension BlockScan {
    /// Ranges of addresses beyond which the whole dictionary is merged with them.
    private static let searchedRangesMax = 64
    /// Of so many rows one passed at most where only the addresses of these are read.
    private static let fewShare = 16
    /// Addresses of them at most.
    private static let fewMax = 1024

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

    /// Reads a column of addresses for the rows that passed; nil where no row of the block has a value.
    ///
    /// Where these have few addresses, only they are in the dictionary, and the codes of other rows say
    /// nothing: to make a whole dictionary costs as much as all else that is asked of the block.
    func addressColumn(_ field: Field) throws -> EncodedColumn? {
        if !isAtHand(field), let few = try columnOfFew(field) {
            keep(few)
            return few
        }
        return try column(field)
    }

    private func columnOfFew(_ field: Field) throws -> EncodedColumn? {
        guard !selectsAll, selectedCount <= rows / Self.fewShare, let block,
            let stored = try block.codes(field), stored.codes.width == 2
        else { return nil }
        try check(stored.codes, stored.presence)
        let codes = stored.codes.storage.values(as: UInt16.self)
        var ranks = [UInt16](repeating: 0, count: Self.rowsMax)
        var places: [Int] = []
        for place in 0..<selectedCount {
            let code = Int(codes[Int(selection[place])])
            if ranks[code] != 0 { continue }
            if places.count == Self.fewMax { return nil }
            ranks[code] = 1
            places.append(code)
        }
        places.sort()
        guard let dictionary = try block.addresses(field, at: places) else { return nil }
        for (rank, place) in places.enumerated() { ranks[place] = UInt16(rank) }
        var own = [UInt16](repeating: 0, count: rows)
        for place in 0..<selectedCount {
            let row = Int(selection[place])
            own[row] = ranks[Int(codes[row])]
        }
        return EncodedColumn(
            field: field, rows: rows, presence: stored.presence,
            values: .addresses(dictionary, Codes(width: 2, storage: EncodedBytes(own))))
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
