// Codes of two octets and more of which nearly all are small, such as packets and octets of a flow: their
// lower octets as they are, and a list of the rows that need more.
//
//     codes     60 1500 90000 44            lower two octets   60 1500 24464 44
//                                           exceptions         row 2: 90000
//
// Nothing is to be decompressed, and a row is found without the others.

/// What is stored of a column.
struct LowOctets {
    /// The lower octets of each row, one row behind the other.
    let lows: EncodedBytes
    /// The rows that need more, ascending, 2 octets each; then their codes.
    let exceptions: EncodedBytes
}

/// Rows that may need more octets, as a share of all.
private let exceptionShare = 32

/// The lower octets of codes, as few as fit nearly all; nil where no fewer do.
func packLow(_ codes: Codes) -> LowOctets? {
    switch codes.width {
    case 2: packLow(codes.storage.values(as: UInt16.self))
    case 4: packLow(codes.storage.values(as: UInt32.self))
    case 8: packLow(codes.storage.values(as: UInt64.self))
    default: nil
    }
}

private func packLow<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ codes: Span<Code>
) -> LowOctets? {
    let most = codes.count / exceptionShare
    let beyondOne = countAbove(0xff, codes)
    if beyondOne <= most { return packLow(codes, UInt8.self, exceptions: beyondOne) }
    guard MemoryLayout<Code>.size > 2 else { return nil }
    let beyondTwo = countAbove(0xffff, codes)
    return beyondTwo <= most ? packLow(codes, UInt16.self, exceptions: beyondTwo) : nil
}

private func countAbove<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ limit: Code, _ codes: Span<Code>
) -> Int {
    var count: Code = 0
    var total = 0
    // Counted in the width of the codes, which loads whole vectors, and so seldom that none overflows.
    for first in stride(from: 0, to: codes.count, by: 255) {
        count = 0
        for row in first..<min(first + 255, codes.count) {
            unsafe count &+= codes[unchecked: row] > limit ? 1 : 0
        }
        total += Int(count)
    }
    return total
}

private func packLow<
    Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable,
    Low: FixedWidthInteger & UnsignedInteger & BitwiseCopyable
>(_ codes: Span<Code>, _: Low.Type, exceptions count: Int) -> LowOctets {
    let storage = EncodedBytes(unfilled: codes.count * MemoryLayout<Low>.size)
    var lows = storage.mutableValues(as: Low.self)
    for row in codes.indices {
        unsafe lows[unchecked: row] = Low(truncatingIfNeeded: codes[unchecked: row])
    }
    let size = MemoryLayout<Code>.size
    let exceptions = EncodedBytes(unfilled: count * (2 + size))
    var rows = exceptions.mutableValues(as: UInt16.self, first: count)
    var octets = exceptions.mutableValues(as: UInt8.self)
    var next = 0
    for row in codes.indices where codes[row] > Code(Low.max) && next < count {
        rows[next] = UInt16(row)
        for place in 0..<size {
            octets[2 * count + next * size + place] = UInt8(
                truncatingIfNeeded: codes[row] >> Code(8 * place))
        }
        next += 1
    }
    return LowOctets(lows: storage, exceptions: exceptions)
}

/// The codes that ``packLow(_:)`` packed; nil where the octets are not that, or a code is above `limit`.
func unpackLow(
    _ lows: EncodedBytes, exceptions: EncodedBytes?, width: Int, rows: Int, atMost limit: UInt64
) -> EncodedBytes? {
    let output = EncodedBytes(unfilled: rows * width)
    let isWhole =
        switch width {
        case 2: unpackLow(lows, exceptions, UInt16.self, rows, limit, into: output)
        case 4: unpackLow(lows, exceptions, UInt32.self, rows, limit, into: output)
        case 8: unpackLow(lows, exceptions, UInt64.self, rows, limit, into: output)
        default: false
        }
    return isWhole ? output : nil
}

private func unpackLow<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ lows: EncodedBytes, _ exceptions: EncodedBytes?, _: Code.Type, _ rows: Int,
    _ limit: UInt64, into output: EncodedBytes
) -> Bool {
    let octets = lows.count / max(rows, 1)
    guard octets < MemoryLayout<Code>.size, octets * rows == lows.count,
        Codes(width: octets == 1 ? 1 : 2, storage: lows).areAtMost(limit)
    else { return false }
    var codes = output.mutableValues(as: Code.self)
    switch octets {
    case 1: widen(lows.values(as: UInt8.self), into: &codes)
    case 2: widen(lows.values(as: UInt16.self), into: &codes)
    default: return false
    }
    guard let exceptions else { return true }
    return except(exceptions, in: &codes, atMost: limit)
}

/// Puts other codes into the rows of a list; false where the octets are not one, or a row or code is
/// beyond its limit.
func except<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ exceptions: EncodedBytes, in codes: inout MutableSpan<Code>, atMost limit: UInt64
) -> Bool {
    let size = MemoryLayout<Code>.size
    let count = exceptions.count / (2 + size)
    guard exceptions.count == count * (2 + size) else { return false }
    let rows = exceptions.values(as: UInt16.self)
    let octets = exceptions.bytes.extracting(2 * count..<exceptions.count)
    var next = 0
    for index in 0..<count {
        let row = Int(rows[index])
        let code = unsafe octets.unsafeLoadUnaligned(
            fromUncheckedByteOffset: index &* size, as: Code.self)
        guard row >= next, row < codes.count, UInt64(code) <= limit else { return false }
        codes[row] = code
        next = row &+ 1
    }
    return true
}

private func widen<
    Low: FixedWidthInteger & UnsignedInteger & BitwiseCopyable,
    Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable
>(_ lows: Span<Low>, into codes: inout MutableSpan<Code>) {
    precondition(lows.count == codes.count)
    for row in lows.indices {
        unsafe codes[unchecked: row] = Code(truncatingIfNeeded: lows[unchecked: row])
    }
}

/// Rows that have another code than the rest of a chunk says: 2 octets each, ascending, then the codes.
struct ExceptionList {
    private let octets: EncodedBytes
    private let width: Int
    let count: Int

    /// Takes a list apart; nil where the octets are not one, or a row or code is beyond its limit.
    init?(_ octets: EncodedBytes, width: Int, rows: Int, _ limit: UInt64) {
        count = octets.count / (2 + width)
        guard octets.count == count * (2 + width) else { return nil }
        self.octets = octets
        self.width = width
        for index in 0..<count {
            guard row(index) < rows, index == 0 || row(index - 1) < row(index),
                code(index) <= limit
            else { return nil }
        }
    }

    func row(_ index: Int) -> Int { Int(octets.values(as: UInt16.self)[index]) }

    func code(_ index: Int) -> UInt64 {
        number(octets.values(as: UInt8.self), at: 2 * count + index * width, octets: width)
    }

    /// The code of a row; nil where the list has not the row.
    func code(ofRow wanted: Int) -> UInt64? {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if row(middle) < wanted { low = middle + 1 } else { high = middle }
        }
        return low < count && row(low) == wanted ? code(low) : nil
    }
}

/// A little-endian number of up to eight octets.
func number(_ octets: Span<UInt8>, at place: Int, octets width: Int) -> UInt64 {
    var number: UInt64 = 0
    for index in 0..<width { number |= UInt64(octets[place + index]) << UInt64(8 * index) }
    return number
}
