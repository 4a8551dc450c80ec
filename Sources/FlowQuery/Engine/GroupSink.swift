import FlowModel
import FlowStore

/// The records of one worker, apart by the part of all groups to which their key's hash belongs.
///
///     rows ─ packed, small or full records ─ 512 parts ─ chains of chunks ─┐
///                                                         ⇅ put together   ├─ merged, part by part
///                                               temporary file ────────────┘
///
/// Records are only written down here, each behind the last one of its part; a part's groups are
/// found when all rows are read, in memory so small that it stays in the cache. Where records outgrow
/// their share of memory, those of one group are put together; where that does not help, what there
/// is goes to a temporary file. Workers share nothing, so none waits for another.
final class GroupSink {
    /// How many parts there are.
    static let parts = 512
    /// Parts that tell what putting records together would save.
    private static let sample = 16

    let layout: GroupLayout
    private let seed: UInt64
    /// The layout of groups without what is counted apart in them.
    private let groupLayout: GroupLayout
    private let region: RecordRegion
    /// Where the next record of each part and form goes.
    private let cursors = Scratch<Int>(GroupLayout.Form.allCases.count * parts, repeating: 0)
    private let everyRow = Scratch<UInt16>(unwritten: pieceRows)
    private let memory: GroupMemory
    /// Octets of chunks at which records are put together.
    private var level: Int
    private var file: TemporaryFile?
    private var extents: [[GroupExtent]] = []
    /// Whether records are pairs of a group and a value, to be counted.
    private let countsDistinct: Bool
    private lazy var small = GroupMap(layout, .small, seed: seed)
    private lazy var full = GroupMap(layout, .full, seed: seed)
    private lazy var piece = GroupPiece(layout)
    private let addressParts: AddressParts?
    /// What ``addressParts`` says, once it does; empty where a hash decides.
    private var ranges: [UInt32]?

    /// - Parameter addressParts: what all sinks of the question share, where their keys are one address.
    init(
        _ layout: GroupLayout, seed: UInt64, memory: GroupMemory, countsDistinct: Bool = false,
        addressParts: AddressParts? = nil
    ) throws {
        self.layout = layout
        self.addressParts = addressParts
        self.countsDistinct = countsDistinct
        groupLayout = GroupLayout(groupsOf: layout)
        self.seed = seed
        self.memory = memory
        level = min(memory.sinkOctets, memory.firstLevelOctets)
        let stride = GroupLayout.Form.allCases.map { layout.stride($0) }.max() ?? 1
        let chunkWords = memory.chunkWords(stride: stride)
        // Blocks may fill what they like before the level is looked at.
        let parts = GroupLayout.Form.allCases.count * Self.parts
        let block = BlockScan.rowsMax / ((chunkWords - 1) / stride) + parts + pieceRows
        region = try RecordRegion(
            chunks: memory.sinkOctets / (8 * chunkWords) + 2 * block, chunkWords: chunkWords)
        for row in 0..<pieceRows { everyRow[row] = UInt16(row) }
    }

    /// Settles where groups go, before any is taken of a block.
    ///
    /// - Parameter dictionary: the block's addresses, where the keys are its addresses as they are.
    func settleParts(_ dictionary: AddressDictionary?) {
        if ranges == nil { ranges = addressParts?.settle(dictionary) ?? [] }
    }

    /// Takes the rows of a piece whose keys and sums are written.
    ///
    /// - Parameter fullKeys: writes the full keys of the piece's listed rows into its records, which
    ///   are 0.
    func add(_ piece: GroupPiece, fullKeys: (_ listed: Int) throws -> Void) throws {
        let everyRow = everyRow
        piece.packSums()
        let packed = piece.list(.packed)
        let (packedRecords, records, rows) = (piece.packed, piece.records, piece.rows)
        try scatter(packedRecords.span, rows.span.extracting(0..<packed), .packed)
        var rest = piece.count - packed
        for form in [GroupLayout.Form.full, .small] where rest > 0 {
            let listed = piece.list(form)
            rest -= listed
            if listed == 0 { continue }
            if form == .small {
                piece.placeSmallKeys(listed: listed)
            } else {
                piece.clearRecords(.full, listed: listed)
                try fullKeys(listed)
            }
            piece.placeSums(form, listed: listed)
            try scatter(records.span, everyRow.span.extracting(0..<listed), form)
        }
    }

    private func scatter(
        _ records: Span<UInt64>, _ rows: Span<UInt16>, _ form: GroupLayout.Form
    ) throws {
        if rows.isEmpty { return }
        let (stride, groupWords) = (layout.stride(form), layout.groupWords(form))
        try makePlaces(form, upTo: rows.count) { words, places in
            if stride == 2 && groupWords == 1 {
                scatterRecords(
                    records, rows, stride: 2, keyWords: 1, seed: seed, into: &words, &places)
            } else {
                scatterRecords(
                    records, rows, stride: stride, keyWords: groupWords, seed: seed, into: &words,
                    &places)
            }
        }
    }

    // MARK: Memory

    /// Puts records together where they outgrew their memory, or writes them to a file.
    ///
    /// A few parts tell whether it is worth it for all. If not, there may be more of them, up to the
    /// limit.
    func relieve() throws {
        if region.octets <= level { return }
        var sampled = 0
        var (taken, kept) = (0, 0)
        var part = 0
        while part < Self.parts, sampled < Self.sample {
            let before = region.octets
            if try collect(part) {
                taken += before - region.octets
                kept -= region.octets
                try writeBack()
                kept += region.octets
                sampled += 1
            }
            part += 1
        }
        let isWorthIt = kept < taken / 2
        if !isWorthIt, level < memory.sinkOctets {
            level = min(level * 2, memory.sinkOctets)
            return
        }
        if isWorthIt {
            for part in part..<Self.parts where try collect(part) { try writeBack() }
            if region.octets <= level / 2 { return }
        }
        if level < memory.sinkOctets {
            level = min(level * 2, memory.sinkOctets)
        } else {
            try spill()
        }
    }

    private func spill() throws {
        if extents.isEmpty { extents = Array(repeating: [], count: Self.parts) }
        if file == nil { file = try TemporaryFile() }
        guard let file else { return }
        for part in 0..<Self.parts where try collect(part) {
            for map in [small, full] where map.count > 0 {
                extents[part].append(
                    try file.append(
                        map.entries.extracting(0..<(map.count * map.stride)), map.form))
            }
        }
    }

    /// Moves a part's records from their chunks into the maps; false where there are none.
    private func collect(_ part: Int) throws -> Bool {
        small.removeAll()
        full.removeAll()
        for form in GroupLayout.Form.allCases {
            let place = form.rawValue * Self.parts + part
            addChain(cursors[place], form, to: form == .full ? full : small)
            region.release(chainTo: cursors[place])
            cursors[place] = 0
        }
        if countsDistinct {
            condense(small)
            condense(full)
        }
        return small.count + full.count > 0
    }

    /// Replaces the values of groups that have very many.
    private func condense(_ pairs: GroupMap) {
        if pairs.count <= DistinctTally.exactMax { return }
        let groups = GroupMap(groupLayout, pairs.form, seed: seed)
        let tally = DistinctTally(pairs, by: groups)
        if tally.estimators.isEmpty { return }
        let output = GroupMap(layout, pairs.form, seed: seed)
        tally.condense(pairs, of: groups, into: output)
        // Back into this map, which has grown to what a part needs.
        pairs.removeAll()
        pairs.add(output.entries.extracting(0..<(output.count * output.stride)), output.form)
    }

    /// Writes the groups of the maps as records.
    private func writeBack() throws {
        for first in stride(from: 0, to: small.count, by: pieceRows) {
            let rows = first..<min(first + pieceRows, small.count)
            piece.begin(rows.count)
            piece.take(small.entries, rows)
            try add(piece) { _ in }
        }
        let (full, everyRow) = (full, everyRow)
        for first in stride(from: 0, to: full.count, by: pieceRows) {
            let rows = first..<min(first + pieceRows, full.count)
            let entries = full.entries.extracting(
                (rows.lowerBound * full.stride)..<(rows.upperBound * full.stride))
            try scatter(entries, everyRow.span.extracting(0..<rows.count), .full)
        }
    }

    private func addChain(_ cursor: Int, _ form: GroupLayout.Form, to map: GroupMap) {
        let region = region
        for run in region.runs(chainTo: cursor, stride: layout.stride(form)) {
            map.add(region.readable.extracting(run), form)
        }
    }

    // MARK: Merging

    /// Adds all that was taken for a part to the groups there.
    func merge(
        _ part: Int, small: GroupMap, full: GroupMap, by buffer: Scratch<UInt64>
    ) throws {
        for form in GroupLayout.Form.allCases {
            addChain(
                cursors[form.rawValue * Self.parts + part], form,
                to: form == .full ? full : small)
        }
        guard let file else { return }
        for extent in extents[part] {
            let map = extent.form == .full ? full : small
            try file.read(extent, stride: map.stride, by: buffer) { map.add($0, extent.form) }
        }
    }
}

extension GroupSink {
    /// Runs `body` with what makes place for records of a form, of which there is enough for `count`.
    func makePlaces(
        _ form: GroupLayout.Form, upTo count: Int,
        _ body: (inout MutableSpan<UInt64>, inout RecordPlaces) -> Void
    ) throws {
        try region.reserve(count)
        let cursorTable = cursors
        let ranges = form == .full ? [] : ranges ?? []
        region.write { words, pool, given in
            var places = RecordPlaces(
                cursors: cursorTable.mutable, first: form.rawValue * Self.parts, pool: pool,
                given: given, chunkWords: region.chunkWords, stride: layout.stride(form),
                seed: seed, ranges: ranges.span)
            body(&words, &places)
            pool = places.pool
        }
    }
}

/// Finds where records of one form go: behind the last of their part.
struct RecordPlaces: ~Copyable, ~Escapable {
    fileprivate var cursors: MutableSpan<Int>
    /// The cursor of the first part.
    private let first: Int
    fileprivate var pool: ChunkPool
    private let given: Span<UInt32>
    private let chunkWords: Int
    private let stride: Int
    private let last: UInt
    private let seed: UInt64
    /// Of ``AddressParts``; empty where the hash of a key decides.
    private let ranges: Span<UInt32>

    @_lifetime(copy cursors, copy given, copy ranges)
    fileprivate init(
        cursors: consuming MutableSpan<Int>, first: Int, pool: ChunkPool, given: Span<UInt32>,
        chunkWords: Int, stride: Int, seed: UInt64, ranges: Span<UInt32>
    ) {
        precondition(first + GroupSink.parts <= cursors.count && stride < chunkWords)
        self.ranges = ranges
        self.cursors = cursors
        self.first = first
        self.pool = pool
        self.given = given
        self.chunkWords = chunkWords
        self.stride = stride
        self.seed = seed
        last = UInt(bitPattern: chunkWords &- 1 &- stride)
    }

    /// The word where a record goes whose key is one word.
    @inline(__always)
    mutating func take(_ key: UInt64, _ words: inout MutableSpan<UInt64>) -> Int {
        take(part: part(of: key), &words)
    }

    /// The word where a record goes whose key is two words.
    @inline(__always)
    mutating func take(
        _ first: UInt64, _ second: UInt64, _ words: inout MutableSpan<UInt64>
    ) -> Int {
        take(hash: mixed(mixed(seed, first), second), &words)
    }

    /// The word where a record goes whose key is three words.
    @inline(__always)
    mutating func take(
        _ first: UInt64, _ second: UInt64, _ third: UInt64, _ words: inout MutableSpan<UInt64>
    ) -> Int {
        take(hash: mixed(mixed(mixed(seed, first), second), third), &words)
    }

    @inline(__always)
    fileprivate mutating func take(hash: UInt64, _ words: inout MutableSpan<UInt64>) -> Int {
        take(part: Self.part(hash: hash), &words)
    }

    @inline(__always)
    private static func part(hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 55) }

    @inline(__always)
    private mutating func take(part: Int, _ words: inout MutableSpan<UInt64>) -> Int {
        let place = open(part, &words)
        close(part, at: place &+ stride)
        return place
    }

    /// The word where the next record of a part goes.
    @inline(__always)
    mutating func open(_ part: Int, _ words: inout MutableSpan<UInt64>) -> Int {
        let place = unsafe cursors[unchecked: first &+ part]
        if hasRoom(at: place) { return place }
        let chunk = pool.take(given)
        words[chunk * chunkWords] = UInt64(RecordRegion.chunk(of: place, chunkWords))
        return chunk * chunkWords + 1
    }

    /// Whether a record fits at a word of a chunk.
    @inline(__always)
    func hasRoom(at place: Int) -> Bool {
        UInt(bitPattern: place & (chunkWords &- 1) &- 1) <= last
    }

    /// Says where the next record of a part goes.
    @inline(__always)
    mutating func close(_ part: Int, at place: Int) {
        unsafe cursors[unchecked: first &+ part] = place
    }

    /// The part of a key that is one word.
    @inline(__always)
    func part(of key: UInt64) -> Int {
        ranges.isEmpty ? Self.part(hash: mixed(seed, key)) : AddressParts.part(of: key, ranges)
    }
}

/// Writes records behind the last of their part.
@inline(__always)
private func scatterRecords(
    _ records: Span<UInt64>, _ rows: Span<UInt16>, stride: Int, keyWords: Int, seed: UInt64,
    into words: inout MutableSpan<UInt64>, _ places: inout RecordPlaces
) {
    precondition(records.count >= stride)
    for index in 0..<rows.count {
        let record = unsafe Int(rows[unchecked: index]) &* stride
        let place: Int
        if keyWords == 1 {
            place = unsafe places.take(records[unchecked: record], &words)
        } else {
            place = places.take(
                hash: keyHash(records, record, keyWords, seed: seed), &words)
        }
        for word in 0..<stride {
            unsafe words[unchecked: place &+ word] = records[unchecked: record &+ word]
        }
    }
}
