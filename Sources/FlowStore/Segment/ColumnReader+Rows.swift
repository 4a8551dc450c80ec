import FlowModel

/// A few rows of a column: only the frames are read that have one of them.
extension ColumnReader {
    /// Some rows of a column, other than `other`, as a column of their own.
    ///
    /// - Parameter picked: the rows, ascending.
    func column(_ entry: ColumnEntry, at picked: [UInt16]) throws(StoreError) -> EncodedColumn {
        let presence = try presence(entry, at: picked)
        let found = try codes(entry, at: picked)
        let values: EncodedColumn.Values
        switch (entry.encoding, entry.extent) {
        case (.frame, .numbers(let range)):
            values = .frame(base: range.lowerBound, Codes(found, width: entry.width))
        case (.dictionary, .numbers(let range)):
            let octets = try read(.dictionary, of: entry, "dictionary of")
            guard
                let dictionary = unpackNumbers(
                    octets, count: entry.dictionaryCount, range: range)
            else { throw impossible("dictionary of", entry) }
            values = .dictionary(dictionary, Codes(found, width: entry.width))
        case (.addresses, .addresses):
            // A dictionary of the addresses that these rows have.
            let distinct = Set(found).sorted()
            let storage = try addresses(entry, at: distinct.map { Int($0) })
            let own = found.map { code in UInt64(distinct.firstPlace { $0 >= code }) }
            values = .addresses(AddressDictionary(storage: storage), Codes(own, width: 2))
        case (.afterStart, .numbers): values = .afterStart(Codes(found, width: entry.width))
        default: throw impossible("encoding of", entry)
        }
        return EncodedColumn(
            field: entry.field, rows: picked.count, presence: presence, values: values)
    }

    /// Which of some rows have a value.
    func presence(_ entry: ColumnEntry, at picked: [UInt16]) throws(StoreError) -> Presence {
        guard case .some(let bits) = try presence(entry) else { return .all }
        let words = bits.values(as: UInt64.self)
        let picks = EncodedBytes(count: (picked.count + 63) / 64 * 8)
        var output = picks.mutableValues(as: UInt64.self)
        for (place, row) in picked.enumerated() {
            let bit = words[Int(row) >> 6] >> UInt64(row & 63) & 1
            output[place >> 6] |= bit << UInt64(place & 63)
        }
        return .some(picks)
    }

    /// The codes of some rows, none of which is beyond the dictionary or the range.
    private func codes(
        _ entry: ColumnEntry, at picked: [UInt16]
    ) throws(StoreError) -> [UInt64] {
        guard let limit = limit(entry), [0, 1, 2, 4, 8].contains(entry.width) else {
            throw impossible("codes of", entry)
        }
        let found: [UInt64]
        if entry.width == 0 {
            found = [UInt64](repeating: 0, count: picked.count)
        } else if entry.chunk(.codesOfSource) != nil {
            found = try derived(entry, .codesOfSource, from: .srcip, limit, at: picked)
        } else if entry.chunk(.codesOfDestination) != nil {
            found = try derived(entry, .codesOfDestination, from: .dstip, limit, at: picked)
        } else {
            found = try own(entry, limit, at: picked)
        }
        guard found.allSatisfy({ $0 <= limit }) else { throw impossible("codes of", entry) }
        return found
    }

    private func derived(
        _ entry: ColumnEntry, _ role: Chunk.Role, from field: Field, _ limit: UInt64,
        at picked: [UInt16]
    ) throws(StoreError) -> [UInt64] {
        // The origin's own codes are never derived, so this ends.
        guard entry.field != .srcip, entry.field != .dstip, entry.width <= 2,
            let origin = directory.entry(field), origin.encoding == .addresses
        else { throw impossible("codes of", entry) }
        let map = try read(
            role, of: entry, "codes of", octets: origin.dictionaryCount * entry.width)
        let octets = map.values(as: UInt8.self)
        let addresses = try codes(origin, at: picked)
        let found = addresses.map {
            number(octets, at: Int($0) * entry.width, octets: entry.width)
        }
        return try excepted(found, entry, limit, at: picked)
    }

    /// Codes of columns that have a list of exceptions.
    private func excepted(
        _ codes: [UInt64], _ entry: ColumnEntry, _ limit: UInt64, at picked: [UInt16]
    ) throws(StoreError) -> [UInt64] {
        guard let octets = try exceptions(entry) else { return codes }
        guard let list = ExceptionList(octets, width: entry.width, rows: rows, limit) else {
            throw impossible("codes of", entry)
        }
        return zip(codes, picked).map { list.code(ofRow: Int($1)) ?? $0 }
    }

    private func own(
        _ entry: ColumnEntry, _ limit: UInt64, at picked: [UInt16]
    ) throws(StoreError) -> [UInt64] {
        let width = entry.width
        switch entry.chunk(.codes)?.arrangement ?? .plain {
        case .plain:
            return try pick(entry, picked, octets: rows * width) { octets, _, row in
                number(octets, at: row * width, octets: width)
            }
        case .planes:
            return try pick(entry, picked, octets: rows * width) { octets, rows, row in
                var code: UInt64 = 0
                for plane in 0..<width { code = code << 8 | UInt64(octets[plane * rows + row]) }
                return code
            }
        case .low:
            let content = try chunk(.codes, of: entry, "codes of").contentOctets(rows: rows)
            let low = content / rows
            guard low * rows == content, low < width else { break }
            let lows = try pick(entry, picked, octets: content) { octets, _, row in
                number(octets, at: row * low, octets: low)
            }
            return try excepted(lows, entry, limit, at: picked)
        case .packed where width == 1:
            let octets = try read(.codes, of: entry, "codes of")
            guard let head = PackedHead(octets, rows: rows) else { break }
            var codes: [UInt64] = []
            for row in picked {
                let rank = packedRank(
                    octets.values(as: UInt8.self), head: head.octets, bits: head.bits,
                    row: Int(row))
                guard rank < head.occurring.count else { throw impossible("codes of", entry) }
                codes.append(UInt64(head.occurring[rank]))
            }
            return codes
        case .few where width == 2:
            if let codes = try few(entry, at: picked) { return codes }
        default:
            let all = Codes(width: width, storage: try own(entry, limit))
            return picked.map { all.code(at: Int($0)) }
        }
        throw impossible("codes of", entry)
    }

    /// The codes of rows by rank; nil where there are too few of the others.
    private func few(
        _ entry: ColumnEntry, at picked: [UInt16]
    ) throws(StoreError) -> [UInt64]? {
        let octets = try read(.codes, of: entry, "codes of")
        guard let head = RankedHead(octets, rows: rows, isPacked: true) else { return nil }
        var others: [(octets: EncodedBytes, frame: Range<Int>)] = []
        var codes: [UInt64] = []
        codes.reserveCapacity(picked.count)
        // How many of the others there are in the frame before a row.
        var counted = (row: 0, others: 0)
        for row in picked {
            let row = Int(row)
            let rank = packedRank(
                octets.values(as: UInt8.self), head: head.octets, bits: 4, row: row)
            if rank < head.frequent.count {
                codes.append(UInt64(head.frequent[rank]))
                continue
            }
            guard rank == RankedCoding.frequentMax else { return nil }
            if others.last?.frame.contains(row) != true {
                others.append(try frame(.others, of: entry, around: row))
            }
            guard let last = others.last else { return nil }
            // A row's place among the others of its frame is their number before it.
            if !last.frame.contains(counted.row) || counted.row > row {
                counted = (last.frame.lowerBound, 0)
            }
            counted.others += countRanks(
                octets.values(as: UInt8.self), head: head.octets, bits: 4,
                rows: counted.row..<row, equalTo: UInt8(rank))
            counted.row = row
            let place = counted.others
            let list = last.octets.values(as: UInt8.self)
            guard 2 * place + 2 <= list.count else { return nil }
            codes.append(number(list, at: 2 * place, octets: 2))
        }
        return codes
    }

    /// The codes of some rows of a chunk, of which only the frames are read that have one.
    ///
    /// - Parameters:
    ///   - octets: how many octets all frames have, the same number for each row.
    ///   - code: finds the code of a row in its frame, which has so many rows.
    private func pick(
        _ entry: ColumnEntry, _ picked: [UInt16], octets: Int,
        _ code: (_ octets: Span<UInt8>, _ rows: Int, _ row: Int) -> UInt64
    ) throws(StoreError) -> [UInt64] {
        _ = try chunk(.codes, of: entry, "codes of", octets: octets)
        var codes: [UInt64] = []
        codes.reserveCapacity(picked.count)
        var found: (octets: EncodedBytes, frame: Range<Int>)?
        for row in picked {
            if found?.frame.contains(Int(row)) != true {
                found = try frame(.codes, of: entry, around: Int(row))
            }
            guard let found, found.octets.count == octets / rows * found.frame.count else {
                throw impossible("codes of", entry)
            }
            codes.append(
                code(
                    found.octets.values(as: UInt8.self), found.frame.count,
                    Int(row) - found.frame.lowerBound))
        }
        return codes
    }

    /// The frame of a chunk that has a row, after decompression, and the rows that it has: all where the
    /// chunk is not in frames.
    private func frame(
        _ role: Chunk.Role, of entry: ColumnEntry, around row: Int
    ) throws(StoreError) -> (octets: EncodedBytes, frame: Range<Int>) {
        let chunk = try chunk(role, of: entry, "codes of")
        guard row >= 0, row < rows else { throw impossible("codes of", entry) }
        guard let rowsOfFrame = chunk.codec.rowsOfFrame else {
            return (try read(role, of: entry, "codes of"), 0..<rows)
        }
        let part = "codes of \(entry.field.name)"
        let table = try block.segment.frames(of: chunk, rows: rows, part: part)
        let number = row / rowsOfFrame
        let octets = try block.segment.read(table.frames[number], of: chunk, part: part)
        let first = number * rowsOfFrame
        return (octets, first..<min(first + rowsOfFrame, rows))
    }
}

extension Codes {
    /// Codes of so many octets, all of which must fit.
    fileprivate init(_ codes: [UInt64], width: Int) {
        let storage = EncodedBytes(unfilled: codes.count * width)
        var octets = storage.mutableValues(as: UInt8.self)
        for (index, code) in codes.enumerated() {
            for place in 0..<width {
                octets[index * width + place] = UInt8(truncatingIfNeeded: code >> UInt64(8 * place))
            }
        }
        self.init(width: width, storage: storage)
    }
}
