import FlowModel

/// Makes the payloads of frames, column by column.
struct JournalRowsEncoder {
    /// A frame without its number; its payload is put into `buffer`.
    ///
    /// The batch has at least one row.
    func encode(_ batch: FlowBatch, into buffer: JournalBuffer) -> JournalFrame {
        let rows = batch.count
        precondition(rows > 0)
        buffer.begin()
        var columns: UInt16 = 0
        let place = buffer.take(8)
        buffer.set(UInt64(0), at: place)
        var received: ClosedRange<UInt64> = 0...0
        var start: ClosedRange<UInt64>?
        var rowsWithStart = 0
        for field in batch.fields {
            guard let column = batch.column(field) else { continue }
            let present = column.isDense ? rows : countBits(column.presence, rows: rows)
            if present == 0 { continue }
            let range = put(column, rows: rows, hasPresence: present < rows, to: buffer)
            switch field {
            case .received: received = presentRange(column, rows, present) ?? range
            case .start:
                start = presentRange(column, rows, present) ?? range
                rowsWithStart = present
            default: break
            }
            columns += 1
        }
        if !batch.other.isEmpty {
            put(batch.other, rows: rows, to: buffer)
            columns += 1
        }
        buffer.set(columns, at: place)
        var frame = JournalFrame(kind: .flows, rows: rows, payload: buffer)
        frame.received = received
        frame.start = start
        frame.rowsWithStart = rowsWithStart
        frame.layoutSize = batch.other.layouts.reduce(0) { $0 + 1 + $1.count }
        return frame
    }

    /// Smallest and largest of the values that are there; nil where all are.
    private func presentRange(
        _ column: FlowColumn, _ rows: Int, _ present: Int
    ) -> ClosedRange<UInt64>? {
        if present == rows { return nil }
        let values = column.values(as: UInt64.self).extracting(0..<rows)
        let (low, high) = extremes(values, presence: column.presence)
        return low...high
    }

    /// Appends a column; answers smallest and largest of all rows of a column of numbers.
    private func put(
        _ column: FlowColumn, rows: Int, hasPresence: Bool, to buffer: JournalBuffer
    ) -> ClosedRange<UInt64> {
        let place = buffer.take(12)
        // Kind, width, presence and length are put in their places when they are known.
        buffer.set(UInt64(column.field.rawValue), at: place)
        var kind = JournalColumnKind.numbers
        var range: ClosedRange<UInt64> = 0...0
        let width: Int
        switch column.width {
        case 1: (width, range) = putNumbers(column, UInt8.self, rows, hasPresence, buffer)
        case 2: (width, range) = putNumbers(column, UInt16.self, rows, hasPresence, buffer)
        case 4: (width, range) = putNumbers(column, UInt32.self, rows, hasPresence, buffer)
        case 8: (width, range) = putNumbers(column, UInt64.self, rows, hasPresence, buffer)
        default: (width, kind) = putAddresses(column, rows, hasPresence, buffer)
        }
        buffer.set(kind.rawValue, at: place + 2)
        buffer.set(UInt8(width), at: place + 3)
        buffer.set(UInt8(hasPresence ? 1 : 0), at: place + 4)
        buffer.set(UInt32(buffer.count - place - 12), at: place + 8)
        return range
    }

    private func putNumbers<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ column: FlowColumn, _ type: T.Type, _ rows: Int, _ hasPresence: Bool,
        _ buffer: JournalBuffer
    ) -> (width: Int, range: ClosedRange<UInt64>) {
        // Rows without a value hold 0, so that 0 comes back.
        let values = column.values(as: T.self).extracting(0..<rows)
        let (low, high) = extremes(values)
        let width = codeWidth(upTo: UInt64(high - low))
        buffer.put(UInt64(low))
        putPresence(column, rows, hasPresence, buffer)
        let place = buffer.take(rows * width)
        let storage = buffer.storage
        var octets = storage.mutableBytes
        switch width {
        case 1: putCodes(values, from: low, as: UInt8.self, to: &octets, at: place)
        case 2: putCodes(values, from: low, as: UInt16.self, to: &octets, at: place)
        case 4: putCodes(values, from: low, as: UInt32.self, to: &octets, at: place)
        case 8: putCodes(values, from: low, as: UInt64.self, to: &octets, at: place)
        default: break
        }
        return (width, UInt64(low)...UInt64(high))
    }

    private func putAddresses(
        _ column: FlowColumn, _ rows: Int, _ hasPresence: Bool, _ buffer: JournalBuffer
    ) -> (width: Int, kind: JournalColumnKind) {
        let values = column.values(as: IPAddress.self).extracting(0..<rows)
        let spread = spread(of: values)
        buffer.put(values[0])
        putPresence(column, rows, hasPresence, buffer)
        switch spread {
        case .one: return (0, .addresses)
        case .lowerBits:
            let place = buffer.take(rows * 4)
            let storage = buffer.storage
            var octets = storage.mutableBytes
            putLowerBits(values, to: &octets, at: place)
            return (4, .addresses)
        case .all(let v4):
            let place = buffer.take(
                JournalRows.mixedOctets(rows: rows, v4: v4))
            let storage = buffer.storage
            var octets = storage.mutableBytes
            putMixed(values, v4: v4, to: &octets, at: place)
            return (4, .mixedAddresses)
        }
    }

    private func putPresence(
        _ column: FlowColumn, _ rows: Int, _ hasPresence: Bool, _ buffer: JournalBuffer
    ) {
        if hasPresence {
            unsafe buffer.put(column.presence.bytes.extracting(0..<(rows + 63) / 64 * 8))
        }
    }

    private func put(_ other: OtherElements, rows: Int, to buffer: JournalBuffer) {
        let packed = pack(other, rows: rows)
        let place = buffer.take(12)
        buffer.set(UInt64(Field.other.rawValue), at: place)
        buffer.set(JournalColumnKind.elements.rawValue, at: place + 2)
        for part in [packed.layouts, packed.rows, packed.octets] { buffer.put(UInt32(part.count)) }
        for part in [packed.layouts, packed.rows, packed.octets] {
            unsafe buffer.put(part.span.bytes)
        }
        buffer.set(UInt32(buffer.count - place - 12), at: place + 8)
    }
}

/// Writes the distances of values from `low`, cut to the width of `Code`.
private func putCodes<T, Code>(
    _ values: Span<T>, from low: T, as type: Code.Type, to octets: inout MutableRawSpan,
    at place: Int
)
where T: FixedWidthInteger & BitwiseCopyable, Code: FixedWidthInteger & BitwiseCopyable {
    let size = MemoryLayout<Code>.size
    precondition(place >= 0 && values.count * size <= octets.byteCount - place)
    for row in values.indices {
        let code = unsafe Code(truncatingIfNeeded: values[unchecked: row] &- low)
        unsafe octets.storeBytes(
            of: code, toUncheckedByteOffset: place &+ row &* size, as: Code.self)
    }
}

/// Writes the lower 32 bits of addresses.
private func putLowerBits(
    _ values: Span<IPAddress>, to octets: inout MutableRawSpan, at place: Int
) {
    precondition(place >= 0 && values.count * 4 <= octets.byteCount - place)
    for row in values.indices {
        let bits = unsafe UInt32(truncatingIfNeeded: values[unchecked: row].low)
        unsafe octets.storeBytes(
            of: bits, toUncheckedByteOffset: place &+ row &* 4, as: UInt32.self)
    }
}

/// Writes which rows have an IPv4 address, then these in 4 octets and the others in 16.
private func putMixed(
    _ values: Span<IPAddress>, v4: Int, to octets: inout MutableRawSpan, at place: Int
) {
    precondition(
        place >= 0
            && JournalRows.mixedOctets(rows: values.count, v4: v4) <= octets.byteCount - place)
    var nextV4 = place + (values.count + 63) / 64 * 8
    var nextV6 = nextV4 + 4 * v4
    var row = 0
    while row < values.count {
        let end = min(row + 64, values.count)
        var bits: UInt64 = 0
        for index in row..<end {
            let value = unsafe values[unchecked: index]
            if value.isV4 {
                bits |= 1 << UInt64(index & 63)
                octets.storeBytes(
                    of: UInt32(truncatingIfNeeded: value.low), toByteOffset: nextV4,
                    as: UInt32.self)
                nextV4 &+= 4
            } else {
                octets.storeBytes(of: value.high, toByteOffset: nextV6, as: UInt64.self)
                octets.storeBytes(of: value.low, toByteOffset: nextV6 &+ 8, as: UInt64.self)
                nextV6 &+= 16
            }
        }
        octets.storeBytes(of: bits, toByteOffset: place &+ row / 8, as: UInt64.self)
        row = end
    }
}

private enum AddressSpread {
    case one, lowerBits
    /// With how many IPv4 addresses among them.
    case all(v4: Int)
}

/// Whether addresses differ at all, or only in their lower 32 bits, as IPv4 addresses do.
private func spread(of values: Span<IPAddress>) -> AddressSpread {
    let first = values[0]
    var high: UInt64 = 0
    var low: UInt64 = 0
    var v4 = 0
    for row in values.indices {
        let value = unsafe values[unchecked: row]
        high |= value.high ^ first.high
        low |= value.low ^ first.low
        v4 &+= value.isV4 ? 1 : 0
    }
    if high != 0 || low >> 32 != 0 { return .all(v4: v4) }
    return low == 0 ? .one : .lowerBits
}
