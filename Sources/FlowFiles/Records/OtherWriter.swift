import FlowModel

/// Writes the elements without a column of one layout's records, a row at a time.
///
/// Which elements a row has is a mask over the layout's pieces: a file format keeps places for values
/// that the exporter never sent, and those are zero.
struct OtherWriter {
    private let pieces: [OtherPiece]
    /// The batch's layout number of each mask, as long as the batch is the same.
    private var numbers: [UInt64: UInt16] = [:]
    private var batchStart = -1
    private var octets: [UInt8] = []

    init(_ pieces: [OtherPiece]) { self.pieces = pieces }

    var isEmpty: Bool { pieces.isEmpty }

    /// Writes what `record` has of them to `row`.
    ///
    /// - Parameter batchStart: differs from batch to batch.
    mutating func write(
        _ record: RawSpan, isBigEndian: Bool, row: Int, into other: inout OtherElements,
        batchStart: Int
    ) {
        octets.removeAll(keepingCapacity: true)
        var mask: UInt64 = 0
        for (index, piece) in pieces.enumerated()
        where append(piece, of: record, isBigEndian: isBigEndian) {
            mask |= 1 << UInt64(index)
        }
        guard mask != 0, let number = number(of: mask, in: &other, batchStart) else { return }
        unsafe other.set(row: row, layout: number, octets: octets.span.bytes)
    }

    private mutating func number(
        of mask: UInt64, in other: inout OtherElements, _ batchStart: Int
    ) -> UInt16? {
        if batchStart != self.batchStart {
            numbers.removeAll(keepingCapacity: true)
            self.batchStart = batchStart
        }
        if let number = numbers[mask] { return number }
        let elements = pieces.indices.filter { mask >> UInt64($0) & 1 != 0 }
            .map { pieces[$0].element }
        guard let number = other.layout(elements) else { return nil }
        numbers[mask] = number
        return number
    }

    /// Appends the piece's octets; false where the record has no value for it.
    private mutating func append(
        _ piece: OtherPiece, of record: RawSpan, isBigEndian: Bool
    ) -> Bool {
        let offset = piece.offset
        switch piece.content {
        case .number(let count):
            var any: UInt8 = 0
            for index in 0..<count {
                let place = isBigEndian ? offset + index : offset + count - 1 - index
                let octet = record.octet(at: place)
                any |= octet
                octets.append(octet)
            }
            if any == 0 { octets.removeLast(count) }
            return any != 0
        case .octets(let count):
            var any: UInt8 = 0
            for index in offset..<offset + count {
                any |= record.octet(at: index)
                octets.append(record.octet(at: index))
            }
            if any == 0 { octets.removeLast(count) }
            return any != 0
        case .text(let count):
            var length = 0
            while length < count, record.octet(at: offset + length) != 0 { length += 1 }
            return append(length, from: offset, of: record)
        case .variable(let count):
            return append(count, from: offset, of: record)
        case .wholeSeconds, .microseconds:
            let total = isBigEndian ? record.big64(at: offset) : record.little64(at: offset)
            guard total != 0 else { return false }
            let isWhole = if case .wholeSeconds = piece.content { true } else { false }
            let part = isWhole ? total / 1_000_000 : total % 1_000_000
            let value = UInt32(clamping: part)
            for shift in stride(from: UInt32(24), through: 0, by: -8) {
                octets.append(UInt8(truncatingIfNeeded: value >> shift))
            }
            return true
        }
    }

    /// Appends octets after their number.
    private mutating func append(_ count: Int, from offset: Int, of record: RawSpan) -> Bool {
        guard count > 0, count < 65_536 else { return false }
        octets.append(UInt8(count >> 8))
        octets.append(UInt8(count & 0xff))
        for index in offset..<offset + count { octets.append(record.octet(at: index)) }
        return true
    }
}
