import FlowModel

/// Records in the order of their first words, in memory and, where there are too many, as sorted runs
/// in a temporary file.
final class RecordSorter {
    private let stride: Int
    private let keyWords: Int
    private let octetsMax: Int
    private var file: TemporaryFile?
    private let pageRecords: Int
    private var pages: [Scratch<UInt64>] = []
    private var count = 0
    private var runs: [SortedRun] = []

    private static let pageWords = 1 << 17

    /// - Parameters:
    ///   - stride: words of a record.
    ///   - keyWords: how many of them, from the first, order records as numbers do.
    ///   - octetsMax: of records in memory; more go to a file.
    init(stride: Int, keyWords: Int, octetsMax: Int) {
        precondition(stride <= Self.pageWords && keyWords <= stride)
        self.stride = stride
        self.keyWords = keyWords
        self.octetsMax = octetsMax
        pageRecords = Self.pageWords / stride
    }

    /// Adds the record at the beginning of some words.
    func append(_ record: Span<UInt64>) throws {
        if count > 0, count * stride * 8 >= octetsMax { try spill() }
        if count == pages.count * pageRecords {
            pages.append(Scratch(unwritten: pageRecords * stride))
        }
        let table = pages[count / pageRecords]
        var page = table.mutable
        let place = count % pageRecords * stride
        for word in 0..<stride { page[place + word] = record[word] }
        count += 1
    }

    /// All that was added, in runs that are each in order.
    func finish() -> [SortedRun] {
        if count > 0 {
            runs.append(
                SortedRun(
                    stride: stride, keyWords: keyWords, pages: pages, pageRecords: pageRecords,
                    order: sorted()))
        }
        return runs
    }

    private func sorted() -> [Int] {
        let (pages, pageRecords, stride, keyWords) = (pages, pageRecords, stride, keyWords)
        // The first word decides nearly always.
        var order = (0..<count).map { index in
            (first: pages[index / pageRecords][index % pageRecords * stride], index: index)
        }
        order.sort { a, b in
            if a.first != b.first { return a.first < b.first }
            let (first, second) = (pages[a.index / pageRecords], pages[b.index / pageRecords])
            return precedes(
                first.span, a.index % pageRecords * stride, second.span,
                b.index % pageRecords * stride, keyWords)
        }
        return order.map(\.index)
    }

    private func spill() throws {
        if file == nil { file = try TemporaryFile() }
        guard let file else { return }
        let buffer = Scratch<UInt64>(unwritten: pageRecords * stride)
        var extents: [GroupExtent] = []
        var filled = 0
        func write() throws {
            extents.append(try file.append(buffer.span.extracting(0..<filled), .full))
            filled = 0
        }
        for index in sorted() {
            let (page, start) = (pages[index / pageRecords], index % pageRecords * stride)
            for word in 0..<stride { buffer[filled + word] = page[start + word] }
            filled += stride
            if filled == buffer.count { try write() }
        }
        if filled > 0 { try write() }
        runs.append(SortedRun(stride: stride, keyWords: keyWords, file: file, extents: extents))
        count = 0
    }
}

/// Whether a record comes before another by its first words.
@inline(__always)
func precedes(
    _ a: Span<UInt64>, _ first: Int, _ b: Span<UInt64>, _ second: Int, _ keyWords: Int
) -> Bool {
    for word in 0..<keyWords {
        let (x, y) = (a[first &+ word], b[second &+ word])
        if x != y { return x < y }
    }
    return false
}

/// Records in order, read one after the other.
final class SortedRun {
    private enum Source {
        case memory([Scratch<UInt64>], pageRecords: Int, order: [Int])
        case file(TemporaryFile, [GroupExtent])
    }

    /// What holds the current record, and where in it that begins.
    private(set) var words: Scratch<UInt64>
    private(set) var start = 0

    private let source: Source
    private let stride: Int
    private let keyWords: Int
    private var next = 0
    private var filled = 0

    /// Records in pages of memory.
    init(
        stride: Int, keyWords: Int, pages: [Scratch<UInt64>], pageRecords: Int, order: [Int]
    ) {
        self.stride = stride
        self.keyWords = keyWords
        source = .memory(pages, pageRecords: pageRecords, order: order)
        words = Scratch(unwritten: 0)
    }

    /// Records in a file; each extent fits into memory.
    init(stride: Int, keyWords: Int, file: TemporaryFile, extents: [GroupExtent]) {
        self.stride = stride
        self.keyWords = keyWords
        source = .file(file, extents)
        words = Scratch(unwritten: 0)
    }

    /// Goes to the next record; false where there is none.
    func advance() throws -> Bool {
        switch source {
        case .memory(let pages, let pageRecords, let order):
            guard next < order.count else { return false }
            words = pages[order[next] / pageRecords]
            start = order[next] % pageRecords * stride
            next += 1
        case .file(let file, let extents):
            start += stride
            if start < filled { break }
            guard next < extents.count else { return false }
            let extent = extents[next]
            if words.count < extent.words { words = Scratch(unwritten: extent.words) }
            try file.read(extent.offset, words: extent.words, into: words)
            filled = extent.words
            start = 0
            next += 1
        }
        return true
    }

    fileprivate func precedes(_ other: SortedRun) -> Bool {
        let (first, second) = (words, other.words)
        return FlowQuery.precedes(first.span, start, second.span, other.start, keyWords)
    }
}

/// Several runs as one, in order.
struct SortedRecords {
    /// A heap by the current record, the first at the root.
    private var runs: [SortedRun] = []
    private var hasBegun = false

    init(_ runs: [SortedRun]) throws {
        for run in runs where try run.advance() {
            self.runs.append(run)
            var place = self.runs.count - 1
            while place > 0, self.runs[place].precedes(self.runs[(place - 1) / 2]) {
                self.runs.swapAt(place, (place - 1) / 2)
                place = (place - 1) / 2
            }
        }
    }

    /// The run whose current record is the next one; nil after the last.
    mutating func next() throws -> SortedRun? {
        if hasBegun, let first = runs.first {
            if try !first.advance() {
                runs[0] = runs[runs.count - 1]
                runs.removeLast()
            }
            sink()
        }
        hasBegun = true
        return runs.first
    }

    private mutating func sink() {
        var place = 0
        while true {
            var first = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < runs.count && runs[child].precedes(runs[first]) {
                first = child
            }
            if first == place { return }
            runs.swapAt(first, place)
            place = first
        }
    }
}
