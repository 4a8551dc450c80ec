import FlowModel

/// Appends records to a temporary file in large pieces.
final class RunWriter {
    private let file: TemporaryFile
    private let first: UInt64
    private let buffer: RecordBuffer
    private var filled = 0

    init(_ file: TemporaryFile, buffer octets: Int) {
        self.file = file
        first = file.length
        buffer = RecordBuffer(capacity: max(octets, 4096))
    }

    /// Takes octets that lie in a buffer.
    func append(_ source: RecordBuffer, _ range: Range<Int>) throws(TemporaryFileError) {
        if filled + range.count > buffer.capacity {
            try flush()
            if range.count > buffer.capacity {
                try file.append(source.bytes(range))
                return
            }
        }
        buffer.copy(source.bytes(range), to: filled)
        filled += range.count
    }

    /// Writes the rest; answers what was written.
    func finish() throws(TemporaryFileError) -> RowSorter.Run {
        try flush()
        return RowSorter.Run(file: file, octets: first..<file.length)
    }

    private func flush() throws(TemporaryFileError) {
        let buffer = buffer
        try file.append(buffer.bytes(0..<filled))
        filled = 0
    }
}

/// Goes through the records of a run, or of what a sorter has in memory.
final class RunCursor {
    /// Where the current record lies.
    let buffer: RecordBuffer
    /// Its first octet.
    private(set) var offset = 0
    /// Where the octets of its elements lie.
    let blobs: RecordBuffer
    /// Which they are.
    private(set) var blob = 0..<0

    private let layout: RowLayout
    private let sorter: RowSorter?
    private var next = 0
    private var run: RowSorter.Run?
    private var place: UInt64 = 0
    private var filled = 0
    private var end = 0

    /// What the sorter has in memory.
    init(_ sorter: RowSorter) {
        layout = sorter.layout
        self.sorter = sorter
        buffer = sorter.records
        blobs = sorter.blobs
    }

    /// A run, read in pieces of so many octets.
    init(_ run: RowSorter.Run, _ layout: RowLayout, buffer octets: Int) {
        self.layout = layout
        sorter = nil
        self.run = run
        place = run.octets.lowerBound
        buffer = RecordBuffer(capacity: max(octets, layout.stride * 2 + RowLayout.spare))
        blobs = buffer
    }

    /// The rank of the current record.
    var rank: FlowRank { layout.rank(buffer, at: offset) }
    /// The cells of the current record.
    var cells: [Cell] {
        let blobs = blobs
        return layout.cells(buffer, at: offset, blob: blobs.bytes(blob))
    }

    /// Goes to the next record; false where there is none.
    func advance() throws(TemporaryFileError) -> Bool {
        if let sorter {
            guard next < sorter.count else { return false }
            offset = Int(sorter.order[next]) * layout.stride
            blob = sorter.blobRange(ofRecordAt: offset) ?? 0..<0
            next += 1
            return true
        }
        offset = end
        guard try fill(layout.stride) else { return false }
        let octets = layout.elementOctets(buffer, at: offset)
        if octets > 0, try !fill(layout.stride + octets) { return false }
        blob = (offset + layout.stride)..<(offset + layout.stride + octets)
        end = blob.upperBound
        return true
    }

    /// Has so many octets from ``offset`` on in the buffer; false where the run has ended.
    private func fill(_ need: Int) throws(TemporaryFileError) -> Bool {
        if filled - offset >= need { return true }
        guard let run, place < run.octets.upperBound else { return false }
        let buffer = buffer
        buffer.moveToFront(offset..<filled)
        filled -= offset
        offset = 0
        buffer.reserve(need + RowLayout.spare)
        let room = UInt64(buffer.capacity - RowLayout.spare - filled)
        let count = Int(min(room, run.octets.upperBound - place))
        var free = buffer.mutableBytes(filled..<(filled + count))
        try run.file.read(count, into: &free, at: place)
        place += UInt64(count)
        filled += count
        return filled >= need
    }

    /// Writes the current record.
    func write(to writer: RunWriter) throws(TemporaryFileError) {
        try writer.append(buffer, offset..<(offset + layout.stride))
        if !blob.isEmpty { try writer.append(blobs, blob) }
    }
}

/// Hands over the rows of all sorters in order.
struct RunMerge {
    private let layout: RowLayout
    private let sorters: [RowSorter]
    /// Octets that the buffers of all runs may take.
    private let memory: Int

    private static let bufferMax = 1 << 20
    private static let bufferMin = 1 << 16

    init(_ sorters: [RowSorter], _ layout: RowLayout, memory: Int) {
        self.sorters = sorters
        self.layout = layout
        self.memory = memory
    }

    /// Calls `body` with each row until it answers false.
    func forEach(_ body: ([Cell]) throws -> Bool) throws {
        var runs = sorters.flatMap(\.runs)
        // More runs than there is memory for buffers are merged to fewer first.
        let most = max(memory / Self.bufferMin, 8)
        while runs.count > most {
            let writer = RunWriter(try TemporaryFile(), buffer: Self.bufferMin)
            try merge(cursors(runs.prefix(most))) { cursor in
                try cursor.write(to: writer)
                return true
            }
            runs = runs.dropFirst(most) + [try writer.finish()]
        }
        for sorter in sorters { sorter.finish() }
        try merge(cursors(runs[...]) + sorters.map { RunCursor($0) }) { try body($0.cells) }
    }

    private func cursors(_ runs: ArraySlice<RowSorter.Run>) -> [RunCursor] {
        let octets = min(Self.bufferMax, max(memory / max(runs.count, 1), 4096))
        return runs.map { RunCursor($0, layout, buffer: octets) }
    }

    /// A heap of the cursors' current ranks, the first at the root.
    private func merge(
        _ cursors: [RunCursor], _ body: (RunCursor) throws -> Bool
    ) throws {
        var heap: [(rank: FlowRank, cursor: Int)] = []
        for (number, cursor) in cursors.enumerated() where try cursor.advance() {
            heap.append((cursor.rank, number))
        }
        heap.sort { $0.rank < $1.rank }
        while let first = heap.first {
            let cursor = cursors[first.cursor]
            guard try body(cursor) else { return }
            if try cursor.advance() {
                heap[0].rank = cursor.rank
            } else {
                heap[0] = heap[heap.count - 1]
                heap.removeLast()
            }
            sink(&heap)
        }
    }

    private func sink(_ heap: inout [(rank: FlowRank, cursor: Int)]) {
        var place = 0
        while true {
            var first = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < heap.count && heap[child].rank < heap[first].rank {
                first = child
            }
            if first == place { return }
            heap.swapAt(first, place)
            place = first
        }
    }
}
