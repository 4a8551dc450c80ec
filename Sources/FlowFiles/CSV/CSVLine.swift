/// The cells of one line: where each begins and ends, without its quotes.
struct CSVLine {
    /// What is wrong with a line.
    enum Problem: Error {
        case openQuote
        case tooManyCells
    }

    private(set) var cells: [Range<Int>] = []

    /// Finds the cells of `line`, which is without its end.
    ///
    /// A cell in quotes may hold delimiters. Quotes within are doubled (RFC 4180 §2.7) and stay so: no
    /// field has any. Spaces around a cell are not part of it.
    mutating func split(_ line: RawSpan, delimiter: UInt8) throws(Problem) {
        cells.removeAll(keepingCapacity: true)
        var start = 0
        while true {
            var end = start
            while end < line.byteCount, line.octet(at: end) == 0x20 { end += 1 }
            if end < line.byteCount, line.octet(at: end) == 0x22 {
                let first = end + 1
                end = first
                while true {
                    while end < line.byteCount, line.octet(at: end) != 0x22 { end += 1 }
                    guard end < line.byteCount else { throw .openQuote }
                    guard end + 1 < line.byteCount, line.octet(at: end + 1) == 0x22 else { break }
                    end += 2
                }
                append(first..<end, of: line)
                end = Self.next(delimiter, in: line, from: end)
            } else {
                let first = end
                end = Self.next(delimiter, in: line, from: end)
                append(first..<end, of: line)
            }
            guard cells.count <= CSVColumns.columnsMax else { throw .tooManyCells }
            guard end < line.byteCount else { return }
            start = end + 1
        }
    }

    private mutating func append(_ cell: Range<Int>, of line: RawSpan) {
        var end = cell.upperBound
        while end > cell.lowerBound, line.octet(at: end - 1) == 0x20 { end -= 1 }
        cells.append(cell.lowerBound..<end)
    }

    /// Where `octet` is next, or the end.
    @inline(__always)
    private static func next(_ octet: UInt8, in bytes: RawSpan, from start: Int) -> Int {
        precondition(start >= 0)
        var index = start
        while index < bytes.byteCount,
            unsafe bytes.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self) != octet
        {
            index &+= 1
        }
        return index
    }

    /// Of `,` `;` tab and `|`, what a line has most of.
    static func likelyDelimiter(of line: RawSpan) -> UInt8 {
        var counts = [UInt8: Int]()
        for index in 0..<line.byteCount { counts[line.octet(at: index), default: 0] += 1 }
        let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), 9, UInt8(ascii: "|")]
        return candidates.max { counts[$0, default: 0] < counts[$1, default: 0] } ?? candidates[0]
    }

    /// Where the line that begins at `start` ends, and where the next one begins; nil where it does
    /// not end in `bytes`.
    @inline(__always)
    static func end(_ bytes: RawSpan, from start: Int) -> (end: Int, next: Int)? {
        let index = next(10, in: bytes, from: start)
        guard index < bytes.byteCount else { return nil }
        let isReturn = index > start && bytes.octet(at: index - 1) == 13
        return (isReturn ? index - 1 : index, index + 1)
    }
}
