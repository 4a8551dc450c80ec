import FlowModel

// The flows of a batch as a journal keeps them: quickly made and quickly undone, not small.
//
//     u16 columns, u16 0, u32 0, then for each column:
//     u16 field, u8 kind, u8 octets a code, u8 whether presence follows, 3 × u8 0, u32 octets that follow
//       numbers    u64 smallest; presence; a code a row: value − smallest
//       addresses  u64, u64 base; presence; a code a row: the lower 32 bits, or 16 octets of address
//       elements   u32 layouts, u32 rows, u32 octets: the lengths of the chunks of `other`; the chunks

/// How a column of a journal frame is kept; numbers are never reused.
private struct ColumnKind: RawRepresentable, Hashable {
    let rawValue: UInt8
    static let numbers = ColumnKind(rawValue: 1)
    static let addresses = ColumnKind(rawValue: 2)
    static let elements = ColumnKind(rawValue: 3)
}

/// Makes the payload of frames; keeps its scratch memory.
final class JournalRowsEncoder {
    private let scratch = EncodedBytes(count: FlowBatch.capacity * 8)

    /// A frame without its number, and its payload; the batch has at least one row.
    func encode(_ batch: FlowBatch) -> (frame: JournalFrame, payload: [UInt8]) {
        let rows = batch.count
        precondition(rows > 0)
        var payload: [UInt8] = []
        payload.reserveCapacity(rows * 64 + 1024)
        var columns: UInt16 = 0
        payload.put(columns)
        payload.put(UInt16(0))
        payload.put(UInt32(0))
        var received: ClosedRange<UInt64> = 0...0
        var start: ClosedRange<UInt64>?
        var rowsWithStart = 0
        for field in batch.fields {
            guard let column = batch.column(field) else { continue }
            let present = column.isDense ? rows : countBits(column.presence, rows: rows)
            if present == 0 { continue }
            switch field {
            case .received: received = presentExtremes(column, rows, present)
            case .start:
                start = presentExtremes(column, rows, present)
                rowsWithStart = present
            default: break
            }
            put(column, rows: rows, hasPresence: present < rows, to: &payload)
            columns += 1
        }
        if !batch.other.isEmpty {
            put(batch.other, rows: rows, to: &payload)
            columns += 1
        }
        payload[0] = UInt8(truncatingIfNeeded: columns)
        payload[1] = UInt8(truncatingIfNeeded: columns >> 8)
        var frame = JournalFrame(kind: .flows, rows: rows, payload: payload)
        frame.received = received
        frame.start = start
        frame.rowsWithStart = rowsWithStart
        frame.layoutSize = batch.other.layouts.reduce(0) { $0 + 1 + $1.count }
        return (frame, payload)
    }

    private func presentExtremes(
        _ column: FlowColumn, _ rows: Int, _ present: Int
    ) -> ClosedRange<UInt64> {
        let values = column.values(as: UInt64.self).extracting(0..<rows)
        let (low, high) =
            present == rows ? extremes(values) : extremes(values, presence: column.presence)
        return low...high
    }

    private func put(
        _ column: FlowColumn, rows: Int, hasPresence: Bool, to payload: inout [UInt8]
    ) {
        let place = payload.count
        payload.put(column.field.rawValue)
        // Kind, width, presence and length are put in their places when they are known.
        for _ in 0..<10 { payload.append(0) }
        let width: Int
        switch column.width {
        case 1: width = putNumbers(column, UInt8.self, rows, hasPresence, &payload)
        case 2: width = putNumbers(column, UInt16.self, rows, hasPresence, &payload)
        case 4: width = putNumbers(column, UInt32.self, rows, hasPresence, &payload)
        case 8: width = putNumbers(column, UInt64.self, rows, hasPresence, &payload)
        default: width = putAddresses(column, rows, hasPresence, &payload)
        }
        payload[place + 2] =
            (column.width == 16 ? ColumnKind.addresses : ColumnKind.numbers).rawValue
        payload[place + 3] = UInt8(width)
        payload[place + 4] = hasPresence ? 1 : 0
        payload.setLength(of: place)
    }

    private func putNumbers<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ column: FlowColumn, _ type: T.Type, _ rows: Int, _ hasPresence: Bool,
        _ payload: inout [UInt8]
    ) -> Int {
        // Rows without a value hold 0, so that 0 comes back.
        let values = column.values(as: T.self).extracting(0..<rows)
        let (low, high) = extremes(values)
        let width = codeWidth(upTo: UInt64(high - low))
        payload.put(UInt64(low))
        putPresence(column, rows, hasPresence, &payload)
        switch width {
        case 1: putCodes(values, from: low, as: UInt8.self, &payload)
        case 2: putCodes(values, from: low, as: UInt16.self, &payload)
        case 4: putCodes(values, from: low, as: UInt32.self, &payload)
        case 8: putCodes(values, from: low, as: UInt64.self, &payload)
        default: break
        }
        return width
    }

    private func putCodes<T, Code>(
        _ values: Span<T>, from low: T, as type: Code.Type, _ payload: inout [UInt8]
    )
    where T: FixedWidthInteger & BitwiseCopyable, Code: FixedWidthInteger & BitwiseCopyable {
        let scratch = scratch
        var codes = scratch.mutableValues(as: Code.self, first: values.count)
        distances(of: values, from: low, into: &codes)
        payload.put(scratch.bytes.extracting(0..<values.count * MemoryLayout<Code>.size))
    }

    private func putAddresses(
        _ column: FlowColumn, _ rows: Int, _ hasPresence: Bool, _ payload: inout [UInt8]
    ) -> Int {
        let values = column.values(as: IPAddress.self).extracting(0..<rows)
        let spread = spread(of: values)
        payload.put(values[0])
        putPresence(column, rows, hasPresence, &payload)
        switch spread {
        case .one: return 0
        case .lowerBits:
            let scratch = scratch
            var codes = scratch.mutableValues(as: UInt32.self, first: rows)
            for row in 0..<rows { codes[row] = UInt32(truncatingIfNeeded: values[row].low) }
            payload.put(scratch.bytes.extracting(0..<rows * 4))
            return 4
        case .all:
            unsafe payload.put(values.bytes)
            return 16
        }
    }

    private func putPresence(
        _ column: FlowColumn, _ rows: Int, _ hasPresence: Bool, _ payload: inout [UInt8]
    ) {
        if hasPresence {
            unsafe payload.put(column.presence.bytes.extracting(0..<(rows + 63) / 64 * 8))
        }
    }

    private func put(_ other: OtherElements, rows: Int, to payload: inout [UInt8]) {
        let packed = pack(other, rows: rows)
        let place = payload.count
        payload.put(Field.other.rawValue)
        payload += [ColumnKind.elements.rawValue, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        for part in [packed.layouts, packed.rows, packed.octets] { payload.put(UInt32(part.count)) }
        payload += packed.layouts
        payload += packed.rows
        payload += packed.octets
        payload.setLength(of: place)
    }
}

extension [UInt8] {
    /// Sets the length of the column record at `place` to what follows its first 12 octets.
    fileprivate mutating func setLength(of place: Int) {
        let length = UInt32(count - place - 12)
        for octet in 0..<4 {
            self[place + 8 + octet] = UInt8(truncatingIfNeeded: length >> UInt32(octet * 8))
        }
    }
}

private enum AddressSpread {
    case one, lowerBits, all
}

/// Whether addresses differ at all, or only in their lower 32 bits, as IPv4 addresses do.
private func spread(of values: Span<IPAddress>) -> AddressSpread {
    var high: UInt64 = 0
    var low: UInt64 = 0
    for row in values.indices {
        high |= values[row].high ^ values[0].high
        low |= values[row].low ^ values[0].low
    }
    if high != 0 || low >> 32 != 0 { return .all }
    return low == 0 ? .one : .lowerBits
}

/// The columns of a frame, found and checked, not yet undone.
struct JournalRows {
    private struct Column {
        let field: Field
        let width: Int
        let hasPresence: Bool
        /// Where smallest value, presence and codes lie in the payload.
        let range: Range<Int>
    }

    /// The flows.
    let rows: Int
    private let payload: [UInt8]
    private var columns: [Column] = []
    private var other = OtherElements()

    /// Takes a payload whose checksum fits.
    ///
    /// A field that this build does not know, or one of another width, means that a newer build wrote
    /// it: ``Damage/value(part:)``, for leaving it out would lose it.
    init(_ payload: [UInt8], rows: Int) throws(Damage) {
        self.rows = rows
        self.payload = payload
        var reader = ByteReader(payload)
        let count = Int(try reader.next(UInt16.self))
        _ = try reader.next(UInt16.self)
        _ = try reader.next(UInt32.self)
        for _ in 0..<count {
            let field = Field(rawValue: try reader.next(UInt16.self))
            let kind = ColumnKind(rawValue: try reader.next(UInt8.self))
            let width = Int(try reader.next(UInt8.self))
            let hasPresence = try reader.next(UInt8.self) == 1
            for _ in 0..<3 { _ = try reader.next(UInt8.self) }
            let length = Int(try reader.next(UInt32.self))
            let start = reader.offset
            var part = try reader.part(length)
            guard let storage = field.storage else { throw .value(part: "field of a journal") }
            let presence = hasPresence ? (rows + 63) / 64 * 8 : 0
            let need: Int
            switch (kind, storage) {
            case (.elements, .elements):
                try readElements(&part)
                continue
            case (.addresses, .address) where [0, 4, 16].contains(width):
                need = 16 + presence + rows * width
            case (.numbers, _) where [0, 1, 2, 4, 8].contains(width) && (1...8) ~= storage.width:
                need = 8 + presence + rows * width
            default: throw .value(part: "column of a journal")
            }
            guard length == need else { throw .value(part: "column of a journal") }
            columns.append(
                Column(
                    field: field, width: width, hasPresence: hasPresence,
                    range: start..<start + length))
        }
        if reader.remaining > 0 { throw .value(part: "journal") }
    }

    private mutating func readElements(_ part: inout ByteReader) throws(Damage) {
        let lengths = (
            Int(try part.next(UInt32.self)), Int(try part.next(UInt32.self)),
            Int(try part.next(UInt32.self))
        )
        let packed = PackedOther(
            layouts: try part.take(lengths.0), rows: try part.take(lengths.1),
            octets: try part.take(lengths.2))
        other = try unpack(packed, rows: rows)
    }

    /// Whether the flows fit into a batch that has others already.
    func fit(_ batch: FlowBatch) -> Bool {
        batch.room >= rows && batch.fits(other)
    }

    /// Appends the flows to a batch into which they ``fit(_:)``.
    func append(to batch: FlowBatch) {
        precondition(fit(batch))
        for column in columns {
            let target = batch.columnForWriting(column.field)
            let octets = unsafe payload.span.bytes.extracting(column.range)
            switch target.width {
            case 1: place(octets, of: column, in: target, as: UInt8.self, at: batch.count)
            case 2: place(octets, of: column, in: target, as: UInt16.self, at: batch.count)
            case 4: place(octets, of: column, in: target, as: UInt32.self, at: batch.count)
            case 8: place(octets, of: column, in: target, as: UInt64.self, at: batch.count)
            default: placeAddresses(octets, of: column, in: target, at: batch.count)
            }
        }
        batch.append(other, rows: rows)
        batch.advance(by: rows)
    }

    private func place<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ octets: RawSpan, of column: Column, in target: FlowColumn, as type: T.Type, at row: Int
    ) {
        let base = T(
            truncatingIfNeeded: unsafe octets.unsafeLoadUnaligned(
                fromByteOffset: 0, as: UInt64.self))
        let codes = placePresence(octets, of: column, in: target, baseOctets: 8, at: row)
        var values = target.mutableValues(as: T.self)
        switch column.width {
        case 1: fill(&values, at: row, count: rows, base: base, codes: codes, as: UInt8.self)
        case 2: fill(&values, at: row, count: rows, base: base, codes: codes, as: UInt16.self)
        case 4: fill(&values, at: row, count: rows, base: base, codes: codes, as: UInt32.self)
        case 8: fill(&values, at: row, count: rows, base: base, codes: codes, as: UInt64.self)
        default: for index in row..<row + rows { values[index] = base }
        }
    }

    private func placeAddresses(
        _ octets: RawSpan, of column: Column, in target: FlowColumn, at row: Int
    ) {
        let base = unsafe octets.unsafeLoadUnaligned(fromByteOffset: 0, as: IPAddress.self)
        let codes = placePresence(octets, of: column, in: target, baseOctets: 16, at: row)
        var values = target.mutableValues(as: IPAddress.self)
        switch column.width {
        case 4:
            let upper = base.low & ~0xffff_ffff
            for index in 0..<rows {
                let code = unsafe codes.unsafeLoadUnaligned(
                    fromByteOffset: index * 4, as: UInt32.self)
                values[row + index] = IPAddress(high: base.high, low: upper | UInt64(code))
            }
        case 16:
            for index in 0..<rows {
                values[row + index] = unsafe codes.unsafeLoadUnaligned(
                    fromByteOffset: index * 16, as: IPAddress.self)
            }
        default: for index in row..<row + rows { values[index] = base }
        }
    }

    /// Marks the rows that have a value; answers the codes.
    @_lifetime(copy octets)
    private func placePresence(
        _ octets: RawSpan, of column: Column, in target: FlowColumn, baseOctets: Int, at row: Int
    ) -> RawSpan {
        guard column.hasPresence else {
            target.markPresent(row..<row + rows)
            return octets.extracting(baseOctets..<octets.byteCount)
        }
        let words = (rows + 63) / 64
        for word in 0..<words {
            var bits = unsafe octets.unsafeLoadUnaligned(
                fromByteOffset: baseOctets + word * 8, as: UInt64.self)
            if word == words - 1, rows & 63 != 0 { bits &= ~(~0 << UInt64(rows & 63)) }
            while bits != 0 {
                target.markPresent(row + word * 64 + bits.trailingZeroBitCount)
                bits &= bits - 1
            }
        }
        return octets.extracting(baseOctets + words * 8..<octets.byteCount)
    }
}

/// Sets `count` values to base + code.
private func fill<T, Code>(
    _ values: inout MutableSpan<T>, at row: Int, count: Int, base: T, codes: RawSpan,
    as type: Code.Type
)
where
    T: FixedWidthInteger & BitwiseCopyable,
    Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable
{
    precondition(row >= 0 && count >= 0 && count <= values.count - row)
    precondition(codes.byteCount >= count * MemoryLayout<Code>.size)
    for index in 0..<count {
        let code = unsafe codes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: index &* MemoryLayout<Code>.size, as: Code.self)
        values[row &+ index] = base &+ T(truncatingIfNeeded: code)
    }
}
