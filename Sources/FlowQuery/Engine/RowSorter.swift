import FlowModel

/// Rows of one worker on their way into an order: kept in memory up to a limit, then sorted and
/// written to a temporary file as a run.
///
/// Rows that come in the order of their positions, as those of blocks do, need not be sorted by these.
final class RowSorter {
    /// A sorted stretch of a temporary file.
    struct Run {
        let file: TemporaryFile
        let octets: Range<UInt64>
    }

    let layout: RowLayout
    /// What is in files, oldest first.
    private(set) var runs: [Run] = []
    /// What is in memory: records in the order in which they came.
    let records: RecordBuffer
    /// The octets of their elements.
    let blobs = RecordBuffer(capacity: 0)
    /// The numbers of the records in memory, in order after ``finish()``.
    private(set) var order = Scratch<UInt32>(1, repeating: 0)
    /// Records in memory.
    private(set) var count = 0

    private var blobOctets = 0
    private var lastPosition: UInt64 = 0
    private var isAscending = true
    private let octetsMax: Int
    private let recordsMax: Int
    private var file: TemporaryFile?
    private var blob: [UInt8] = []

    /// What sorting takes of memory for a record: its number and 64 bits of its key, twice.
    private static let sortOctets = 24
    /// Octets that are written in one go.
    private static let writeOctets = 1 << 20

    /// - Parameter memory: octets that the rows may take.
    init(_ layout: RowLayout, memory: Int) {
        self.layout = layout
        octetsMax = max(memory, 1 << 16)
        recordsMax = min(
            max(octetsMax / (layout.stride + Self.sortOctets), 256), Int(UInt32.max))
        records = RecordBuffer(
            capacity: min(recordsMax, 1024) * layout.stride + RowLayout.spare)
    }

    /// Takes the rows of a block, one for each rank.
    func append(_ ranks: Span<FlowRank>, _ rows: FlowRows) throws {
        precondition(ranks.count == rows.count)
        var first = 0
        while first < ranks.count {
            if count == recordsMax || isFull { try spill() }
            let end = min(ranks.count, first + recordsMax - count, first + pieceRows)
            grow(by: end - first)
            let offset = count * layout.stride
            for row in first..<end {
                isAscending = isAscending && ranks[row].position >= lastPosition
                lastPosition = ranks[row].position
                layout.store(ranks[row], records, at: offset + (row - first) * layout.stride)
            }
            rows.store(first..<end, layout, into: records, at: offset)
            if let place = layout.elements {
                for row in first..<end {
                    storeElements(
                        of: row, rows, at: offset + (row - first) * layout.stride + place)
                }
            }
            count += end - first
            first = end
        }
    }

    /// Sorts what is in memory, where it stays.
    func finish() { sort() }

    /// Whether records and elements together fill the memory.
    private var isFull: Bool {
        blobOctets > 0 && count > 0
            && count * (layout.stride + Self.sortOctets) + blobOctets >= octetsMax
    }

    private func grow(by rows: Int) {
        let need = (count + rows) * layout.stride + RowLayout.spare
        if need <= records.capacity { return }
        let most = recordsMax * layout.stride + RowLayout.spare
        records.reserve(max(need, min(records.capacity * 2, most)))
    }

    private func storeElements(of row: Int, _ rows: FlowRows, at place: Int) {
        blob.removeAll(keepingCapacity: true)
        ElementOctets.write(rows.elements(at: row), to: &blob)
        let need = blobOctets + blob.count
        if need > blobs.capacity { blobs.reserve(max(need, blobs.capacity * 2, 4096)) }
        unsafe blobs.copy(blob.span.bytes, to: blobOctets)
        records.store(UInt64(blobOctets), 8, at: place)
        records.store(UInt64(blob.count), 4, at: place + 8)
        blobOctets = need
    }

    /// Writes what is in memory as a run.
    private func spill() throws(TemporaryFileError) {
        sort()
        if file == nil { file = try TemporaryFile() }
        guard let file else { return }
        let writer = RunWriter(file, buffer: min(Self.writeOctets, octetsMax / 4))
        for index in 0..<count {
            let offset = Int(order[index]) * layout.stride
            try writer.append(records, offset..<(offset + layout.stride))
            if let range = blobRange(ofRecordAt: offset) { try writer.append(blobs, range) }
        }
        runs.append(try writer.finish())
        count = 0
        blobOctets = 0
        lastPosition = 0
        isAscending = true
        order = Scratch(1, repeating: 0)
    }

    /// Where the elements of a record in memory lie; nil where it has none.
    func blobRange(ofRecordAt offset: Int) -> Range<Int>? {
        guard let place = layout.elements else { return nil }
        let first = Int(truncatingIfNeeded: records.number(8, at: offset + place))
        let octets = layout.elementOctets(records, at: offset)
        return octets > 0 ? first..<(first + octets) : nil
    }

    // MARK: Sorting

    /// Fills ``order``: by position where need be, by the lower half of the key, by the upper, and
    /// those without a value last; each step keeps the order of what is equal.
    private func sort() {
        order = Scratch(unwritten: max(count, 1))
        let numbered = order
        var numbers = numbered.mutable
        for index in 0..<count { numbers[index] = UInt32(truncatingIfNeeded: index) }
        if count < 2 { return }
        let keys = Scratch<UInt64>(unwritten: count)
        let spare = (
            keys: Scratch<UInt64>(unwritten: count), order: Scratch<UInt32>(unwritten: count)
        )
        var words = isAscending ? [] : [(offset: 8, shift: UInt64(0))]
        words.append((offset: 0, shift: 0))
        if layout.hasHigh { words.append((offset: 16, shift: 0)) }
        words.append((offset: 8, shift: 63))
        for word in words {
            let (from, into) = (order, keys)
            var values = into.mutable
            var (union, common) = (UInt64(0), UInt64.max)
            for index in 0..<count {
                let record = Int(from[index]) * layout.stride
                let key = records.number(8, at: record + word.offset) >> word.shift
                values[index] = key
                union |= key
                common &= key
            }
            // Octets that are alike in all keys order nothing.
            let varying = union & ~common
            var isSwapped = false
            for octet in 0..<8 where varying >> UInt64(8 * octet) & 0xff != 0 {
                let from = isSwapped ? spare : (keys: keys, order: order)
                let into = isSwapped ? (keys: keys, order: order) : spare
                distribute(from, into, shift: UInt64(8 * octet))
                isSwapped.toggle()
            }
            if isSwapped {
                let (from, into) = (spare.order, order)
                var numbers = into.mutable
                for index in 0..<count { numbers[index] = from[index] }
            }
        }
    }

    private func distribute(
        _ from: (keys: Scratch<UInt64>, order: Scratch<UInt32>),
        _ into: (keys: Scratch<UInt64>, order: Scratch<UInt32>), shift: UInt64
    ) {
        let (fromKeys, fromOrder, intoKeys, intoOrder) = (
            from.keys, from.order, into.keys, into.order
        )
        var keys = intoKeys.mutable
        var order = intoOrder.mutable
        distributeByOctet(
            fromKeys.span, fromOrder.span, count: count, shift: shift, into: &keys, &order)
    }
}

/// Orders keys, and the numbers beside them, by one octet; equal ones keep their order.
private func distributeByOctet(
    _ keys: Span<UInt64>, _ order: Span<UInt32>, count: Int, shift: UInt64,
    into sortedKeys: inout MutableSpan<UInt64>, _ sortedOrder: inout MutableSpan<UInt32>
) {
    precondition(
        count <= keys.count && count <= order.count && count <= sortedKeys.count
            && count <= sortedOrder.count)
    var places = [Int](repeating: 0, count: 256)
    for index in 0..<count {
        unsafe places[Int(keys[unchecked: index] &>> shift & 0xff)] &+= 1
    }
    var start = 0
    for octet in 0..<256 {
        let size = places[octet]
        places[octet] = start
        start += size
    }
    for index in 0..<count {
        let key = unsafe keys[unchecked: index]
        let octet = Int(key &>> shift & 0xff)
        let place = places[octet]
        places[octet] = place &+ 1
        // All places together are those below `count`, each taken once.
        unsafe sortedKeys[unchecked: place] = key
        unsafe sortedOrder[unchecked: place] = order[unchecked: index]
    }
}
