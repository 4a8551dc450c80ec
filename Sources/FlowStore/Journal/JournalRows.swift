import FlowModel

// The flows of a batch as a journal keeps them: quickly made and quickly undone, not small.
//
//     u16 columns, u16 0, u32 0, then for each column:
//     u16 field, u8 kind, u8 octets a code, u8 whether presence follows, 3 × u8 0, u32 octets that follow
//       numbers    u64 smallest; presence; a code a row: value − smallest
//       addresses  u64, u64 base; presence; a code a row: the lower 32 bits, or 16 octets of address
//       mixed      u64, u64 any; presence; a bit a row that is set for IPv4; the lower 32 bits of those;
//                  16 octets of each other address (since version 2)
//       elements   u32 layouts, u32 rows, u32 octets: the lengths of the chunks of `other`; the chunks

/// How a column of a journal frame is kept; numbers are never reused.
struct JournalColumnKind: RawRepresentable, Hashable {
    let rawValue: UInt8
    static let numbers = JournalColumnKind(rawValue: 1)
    static let addresses = JournalColumnKind(rawValue: 2)
    static let elements = JournalColumnKind(rawValue: 3)
    static let mixedAddresses = JournalColumnKind(rawValue: 4)
}

/// The columns of a frame, found and checked, not yet undone.
struct JournalRows {
    private struct Column {
        let field: Field
        let kind: JournalColumnKind
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
            let kind = JournalColumnKind(rawValue: try reader.next(UInt8.self))
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
            case (.mixedAddresses, .address):
                need = try 16 + presence + mixedOctets(&part, after: 16 + presence)
            case (.numbers, _) where [0, 1, 2, 4, 8].contains(width) && (1...8) ~= storage.width:
                need = 8 + presence + rows * width
            default: throw .value(part: "column of a journal")
            }
            guard length == need else { throw .value(part: "column of a journal") }
            columns.append(
                Column(
                    field: field, kind: kind, width: width, hasPresence: hasPresence,
                    range: start..<start + length))
        }
        if reader.remaining > 0 { throw .value(part: "journal") }
    }

    /// Octets of addresses of which `v4` are IPv4.
    static func mixedOctets(rows: Int, v4: Int) -> Int {
        (rows + 63) / 64 * 8 + 4 * v4 + 16 * (rows - v4)
    }

    private func mixedOctets(
        _ part: inout ByteReader, after offset: Int
    ) throws(Damage) -> Int {
        _ = try part.part(offset)
        var v4 = 0
        for word in 0..<(rows + 63) / 64 {
            var bits = try part.next(UInt64.self)
            if rows - word * 64 < 64 { bits &= ~(~0 << UInt64(rows & 63)) }
            v4 += bits.nonzeroBitCount
        }
        return Self.mixedOctets(rows: rows, v4: v4)
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
        if column.kind == .mixedAddresses {
            fillMixed(&values, at: row, count: rows, from: codes)
            return
        }
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
            let bits = unsafe octets.unsafeLoadUnaligned(
                fromByteOffset: baseOctets + word * 8, as: UInt64.self)
            let first = row + word * 64
            target.markPresent(first..<min(first + 64, row + rows), bits: bits)
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

/// Sets `count` addresses to those that ``JournalRowsEncoder`` wrote as mixed.
private func fillMixed(
    _ values: inout MutableSpan<IPAddress>, at row: Int, count: Int, from codes: RawSpan
) {
    let words = (count + 63) / 64
    var v4 = 0
    for word in 0..<words {
        var bits = unsafe codes.unsafeLoadUnaligned(fromByteOffset: word * 8, as: UInt64.self)
        if count - word * 64 < 64 { bits &= ~(~0 << UInt64(count & 63)) }
        v4 += bits.nonzeroBitCount
    }
    precondition(codes.byteCount >= JournalRows.mixedOctets(rows: count, v4: v4))
    var nextV4 = words * 8
    var nextV6 = nextV4 + 4 * v4
    for index in 0..<count {
        let bits = unsafe codes.unsafeLoadUnaligned(
            fromByteOffset: index / 64 * 8, as: UInt64.self)
        if bits >> UInt64(index & 63) & 1 != 0 {
            values[row + index] = unsafe IPAddress(
                v4: codes.unsafeLoadUnaligned(fromByteOffset: nextV4, as: UInt32.self))
            nextV4 += 4
        } else {
            values[row + index] = unsafe IPAddress(
                high: codes.unsafeLoadUnaligned(fromByteOffset: nextV6, as: UInt64.self),
                low: codes.unsafeLoadUnaligned(fromByteOffset: nextV6 + 8, as: UInt64.self))
            nextV6 += 16
        }
    }
}
