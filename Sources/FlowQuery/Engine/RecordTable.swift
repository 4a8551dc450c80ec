import FlowModel
import Synchronization

/// What records look like, and how two of one key become one.
protocol RecordRule: Sendable {
    /// Words of a record.
    var stride: Int { get }
    /// The first of them, which are its key.
    var keyWords: Int { get }
    /// Adds the record that begins at `other` to the one at `place`.
    func combine(
        _ others: Span<UInt64>, at other: Int, into records: inout MutableSpan<UInt64>,
        at place: Int)
}

/// Records of 64-bit words on their way into a ``RecordTable``, a few thousand at a time.
final class RecordBatch {
    /// Records that fit.
    static let capacity = 4096

    let stride: Int
    let records: Scratch<UInt64>
    /// Records in it.
    var count = 0

    fileprivate let hashes = Scratch<UInt64>(unwritten: RecordBatch.capacity)
    fileprivate let order = Scratch<UInt16>(unwritten: RecordBatch.capacity)

    init(stride: Int) {
        self.stride = stride
        records = Scratch(unwritten: Self.capacity * stride)
    }
}

/// Records by key, shared by all workers, with temporary files for what does not fit into memory.
///
///     record   [ key words | other words ]      combined by `Rule` where keys are equal
///
/// The upper bits of a key's hash say in which part a record lies, each under a lock of its own. A part
/// that is full goes to a file and begins anew; in the end each part is put together by itself, in as
/// many passes over its file as memory wants.
final class RecordTable<Rule: RecordRule> {
    /// What its records look like.
    let rule: Rule
    private let stride: Int
    private let memory: Int
    /// Keys come off the wire, and their sender must not choose collisions.
    private let seed = UInt64.random(in: 0...UInt64.max)
    private let parts: [RecordPart<Rule>]

    /// Parts that can be read one by one.
    let partCount = 64

    /// - Parameter memory: octets that records may take before they go to files.
    init(_ rule: Rule, memory: Int) {
        precondition(rule.keyWords > 0 && rule.stride > rule.keyWords)
        self.rule = rule
        stride = rule.stride
        self.memory = max(memory, 1 << 16)
        let most = self.memory / 2 / partCount / Self.octets(stride)
        parts = (0..<partCount).map { _ in
            RecordPart(rule, recordsMax: max(most, 64))
        }
    }

    /// Octets that a record takes: itself, where records are copied when they grow twice, and its slot.
    private static func octets(_ stride: Int) -> Int { stride * 8 + 16 }

    /// Adds the records of a batch, and empties it.
    func add(_ batch: RecordBatch) throws(TemporaryFileError) {
        let (count, stride) = (batch.count, stride)
        if count == 0 { return }
        let (records, hashTable, ordered) = (batch.records, batch.hashes, batch.order)
        var hashes = hashTable.mutable
        hashRecords(records.span, stride, rule.keyWords, count: count, seed, into: &hashes)
        var ends = [Int](repeating: 0, count: partCount)
        var order = ordered.mutable
        orderByPart(hashTable.span, count: count, into: &order, &ends)
        var start = 0
        for part in 0..<partCount where ends[part] > start {
            try parts[part].add(
                records.span, hashTable.span, ordered.span.extracting(start..<ends[part]))
            start = ends[part]
        }
        batch.count = 0
    }

    /// Hands over every record once, each as a span of its own, in no particular order.
    func forEach(_ body: (Span<UInt64>) throws -> Void) throws {
        for part in 0..<partCount { try forEach(in: part, workers: 1, body) }
    }

    /// Hands over every record of a part.
    ///
    /// - Parameter workers: how many parts are read at once, which share the memory.
    func forEach(in part: Int, workers: Int, _ body: (Span<UInt64>) throws -> Void) throws {
        let part = parts[part]
        guard part.spilled > 0 else {
            try part.forEach(body)
            return
        }
        let most = max(memory / 2 / workers / Self.octets(stride), 64)
        let passes = (part.spilled + part.count + most - 1) / most
        for pass in 0..<passes {
            let whole = RecordPart(rule, recordsMax: Int.max)
            try part.collect(into: whole, pass: pass, of: passes, seed: seed)
            try whole.forEach(body)
        }
    }
}

/// A part of a table: open addressing over records that lie behind each other.
///
///     slots    [ bits of the hash: 32 | record + 1: 32 ] …      0 = free
private final class RecordPart<Rule: RecordRule> {
    /// Records in memory.
    private(set) var count = 0
    /// Records in the file; of one key there may be several.
    private(set) var spilled = 0

    private let lock = Mutex(())
    private let rule: Rule
    private let stride: Int
    private let recordsMax: Int
    private var slots = Scratch<UInt64>(64, repeating: 0)
    private var entries: Scratch<UInt64>
    private var file: TemporaryFile?

    init(_ rule: Rule, recordsMax: Int) {
        self.rule = rule
        stride = rule.stride
        self.recordsMax = min(recordsMax, 1 << 31)
        entries = Scratch(unwritten: 32 * stride)
    }

    /// Adds some of the records.
    func add(
        _ records: Span<UInt64>, _ hashes: Span<UInt64>, _ order: Span<UInt16>
    ) throws(TemporaryFileError) {
        try lock.withLock { _ throws(TemporaryFileError) in
            for index in 0..<order.count {
                if count >= recordsMax { try spill() }
                let row = Int(order[index])
                add(records, at: row * stride, hash: hashes[row])
            }
        }
    }

    private func add(_ records: Span<UInt64>, at record: Int, hash: UInt64) {
        if (count + 1) * 2 > slots.count { grow() }
        let (slotTable, entryTable) = (slots, entries)
        var slots = slotTable.mutable
        var entries = entryTable.mutable
        count = enter(
            records, at: record, hash: hash, rule, slots: &slots,
            entries: &entries, count: count)
    }

    private func grow() {
        let size = slots.count * 2
        let (oldSlots, old) = (slots, entries)
        let (newSlots, new) = (
            Scratch<UInt64>(size, repeating: 0), Scratch<UInt64>(unwritten: size / 2 * stride)
        )
        var copy = new.mutable
        for word in 0..<(count * stride) { copy[word] = old[word] }
        var slots = newSlots.mutable
        for place in 0..<oldSlots.count where oldSlots[place] != 0 {
            let slot = oldSlots[place]
            var place = Int(truncatingIfNeeded: slot >> 32) & (size - 1)
            while slots[place] != 0 { place = (place + 1) & (size - 1) }
            slots[place] = slot
        }
        self.slots = newSlots
        entries = new
    }

    /// Writes all records to the file and begins anew.
    private func spill() throws(TemporaryFileError) {
        if file == nil { file = try TemporaryFile() }
        let entries = entries
        let words = entries.span.extracting(0..<(count * stride))
        try unsafe file?.append(words.bytes)
        spilled += count
        count = 0
        slots = Scratch(slots.count, repeating: 0)
    }

    /// Puts together those records, in memory and in the file, that belong to a pass.
    func collect(
        into whole: RecordPart, pass: Int, of passes: Int, seed: UInt64
    ) throws(TemporaryFileError) {
        func take(_ records: Span<UInt64>, _ count: Int) {
            for record in 0..<count {
                let hash = hashRecord(records, at: record * stride, rule.keyWords, seed)
                if Int(hash >> 8 & 0xffff) % passes != pass { continue }
                whole.add(records, at: record * stride, hash: hash)
            }
        }
        let entries = entries
        take(entries.span, count)
        guard let file else { return }
        let piece = Scratch<UInt64>(unwritten: RecordBatch.capacity * stride)
        var place: UInt64 = 0
        while place < file.length {
            let octets = min(Int(file.length - place), piece.count * 8)
            var words = piece.mutable
            var bytes = unsafe words.mutableBytes
            try file.read(octets, into: &bytes, at: place)
            take(piece.span, octets / 8 / stride)
            place += UInt64(octets)
        }
    }

    /// Hands over the records in memory.
    func forEach(_ body: (Span<UInt64>) throws -> Void) rethrows {
        let entries = entries
        for record in 0..<count {
            try body(entries.span.extracting((record * stride)..<((record + 1) * stride)))
        }
    }
}

/// What a slot keeps of a hash.
@inline(__always)
private func tag(_ hash: UInt64) -> UInt64 { hash >> 26 & 0xffff_ffff }

/// Adds a record to the one of its key or makes it a new one; answers how many there are then.
private func enter<Rule: RecordRule>(
    _ records: Span<UInt64>, at record: Int, hash: UInt64, _ rule: Rule,
    slots: inout MutableSpan<UInt64>, entries: inout MutableSpan<UInt64>,
    count: Int
) -> Int {
    let (stride, keyWords) = (rule.stride, rule.keyWords)
    precondition(
        record >= 0 && record + stride <= records.count && (count + 1) * stride <= entries.count
            && count + 1 < slots.count && keyWords <= stride)
    let tag = tag(hash)
    let mask = slots.count - 1
    var place = Int(truncatingIfNeeded: tag) & mask
    probe: while true {
        let slot = unsafe slots[unchecked: place]
        if slot == 0 {
            unsafe slots[unchecked: place] = tag << 32 | UInt64(count + 1)
            let entry = count * stride
            for word in 0..<stride {
                unsafe entries[unchecked: entry &+ word] = records[unchecked: record &+ word]
            }
            return count + 1
        }
        place = (place &+ 1) & mask
        guard slot >> 32 == tag else { continue }
        let entry = (Int(truncatingIfNeeded: slot & 0xffff_ffff) &- 1) &* stride
        for word in 0..<keyWords {
            guard unsafe entries[unchecked: entry &+ word] == records[unchecked: record &+ word]
            else { continue probe }
        }
        rule.combine(records, at: record, into: &entries, at: entry)
        return count
    }
}

@inline(__always)
private func hashRecord(
    _ records: Span<UInt64>, at record: Int, _ keyWords: Int, _ seed: UInt64
) -> UInt64 {
    var hash = seed
    for word in record..<(record + keyWords) { hash = mixed(hash, records[word]) }
    return hash
}

private func hashRecords(
    _ records: Span<UInt64>, _ stride: Int, _ keyWords: Int, count: Int, _ seed: UInt64,
    into hashes: inout MutableSpan<UInt64>
) {
    precondition(count * stride <= records.count && count <= hashes.count)
    for row in 0..<count {
        hashes[row] = hashRecord(records, at: row * stride, keyWords, seed)
    }
}

/// Counts into `ends`, all 0, then turns counts into places, then fills the order; a part's records
/// end at its end.
private func orderByPart(
    _ hashes: Span<UInt64>, count: Int, into order: inout MutableSpan<UInt16>, _ ends: inout [Int]
) {
    precondition(count <= hashes.count && count <= order.count && count <= Int(UInt16.max))
    for row in 0..<count { ends[Int(hashes[row] >> 58)] += 1 }
    var start = 0
    for part in ends.indices {
        let size = ends[part]
        ends[part] = start
        start += size
    }
    for row in 0..<count {
        let part = Int(hashes[row] >> 58)
        order[ends[part]] = UInt16(truncatingIfNeeded: row)
        ends[part] += 1
    }
}
