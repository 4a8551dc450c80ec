/// Listed IPv4 addresses, for look-ups at the speed of memory.
///
///     bitmap   a bit a /24, 2 MiB: whether anything in it is listed; most look-ups end here
///     index    a /16 each: how many segments start below it
///     starts, ends, numbers: the segments
struct TableV4: Sendable {
    let segments: Segments<UInt32>
    private var bitmap: [UInt64] = []
    private var index: [UInt32] = []

    init(_ segments: Segments<UInt32>) {
        self.segments = segments
        guard !segments.starts.isEmpty else { return }
        bitmap = [UInt64](repeating: 0, count: 1 << 18)
        index = [UInt32](repeating: 0, count: (1 << 16) + 1)
        for (start, end) in zip(segments.starts, segments.ends) {
            markBits(Int(start >> 8)...Int(end >> 8))
            index[Int(start >> 16) + 1] += 1
        }
        for block in 1...(1 << 16) { index[block] += index[block - 1] }
    }

    private mutating func markBits(_ bits: ClosedRange<Int>) {
        let (firstWord, lastWord) = (bits.lowerBound >> 6, bits.upperBound >> 6)
        let head = ~UInt64(0) << UInt64(bits.lowerBound & 63)
        let tail = ~UInt64(0) >> UInt64(63 - bits.upperBound & 63)
        guard firstWord < lastWord else {
            bitmap[firstWord] |= head & tail
            return
        }
        bitmap[firstWord] |= head
        for word in (firstWord + 1)..<lastWord { bitmap[word] = ~0 }
        bitmap[lastWord] |= tail
    }

    var isEmpty: Bool { segments.starts.isEmpty }
    var count: Int { segments.starts.count }
    var view: ViewV4 {
        @_lifetime(borrow self) get {
            ViewV4(
                bitmap: bitmap.span, index: index.span, starts: segments.starts.span,
                ends: segments.ends.span, numbers: segments.numbers.span)
        }
    }
}

/// A table's memory while a batch is looked up.
struct ViewV4: ~Escapable {
    let bitmap: Span<UInt64>
    let index: Span<UInt32>
    let starts: Span<UInt32>
    let ends: Span<UInt32>
    let numbers: Span<UInt32>

    @_lifetime(copy bitmap, copy index, copy starts, copy ends, copy numbers)
    init(
        bitmap: Span<UInt64>, index: Span<UInt32>, starts: Span<UInt32>, ends: Span<UInt32>,
        numbers: Span<UInt32>
    ) {
        // By these every access below is within bounds: an address has 32 bits, and the index counts
        // segments.
        precondition(
            starts.isEmpty
                || bitmap.count == 1 << 18 && index.count == 1 << 16 + 1
                    && index[1 << 16] == UInt32(starts.count)
        )
        precondition(starts.count == ends.count && starts.count == numbers.count)
        self.bitmap = bitmap
        self.index = index
        self.starts = starts
        self.ends = ends
        self.numbers = numbers
    }

    /// The set of the sources that list `address`, 0 for none; not for an empty table.
    @inline(__always)
    func find(_ address: UInt32) -> UInt32 {
        let word = unsafe bitmap[unchecked: Int(address >> 14)]
        guard word >> UInt64(address >> 8 & 63) & 1 != 0 else { return 0 }
        return search(address)
    }

    @inline(never)
    private func search(_ address: UInt32) -> UInt32 {
        let block = Int(address >> 16)
        var low = Int(unsafe index[unchecked: block])
        var high = Int(unsafe index[unchecked: block + 1])
        // The last segment that starts at or below the address; it may start in an earlier block.
        while low < high {
            let middle = (low + high) >> 1
            if unsafe starts[unchecked: middle] <= address {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low > 0, unsafe ends[unchecked: low - 1] >= address else { return 0 }
        return unsafe numbers[unchecked: low - 1]
    }
}
