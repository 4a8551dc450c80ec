import FlowModel

/// The keys of a block's rows in one dimension, each as a small number.
///
///     rows   tcp/443  udp/53  tcp/443  tcp/22
///     codes     2       0        2       1         keys  udp/53 · tcp/22 · tcp/443
struct RollupCodes {
    /// How many different keys there may be; not every number must occur.
    var count = 1
    /// Words of a key.
    var keyWords = 1
    /// The keys, ascending.
    var keys: EncodedBytes
    /// A code a row, two octets each; nil where all rows have the same key.
    var codes: EncodedBytes?
    /// Whether there are keys that only stood where rows have no value.
    private var hasPlaceholders = false
    /// For each dimension that is found within this one: its code of each code, and its keys.
    var within: [RollupCodes] = []

    /// All rows have one key.
    static let one = RollupCodes(keys: EncodedBytes(words: [0]))

    /// The most different keys that codes can tell apart.
    fileprivate static let codesMax = 65_536

    /// The codes of a dimension that is read from columns.
    static func read(
        _ source: RollupDimension.Source, of block: any BlockSource, _ scratch: RollupScratch
    ) throws -> RollupCodes {
        switch source {
        case .everything, .within: .one
        case .column(let field): try column(field, of: block, scratch)
        case .ofExporter(let field): try paired((.exporter, field), block, scratch, within: 1)
        case .pair(let first, let second):
            try paired((first, second), block, scratch, within: 2)
        case .service: try service(of: block)
        }
    }

    /// The codes of a column's values, the last of them for rows without one.
    static func column(
        _ field: Field, of block: any BlockSource, _ scratch: RollupScratch
    ) throws -> RollupCodes {
        let keyWords = field.keyWords
        guard let column = try block.column(field) else {
            let word = field.isDense ? 0 : RollupTally.none
            return RollupCodes(
                keyWords: keyWords,
                keys: EncodedBytes(words: Array(repeating: word, count: keyWords)))
        }
        var found = try values(of: column, block, scratch)
        guard case .some(let bits) = column.presence else { return found }
        let absent = UInt16(truncatingIfNeeded: found.count)
        // A writer's block with a row without a value has at most 65,535 values.
        guard found.count < codesMax else { throw Damage.value(part: "dictionary") }
        found.keys = EncodedBytes(
            words: found.keyWordsOfAll + Array(repeating: RollupTally.none, count: keyWords))
        found.count += 1
        found.hasPlaceholders = true
        let codes = EncodedBytes(unfilled: block.rows * 2)
        var output = codes.mutableValues(as: UInt16.self)
        if let all = found.codes {
            mark(bits.values(as: UInt64.self), all.values(as: UInt16.self), absent, &output)
        } else {
            mark(bits.values(as: UInt64.self), value: 0, absent, &output)
        }
        found.codes = codes
        return found
    }

    /// The codes of values, as if every row had one.
    private static func values(
        of column: EncodedColumn, _ block: any BlockSource, _ scratch: RollupScratch
    ) throws -> RollupCodes {
        var found: RollupCodes
        switch column.values {
        case .addresses(let dictionary, let codes):
            // An address in memory is two words, in their order.
            found = RollupCodes(
                count: dictionary.count, keyWords: column.field.keyWords,
                keys: column.field.isDense
                    ? dictionary.storage : EncodedBytes(words: keys(of: dictionary)),
                codes: codes.narrowed(rows: column.rows))
        case .dictionary(let dictionary, let codes):
            found = RollupCodes(
                count: dictionary.count, keys: EncodedBytes(words: dictionary),
                codes: codes.narrowed(rows: column.rows))
        case .frame(let base, let codes) where codes.width <= 2:
            let count = Int(codes.greatest(rows: column.rows)) + 1
            if case .some = column.presence, count == codesMax {
                return byValue(column, nil, scratch)
            }
            found = RollupCodes(
                count: count,
                keys: EncodedBytes(words: (0..<UInt64(count)).map { base &+ $0 }),
                codes: codes.narrowed(rows: column.rows))
        case .frame: return byValue(column, nil, scratch)
        case .afterStart: return byValue(column, try block.column(.start), scratch)
        }
        if found.codes == nil { found.count = 1 }
        return found
    }

    /// The addresses with a third word, which tells them from none.
    private static func keys(of dictionary: AddressDictionary) -> [UInt64] {
        let addresses = dictionary.storage.values(as: IPAddress.self)
        var keys: [UInt64] = []
        keys.reserveCapacity(addresses.count * 3)
        for place in addresses.indices { keys += [addresses[place].high, addresses[place].low, 0] }
        return keys
    }

    /// Codes by looking at each value.
    private static func byValue(
        _ column: EncodedColumn, _ start: EncodedColumn?, _ scratch: RollupScratch
    ) -> RollupCodes {
        let values = scratch.first
        var output = values.mutableValues(as: UInt64.self)
        column.decodeNumbers(into: &output, start: start)
        if case .some(let bits) = column.presence {
            // One value less to number than rows, so that a code is left for those without.
            let words = bits.values(as: UInt64.self)
            let some = firstBit(of: words)
            for row in 0..<column.rows where words[row >> 6] >> UInt64(row & 63) & 1 == 0 {
                output[row] = output[some]
            }
        }
        let (words, codes) = numbered(scratch, rows: column.rows)
        return RollupCodes(count: words.count, keys: EncodedBytes(words: words), codes: codes)
    }

    /// The distinct words in the first column of `scratch`, ascending, and the place of each row's
    /// among them.
    private static func numbered(
        _ scratch: RollupScratch, rows: Int
    ) -> (words: [UInt64], codes: EncodedBytes) {
        let codes = EncodedBytes(unfilled: rows * 2)
        let (values, slots, distinct) = (scratch.first, scratch.slots, scratch.distinct)
        var size = 64
        while size < 2 * rows { size *= 2 }
        var slotsInUse = slots.mutableValues(as: UInt32.self, first: size)
        for slot in slotsInUse.indices { slotsInUse[slot] = 0 }
        var output = codes.mutableValues(as: UInt16.self)
        var words = distinct.mutableValues(as: UInt64.self)
        let count = numberWords(
            values.values(as: UInt64.self).extracting(0..<rows), slots: &slotsInUse,
            distinct: &words, codes: &output)
        let sorted = sort(scratch, count)
        let ranks = scratch.ranks
        let rankOf = ranks.values(as: UInt16.self)
        for row in output.indices {
            unsafe output[unchecked: row] = rankOf[Int(output[unchecked: row])]
        }
        return (sorted, codes)
    }

    /// The first of the distinct words in order, and their ranks in `scratch`.
    private static func sort(_ scratch: RollupScratch, _ count: Int) -> [UInt64] {
        let (distinct, ranks) = (scratch.distinct, scratch.ranks)
        let (packedMemory, spareMemory) = (scratch.second, scratch.third)
        let found = distinct.values(as: UInt64.self).extracting(0..<count)
        var rankOf = ranks.mutableValues(as: UInt16.self)
        guard extremes(found).high <= 0xffff_ffff else {
            let order = found.indices.sorted { found[$0] < found[$1] }
            for (rank, place) in order.enumerated() {
                rankOf[place] = UInt16(truncatingIfNeeded: rank)
            }
            return order.map { found[$0] }
        }
        var packed = packedMemory.mutableValues(as: UInt64.self, first: count)
        var spare = spareMemory.mutableValues(as: UInt64.self, first: count)
        for place in found.indices { packed[place] = found[place] << 32 | UInt64(place) }
        sortByUpperHalf(&packed, spare: &spare)
        var sorted: [UInt64] = []
        sorted.reserveCapacity(count)
        for rank in packed.indices {
            rankOf[Int(packed[rank] & 0xffff_ffff)] = UInt16(truncatingIfNeeded: rank)
            sorted.append(packed[rank] >> 32)
        }
        return sorted
    }

    /// The combinations of some columns' codes that occur, 16 bits each, those of the first lowest, and
    /// the place of each row's among them; nil where all rows have the same.
    static func combined(
        _ columns: [RollupCodes], rows: Int, _ scratch: RollupScratch
    ) -> (combinations: [UInt64], codes: EncodedBytes?) {
        precondition(columns.count <= 4)
        let varying = columns.indices.filter { columns[$0].codes != nil }
        guard let first = varying.first else { return ([0], nil) }
        if varying.count == 1, !columns[first].hasPlaceholders {
            let combinations = (0..<UInt64(columns[first].count)).map { $0 << UInt64(16 * first) }
            return (combinations, columns[first].codes)
        }
        let values = scratch.first
        var output = values.mutableValues(as: UInt64.self, first: rows)
        for row in output.indices { output[row] = 0 }
        for column in varying {
            guard let codes = columns[column].codes else { continue }
            combine(codes.values(as: UInt16.self), at: UInt64(16 * column), into: &output)
        }
        let found = numbered(scratch, rows: rows)
        return (found.words, found.codes)
    }

    /// Pairs of what two columns have; within, the first column's keys alone, or both's.
    private static func paired(
        _ fields: (Field, Field), _ block: any BlockSource, _ scratch: RollupScratch,
        within: Int
    ) throws -> RollupCodes {
        let both = [
            try column(fields.0, of: block, scratch), try column(fields.1, of: block, scratch),
        ]
        // The second column's codes in the lower bits: ascending by the first, then by the second.
        let (pairs, codes) = combined([both[1], both[0]], rows: block.rows, scratch)
        let words = both.map(\.keyWordsOfAll)
        let (first, second) = (both[0].keyWords, both[1].keyWords)
        var keys: [UInt64] = []
        keys.reserveCapacity(pairs.count * (first + second))
        for pair in pairs {
            // What a damaged store may have as a code does not lead out of the arrays.
            let place = min(Int(pair >> 16), both[0].count - 1)
            let other = min(Int(pair & 0xffff), both[1].count - 1)
            keys += words[0][place * first..<(place + 1) * first]
            keys += words[1][other * second..<(other + 1) * second]
        }
        var found = RollupCodes(
            count: pairs.count, keyWords: first + second, keys: EncodedBytes(words: keys),
            codes: codes)
        found.within = (0..<within).map { index in
            var inner = both[index]
            inner.codes = table(
                pairs.map { UInt16(truncatingIfNeeded: index == 0 ? $0 >> 16 : $0) })
            return inner
        }
        return found
    }

    /// Services; within, the protocols.
    private static func service(of block: any BlockSource) throws -> RollupCodes {
        let (services, codes) = try ServiceCodes.read(block)
        var found = RollupCodes(
            count: services.count, keys: EncodedBytes(words: services), codes: codes)
        found.within = [
            RollupCodes(
                count: 256, keys: EncodedBytes(words: Array(0..<256)),
                codes: Self.table(services.map { UInt16(truncatingIfNeeded: $0 >> 16) }))
        ]
        return found
    }

    /// ``keys`` as an array.
    var keyWordsOfAll: [UInt64] {
        let keys = keys
        let words = keys.values(as: UInt64.self)
        return (0..<count * keyWords).map { words[$0] }
    }

    private static func table(_ codes: [UInt16]) -> EncodedBytes {
        let bytes = EncodedBytes(unfilled: codes.count * 2)
        var output = bytes.mutableValues(as: UInt16.self)
        for index in codes.indices { output[index] = codes[index] }
        return bytes
    }
}

extension EncodedBytes {
    /// A copy of some words.
    fileprivate convenience init(words: [UInt64]) {
        self.init(unfilled: words.count * 8)
        var output = mutableValues(as: UInt64.self)
        for index in words.indices { output[index] = words[index] }
    }
}

/// Memory for one block after the other.
final class RollupScratch {
    let first = EncodedBytes(unfilled: FlowBatch.capacity * 8)
    let second = EncodedBytes(unfilled: FlowBatch.capacity * 8)
    let third = EncodedBytes(unfilled: FlowBatch.capacity * 8)
    let distinct = EncodedBytes(count: FlowBatch.capacity * 8)
    let slots = EncodedBytes(count: 2 * FlowBatch.capacity * 4)
    let ranks = EncodedBytes(count: 65_536 * 2)
}

extension Codes {
    /// The codes in two octets each; nil where all are 0.
    fileprivate func narrowed(rows: Int) -> EncodedBytes? {
        switch width {
        case 0: return nil
        case 2: return storage
        default:
            let narrow = EncodedBytes(unfilled: rows * 2)
            var output = narrow.mutableValues(as: UInt16.self)
            let codes = storage.values(as: UInt8.self)
            precondition(codes.count >= rows)
            for row in 0..<rows { unsafe output[unchecked: row] = UInt16(codes[unchecked: row]) }
            return narrow
        }
    }

    fileprivate func greatest(rows: Int) -> UInt64 {
        switch width {
        case 1: UInt64(extremes(storage.values(as: UInt8.self).extracting(0..<rows)).high)
        case 2: UInt64(extremes(storage.values(as: UInt16.self).extracting(0..<rows)).high)
        default: 0
        }
    }
}

/// The first row that has a value; 0 where none has.
private func firstBit(of words: Span<UInt64>) -> Int {
    for word in words.indices where words[word] != 0 {
        return word * 64 + words[word].trailingZeroBitCount
    }
    return 0
}

/// Gives rows without a value a code of their own.
private func mark(
    _ words: Span<UInt64>, _ codes: Span<UInt16>, _ absent: UInt16,
    _ output: inout MutableSpan<UInt16>
) {
    precondition(codes.count >= output.count && words.count * 64 >= output.count)
    for row in output.indices {
        let isPresent = unsafe words[unchecked: row >> 6] >> UInt64(row & 63) & 1 != 0
        unsafe output[unchecked: row] = isPresent ? codes[unchecked: row] : absent
    }
}

private func mark(
    _ words: Span<UInt64>, value: UInt16, _ absent: UInt16, _ output: inout MutableSpan<UInt16>
) {
    precondition(words.count * 64 >= output.count)
    for row in output.indices {
        let isPresent = unsafe words[unchecked: row >> 6] >> UInt64(row & 63) & 1 != 0
        unsafe output[unchecked: row] = isPresent ? value : absent
    }
}

private func combine(
    _ codes: Span<UInt16>, at shift: UInt64, into output: inout MutableSpan<UInt64>
) {
    precondition(codes.count >= output.count)
    for row in output.indices {
        unsafe output[unchecked: row] |= UInt64(codes[unchecked: row]) &<< shift
    }
}

/// Numbers the distinct values in the order in which they appear; a slot holds the number plus one.
private func numberWords(
    _ values: Span<UInt64>, slots: inout MutableSpan<UInt32>,
    distinct: inout MutableSpan<UInt64>, codes: inout MutableSpan<UInt16>
) -> Int {
    let mask = slots.count - 1
    precondition(slots.count & mask == 0 && slots.count >= 2 * values.count)
    precondition(values.count <= distinct.count && values.count <= codes.count)
    var count = 0
    for row in values.indices {
        let value = unsafe values[unchecked: row]
        let (high, low) = value.multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        var slot = Int(truncatingIfNeeded: high ^ low >> 32) & mask
        while true {
            let taken = Int(unsafe slots[unchecked: slot])
            if taken == 0 {
                unsafe distinct[unchecked: count] = value
                unsafe codes[unchecked: row] = UInt16(truncatingIfNeeded: count)
                count &+= 1
                unsafe slots[unchecked: slot] = UInt32(truncatingIfNeeded: count)
                break
            }
            if unsafe distinct[unchecked: taken &- 1] == value {
                unsafe codes[unchecked: row] = UInt16(truncatingIfNeeded: taken &- 1)
                break
            }
            slot = (slot &+ 1) & mask
        }
    }
    return count
}
