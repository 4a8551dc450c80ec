public import FlowModel

/// Turns batches into encoded columns; keeps its scratch memory from block to block.
///
/// For each column it takes what is smallest of: one constant, distances from the smallest value, a
/// sorted dictionary, and for `end` the time since `start`. Not shared between threads.
public final class BlockEncoder {
    private let addresses = AddressDictionaryBuilder()
    private let numbers = NumberDictionaryBuilder()
    private let filled = EncodedBytes(count: FlowBatch.capacity * 16)
    private let everyRow = EncodedBytes(count: FlowBatch.capacity / 8)

    private let usesNumberDictionaries: Bool

    /// An encoder.
    ///
    /// - Parameter usesNumberDictionaries: false for columns that are asked once and not kept: distances
    ///   are faster made.
    public init(usesNumberDictionaries: Bool = true) {
        self.usesNumberDictionaries = usesNumberDictionaries
        let everyRow = everyRow
        var words = everyRow.mutableValues(as: UInt64.self)
        for word in words.indices { words[word] = ~0 }
    }

    /// Encodes all rows of a batch, of which there must be at least one.
    public func encode(_ batch: FlowBatch) -> EncodedBlock {
        encode(batch, rows: 0..<batch.count)
    }

    /// Encodes some rows of a batch.
    ///
    /// - Parameter rows: at least one; begins at a multiple of 64.
    public func encode(_ batch: FlowBatch, rows: Range<Int>) -> EncodedBlock {
        precondition(!rows.isEmpty && rows.lowerBound & 63 == 0 && rows.upperBound <= batch.count)
        var columns: [EncodedColumn] = []
        var summaries: [ColumnSummary] = []
        for field in batch.fields {
            guard let encoded = encode(field, of: batch, rows: rows) else { continue }
            columns.append(encoded.column)
            summaries.append(encoded.summary)
        }
        if let index = columns.firstIndex(where: { $0.field == .end }),
            let values = lengthsOfFlows(batch, rows, columns)
        {
            columns[index] = EncodedColumn(
                field: .end, rows: rows.count, presence: columns[index].presence, values: values)
        }
        return EncodedBlock(
            rows: rows.count, columns: columns, summaries: summaries,
            other: batch.other.slice(rows))
    }

    /// Encodes one column; nil where none of the rows has a value.
    func encode(
        _ field: Field, of batch: FlowBatch, rows: Range<Int>
    ) -> (column: EncodedColumn, summary: ColumnSummary)? {
        guard let column = batch.column(field) else { return nil }
        let part = ColumnPart(column: column, rows: rows)
        guard let presence = presence(of: part) else { return nil }
        return switch column.width {
        case 1: encode(part, presence, as: UInt8.self)
        case 2: encode(part, presence, as: UInt16.self)
        case 4: encode(part, presence, as: UInt32.self)
        case 16: encodeAddresses(part, presence)
        default: encode(part, presence, as: UInt64.self)
        }
    }

    /// The rows of a column that are being encoded.
    private struct ColumnPart {
        let column: FlowColumn
        let rows: Range<Int>
    }

    private struct PresentRows {
        let presence: Presence
        let count: Int
    }

    /// Which rows have a value; nil where none has.
    private func presence(of part: ColumnPart) -> PresentRows? {
        let rows = part.rows.count
        if part.column.isDense { return PresentRows(presence: .all, count: rows) }
        let words = part.column.presence.extracting(droppingFirst: part.rows.lowerBound >> 6)
        let count = countBits(words, rows: rows)
        if count == 0 { return nil }
        if count == rows { return PresentRows(presence: .all, count: rows) }
        let storage = EncodedBytes(unfilled: (rows + 63) / 64 * 8)
        var output = storage.mutableValues(as: UInt64.self)
        for word in output.indices { output[word] = words[word] }
        if rows & 63 != 0 { output[rows >> 6] &= ~(~0 << UInt64(rows & 63)) }
        return PresentRows(presence: .some(storage), count: count)
    }

    private func encode<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ part: ColumnPart, _ present: PresentRows, as type: T.Type
    ) -> (column: EncodedColumn, summary: ColumnSummary) {
        let field = part.column.field
        let filled = filled
        let column = part.column
        let values = column.values(as: T.self).extracting(part.rows)
        let low: T
        let high: T
        let encoded: EncodedColumn.Values
        switch present.presence {
        case .all:
            (low, high) = extremes(values)
            encoded = encode(values, field, low, high)
        case .some(let bits):
            let words = bits.values(as: UInt64.self)
            (low, high) = extremes(values, presence: words)
            var output = filled.mutableValues(as: T.self)
            fillGaps(of: values, presence: words, with: low, into: &output)
            encoded = encode(
                filled.values(as: T.self).extracting(0..<values.count), field, low, high)
        }
        return (
            EncodedColumn(
                field: field, rows: part.rows.count, presence: present.presence, values: encoded),
            ColumnSummary(
                field: field, presentRows: present.count, range: UInt64(low)...UInt64(high),
                addressRange: nil,
                sum: field.info?.meaning == .counter
                    ? sum(
                        values, presence: words(present.presence).values(as: UInt64.self),
                        largest: high) : nil)
        )
    }

    private func encode<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ values: Span<T>, _ field: Field, _ low: T, _ high: T
    ) -> EncodedColumn.Values {
        let width = codeWidth(upTo: UInt64(high - low))
        // Times stay frames: windows and buckets are arithmetic on them.
        if usesNumberDictionaries, width >= 2, field.info?.meaning != .instant,
            let found = numbers.encode(values, frameWidth: width)
        {
            return .dictionary(found.dictionary, found.codes)
        }
        return .frame(base: UInt64(low), frame(values, from: low, width: width))
    }

    private func frame<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ values: Span<T>, from base: T, width: Int
    ) -> Codes {
        let storage = EncodedBytes(unfilled: values.count * width)
        switch width {
        case 1:
            var codes = storage.mutableValues(as: UInt8.self)
            distances(of: values, from: base, into: &codes)
        case 2:
            var codes = storage.mutableValues(as: UInt16.self)
            distances(of: values, from: base, into: &codes)
        case 4:
            var codes = storage.mutableValues(as: UInt32.self)
            distances(of: values, from: base, into: &codes)
        case 8:
            var codes = storage.mutableValues(as: UInt64.self)
            distances(of: values, from: base, into: &codes)
        default: break
        }
        return Codes(width: width, storage: storage)
    }

    private func encodeAddresses(
        _ part: ColumnPart, _ present: PresentRows
    ) -> (column: EncodedColumn, summary: ColumnSummary) {
        let filled = filled
        let column = part.column
        let values = column.values(as: IPAddress.self).extracting(part.rows)
        let found: (dictionary: AddressDictionary, codes: Codes)
        switch present.presence {
        case .all: found = addresses.encode(values)
        case .some(let bits):
            let words = bits.values(as: UInt64.self)
            var output = filled.mutableValues(as: IPAddress.self)
            fillGaps(
                of: values, presence: words, with: firstPresent(values, presence: words),
                into: &output)
            found = addresses.encode(
                filled.values(as: IPAddress.self).extracting(0..<values.count))
        }
        let dictionary = found.dictionary.storage
        let sorted = dictionary.values(as: IPAddress.self)
        return (
            EncodedColumn(
                field: part.column.field, rows: part.rows.count, presence: present.presence,
                values: .addresses(found.dictionary, found.codes)),
            ColumnSummary(
                field: part.column.field, presentRows: present.count, range: nil,
                addressRange: sorted[0]...sorted[sorted.count - 1])
        )
    }

    /// `end` as the time since `start`; nil where a row has an end before its start or no start.
    private func lengthsOfFlows(
        _ batch: FlowBatch, _ rows: Range<Int>, _ columns: [EncodedColumn]
    ) -> EncodedColumn.Values? {
        guard let start = batch.column(.start), let end = batch.column(.end),
            let startColumn = columns.first(where: { $0.field == .start }),
            let endColumn = columns.first(where: { $0.field == .end })
        else { return nil }
        let filled = filled
        let startPresence = words(startColumn.presence)
        let endPresence = words(endColumn.presence)
        var output = filled.mutableValues(as: UInt64.self)
        let starts = start.values(as: UInt64.self).extracting(rows)
        let longest = lengths(
            from: starts, presence: startPresence.values(as: UInt64.self),
            to: end.values(as: UInt64.self).extracting(rows),
            presence: endPresence.values(as: UInt64.self), into: &output)
        guard let longest, !extremes(starts).high.addingReportingOverflow(longest).overflow else {
            return nil
        }
        return .afterStart(
            frame(
                filled.values(as: UInt64.self).extracting(0..<rows.count), from: 0,
                width: codeWidth(upTo: longest)))
    }

    private func words(_ presence: Presence) -> EncodedBytes {
        switch presence {
        case .all: everyRow
        case .some(let bits): bits
        }
    }
}

private func firstPresent(_ values: Span<IPAddress>, presence: Span<UInt64>) -> IPAddress {
    for row in values.indices where presence[row >> 6] >> UInt64(row & 63) & 1 != 0 {
        return values[row]
    }
    return .v6Zero
}
