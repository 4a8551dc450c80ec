import FlowModel

/// The keys of a block's rows in one dimension, each as a small number.
///
///     rows   tcp/443  udp/53  tcp/443  tcp/22
///     codes     0       1        0       2         keys  tcp/443 · udp/53 · tcp/22, three words each
struct RollupCodes {
    /// How many different keys there may be; not every number must occur.
    var count = 1
    /// The keys, ``RollupTally/keyWords`` words each.
    var keys: [UInt64] = []
    /// A code a row, two octets each; nil where all rows have the same key.
    var codes: EncodedBytes?
    /// For each dimension that is found within this one: its code of each code, and its keys.
    var within: [RollupCodes] = []

    /// All rows have one key.
    static let one = RollupCodes(count: 1, keys: [0, 0, 0])

    /// The most different keys that codes can tell apart.
    fileprivate static let codesMax = 65_536

    /// The codes of a dimension that is read from columns.
    static func read(
        _ source: RollupDimension.Source, of block: any BlockSource, _ scratch: RollupScratch
    ) throws -> RollupCodes {
        switch source {
        case .everything, .within: .one
        case .column(let field): try column(field, of: block, scratch)
        case .ofExporter(let field): try ofExporter(field, block, scratch)
        case .pair(let first, let second): try pair((first, second), block, scratch)
        case .service: try service(of: block, scratch)
        }
    }

    /// The codes of a column's values, the last of them for rows without one.
    private static func column(
        _ field: Field, of block: any BlockSource, _ scratch: RollupScratch
    ) throws -> RollupCodes {
        guard let column = try block.column(field) else {
            return RollupCodes(count: 1, keys: [0, 0, field.isDense ? 1 : 0])
        }
        var found = try values(of: column, block, scratch)
        guard case .some(let bits) = column.presence else { return found }
        let absent = UInt16(truncatingIfNeeded: found.count)
        // A writer's block with a row without a value has at most 65,535 values.
        guard found.count < codesMax else { throw Damage.value(part: "dictionary") }
        found.keys += [0, 0, 0]
        found.count += 1
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
        var found = RollupCodes()
        switch column.values {
        case .addresses(let dictionary, let codes):
            let entries = dictionary.storage.values(as: IPAddress.self)
            found.count = entries.count
            found.keys.reserveCapacity(3 * entries.count + 3)
            for code in entries.indices {
                found.keys.append(entries[code].high)
                found.keys.append(entries[code].low)
                found.keys.append(1)
            }
            found.codes = codes.narrowed(rows: column.rows)
        case .dictionary(let dictionary, let codes):
            found.count = dictionary.count
            found.keys.reserveCapacity(3 * dictionary.count + 3)
            for value in dictionary { append(number: value, to: &found.keys) }
            found.codes = codes.narrowed(rows: column.rows)
        case .frame(let base, let codes) where codes.width <= 2:
            found.codes = codes.narrowed(rows: column.rows)
            found.count = Int(codes.greatest(rows: column.rows)) + 1
            for code in 0..<found.count {
                append(number: base &+ UInt64(code), to: &found.keys)
            }
            if case .some = column.presence, found.count == codesMax {
                return byValue(column, nil, scratch)
            }
        case .frame: return byValue(column, nil, scratch)
        case .afterStart: return byValue(column, try block.column(.start), scratch)
        }
        if found.codes == nil { found.count = 1 }
        return found
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
        return numbered(scratch, rows: column.rows) { append(number: $0, to: &$1) }
    }

    /// Gives the words in the first column of `scratch` codes in the order in which they appear.
    private static func numbered(
        _ scratch: RollupScratch, rows: Int, key: (UInt64, inout [UInt64]) -> Void
    ) -> RollupCodes {
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
        var found = RollupCodes(count: count, keys: [], codes: codes)
        found.keys.reserveCapacity(3 * count + 3)
        for code in 0..<count { key(words[code], &found.keys) }
        return found
    }

    /// Pairs of the exporter and one of its numbers; within, the exporter alone.
    private static func ofExporter(
        _ field: Field, _ block: any BlockSource, _ scratch: RollupScratch
    ) throws -> RollupCodes {
        let exporters = try column(.exporter, of: block, scratch)
        let numbers = try column(field, of: block, scratch)
        var (found, firsts, _) = paired(exporters, numbers, block, scratch) { first, second in
            [first[0], first[1], second[2] == 0 ? 0 : 1 << 32 | second[1]]
        }
        found.within = [
            RollupCodes(count: exporters.count, keys: exporters.keys, codes: Self.table(firsts))
        ]
        return found
    }

    /// Pairs of numbers; within, each alone.
    private static func pair(
        _ fields: (Field, Field), _ block: any BlockSource, _ scratch: RollupScratch
    ) throws -> RollupCodes {
        let first = try column(fields.0, of: block, scratch)
        let second = try column(fields.1, of: block, scratch)
        var (found, firsts, seconds) = paired(first, second, block, scratch) { first, second in
            [first[2] == 0 ? 0 : 1 << 32 | first[1], second[1], second[2]]
        }
        found.within = [
            RollupCodes(count: first.count, keys: first.keys, codes: Self.table(firsts)),
            RollupCodes(count: second.count, keys: second.keys, codes: Self.table(seconds)),
        ]
        return found
    }

    /// Numbers pairs of codes; answers the codes of both of each pair, too.
    ///
    /// - Parameter key: a pair's key of those of both.
    private static func paired(
        _ firsts: RollupCodes, _ seconds: RollupCodes, _ block: any BlockSource,
        _ scratch: RollupScratch, key: ([UInt64], [UInt64]) -> [UInt64]
    ) -> (codes: RollupCodes, firsts: [UInt16], seconds: [UInt16]) {
        func words(_ first: Int, _ second: Int) -> [UInt64] {
            let count = RollupTally.keyWords
            return key(
                Array(firsts.keys[count * first..<count * (first + 1)]),
                Array(seconds.keys[count * second..<count * (second + 1)]))
        }
        if firsts.codes == nil, seconds.codes == nil {
            return (RollupCodes(count: 1, keys: words(0, 0)), [0], [0])
        }
        let values = scratch.first
        var output = values.mutableValues(as: UInt64.self)
        pairCodes(firsts.codes, seconds.codes, rows: block.rows, into: &output)
        var codes: (firsts: [UInt16], seconds: [UInt16]) = ([], [])
        let found = numbered(scratch, rows: block.rows) { pair, keys in
            codes.firsts.append(UInt16(truncatingIfNeeded: pair >> 16))
            codes.seconds.append(UInt16(truncatingIfNeeded: pair))
            keys += words(Int(pair >> 16), Int(pair & 0xffff))
        }
        return (found, codes.firsts, codes.seconds)
    }

    /// Services; within, the protocols.
    static func service(
        of block: any BlockSource, _ scratch: RollupScratch
    ) throws -> RollupCodes {
        try Service.fill(block, scratch)
        var protocols: [UInt16] = []
        var found = numbered(scratch, rows: block.rows) { value, keys in
            protocols.append(UInt16(truncatingIfNeeded: value >> 16))
            append(number: value, to: &keys)
        }
        var keys: [UInt64] = []
        for proto in 0..<256 as Range<UInt64> { append(number: proto, to: &keys) }
        found.within = [RollupCodes(count: 256, keys: keys, codes: Self.table(protocols))]
        return found
    }

    private static func append(number: UInt64, to keys: inout [UInt64]) {
        keys.append(0)
        keys.append(number)
        keys.append(1)
    }

    private static func table(_ codes: [UInt16]) -> EncodedBytes {
        let bytes = EncodedBytes(unfilled: codes.count * 2)
        var output = bytes.mutableValues(as: UInt16.self)
        for index in codes.indices { output[index] = codes[index] }
        return bytes
    }
}

/// Memory for one block after the other.
final class RollupScratch {
    let first = EncodedBytes(count: FlowBatch.capacity * 8)
    let second = EncodedBytes(count: FlowBatch.capacity * 8)
    let third = EncodedBytes(count: FlowBatch.capacity * 8)
    let distinct = EncodedBytes(count: FlowBatch.capacity * 8)
    let slots = EncodedBytes(count: 2 * FlowBatch.capacity * 4)
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

private func pairCodes(
    _ firsts: EncodedBytes?, _ seconds: EncodedBytes?, rows: Int,
    into output: inout MutableSpan<UInt64>
) {
    precondition(rows <= output.count)
    if let seconds {
        let codes = seconds.values(as: UInt16.self)
        for row in 0..<rows { output[row] = UInt64(codes[row]) }
    } else {
        for row in 0..<rows { output[row] = 0 }
    }
    guard let firsts else { return }
    let codes = firsts.values(as: UInt16.self)
    for row in 0..<rows { output[row] |= UInt64(codes[row]) << 16 }
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
