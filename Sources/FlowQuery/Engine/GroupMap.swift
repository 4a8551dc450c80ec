import FlowModel

/// Groups by key in the memory of one worker, for one part of all groups after the other.
///
/// Open addressing over entries that lie behind each other. There are so many parts that one of them
/// stays in the second cache, and the memory of the last part serves the next.
///
///     slots    [ entry + 1: 32 ] …    0 = free
///     entries  [ key … ][ sums … ]    as the layout's small or full form
final class GroupMap {
    let layout: GroupLayout
    /// `.small` or `.full`.
    let form: GroupLayout.Form
    /// Words of an entry.
    let stride: Int
    /// Words of its key.
    let keyWords: Int
    /// Groups.
    private(set) var count = 0

    private let seed: UInt64
    private var slots = Scratch<UInt32>(1 << 10, repeating: 0)
    private var table: Scratch<UInt64>

    init(_ layout: GroupLayout, _ form: GroupLayout.Form, seed: UInt64) {
        self.layout = layout
        self.form = form
        self.seed = seed
        stride = layout.stride(form)
        keyWords = layout.keyWords(form)
        table = Scratch(unwritten: slots.count / 2 * stride)
    }

    /// The groups' entries.
    var entries: Span<UInt64> {
        @_lifetime(borrow self) get {
            let span = table.span
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Forgets all groups.
    func removeAll() {
        var slots = slots.mutable
        if count < slots.count / 32 {
            clearSlots(&slots, entries, count: count, stride, keyWords: keyWords, seed: seed)
        } else {
            for place in 0..<slots.count { unsafe slots[unchecked: place] = 0 }
        }
        count = 0
    }

    /// Adds records that lie behind each other.
    ///
    /// - Parameter form: of the records: this map's own, or packed where this map's is small.
    func add(_ records: Span<UInt64>, _ form: GroupLayout.Form) {
        precondition(form == self.form || form == .packed && self.form == .small)
        let stride = layout.stride(form)
        let piece = 4096 * stride
        var start = 0
        while start < records.count {
            let end = min(start + piece, records.count)
            add(piece: records.extracting(start..<end), form)
            start = end
        }
    }

    private func add(piece records: Span<UInt64>, _ form: GroupLayout.Form) {
        let rows = records.count / layout.stride(form)
        // An entry has a number of 32 bits; so many in one part would be 10¹² groups.
        precondition(count + rows < 0xffff_ffff)
        while (count + rows) * 2 > slots.count { grow() }
        let (slotTable, table) = (slots, table)
        var slots = slotTable.mutable
        var entries = table.mutable
        let isPlain = !layout.hasReverse && !layout.hasTimes && keyWords == 1
        switch (layout.hasSums ? form : .small, isPlain) {
        case (.packed, true):
            count = mergePacked(
                records, rows, 1, hasReverse: false, hasTimes: false, seed, &slots, &entries,
                count)
        case (.packed, false):
            count = mergePacked(
                records, rows, keyWords, hasReverse: layout.hasReverse, hasTimes: layout.hasTimes,
                seed, &slots, &entries, count)
        default:
            count = mergeRecords(
                records, rows, keyWords, layout, seed, &slots, &entries, count)
        }
    }

    /// The number of the group with a key, which has the first words of a record.
    ///
    /// - Parameter adding: makes it where there is none; for maps without sums.
    func group(of records: Span<UInt64>, at record: Int, adding: Bool) -> Int? {
        precondition(record + keyWords <= records.count && (!adding || !layout.hasSums))
        if adding {
            while (count + 1) * 2 > slots.count { grow() }
            let (slotTable, table) = (slots, table)
            var slots = slotTable.mutable
            var entries = table.mutable
            return findEntry(
                records, record, keyWords, stride, seed, &slots, &entries, &count
            ).group
        }
        let (slotTable, table) = (slots, table)
        return findGroup(
            records, record, keyWords, stride, seed, slotTable.span, table.span)
    }

    private func grow() {
        let size = slots.count * 2
        let (old, slots) = (table, Scratch<UInt32>(size, repeating: 0))
        let table = Scratch<UInt64>(unwritten: size / 2 * stride)
        var entries = table.mutable
        let words = old.span
        for word in 0..<(count * stride) {
            unsafe entries[unchecked: word] = words[unchecked: word]
        }
        var mutable = slots.mutable
        let mask = size - 1
        for entry in 0..<count {
            let hash = keyHash(words, entry * stride, keyWords, seed: seed)
            var place = Int(truncatingIfNeeded: hash) & mask
            while mutable[place] != 0 { place = (place + 1) & mask }
            mutable[place] = UInt32(entry + 1)
        }
        self.slots = slots
        self.table = table
    }
}

/// Frees the slots of some entries, which are all there are.
private func clearSlots(
    _ slots: inout MutableSpan<UInt32>, _ entries: Span<UInt64>, count: Int, _ stride: Int,
    keyWords: Int, seed: UInt64
) {
    let mask = slots.count - 1
    for entry in 0..<count {
        let hash = keyHash(entries, entry * stride, keyWords, seed: seed)
        var place = Int(truncatingIfNeeded: hash) & mask
        // Slots that this loop freed may lie between.
        while slots[place] != UInt32(entry + 1) { place = (place + 1) & mask }
        slots[place] = 0
    }
}

/// Finds the entry of a key or makes one, whose sums are not yet written then; answers its number and
/// whether it is new.
@inline(__always)
private func findEntry(
    _ records: Span<UInt64>, _ record: Int, _ keyWords: Int, _ stride: Int, _ seed: UInt64,
    _ slots: inout MutableSpan<UInt32>, _ entries: inout MutableSpan<UInt64>, _ count: inout Int
) -> (group: Int, isNew: Bool) {
    let mask = slots.count &- 1
    var place =
        Int(truncatingIfNeeded: keyHash(records, record, keyWords, seed: seed)) & mask
    probe: while true {
        let slot = unsafe Int(truncatingIfNeeded: slots[unchecked: place])
        if slot == 0 {
            unsafe slots[unchecked: place] = UInt32(truncatingIfNeeded: count &+ 1)
            let entry = count &* stride
            for word in 0..<keyWords {
                unsafe entries[unchecked: entry &+ word] = records[unchecked: record &+ word]
            }
            count &+= 1
            return (count &- 1, true)
        }
        place = (place &+ 1) & mask
        let entry = (slot &- 1) &* stride
        for word in 0..<keyWords {
            guard
                unsafe entries[unchecked: entry &+ word] == records[unchecked: record &+ word]
            else { continue probe }
        }
        return (slot &- 1, false)
    }
}

/// The number of the entry of a key, nil where there is none.
private func findGroup(
    _ records: Span<UInt64>, _ record: Int, _ keyWords: Int, _ stride: Int, _ seed: UInt64,
    _ slots: Span<UInt32>, _ entries: Span<UInt64>
) -> Int? {
    let mask = slots.count &- 1
    var place =
        Int(truncatingIfNeeded: keyHash(records, record, keyWords, seed: seed)) & mask
    probe: while true {
        let slot = unsafe Int(truncatingIfNeeded: slots[unchecked: place])
        if slot == 0 { return nil }
        place = (place &+ 1) & mask
        let entry = (slot &- 1) &* stride
        for word in 0..<keyWords {
            guard
                unsafe entries[unchecked: entry &+ word] == records[unchecked: record &+ word]
            else { continue probe }
        }
        return slot &- 1
    }
}

@inline(__always)
private func addClamped(
    _ entries: inout MutableSpan<UInt64>, _ place: Int, _ value: UInt64, isNew: Bool
) {
    unsafe entries[unchecked: place] =
        isNew ? value : entries[unchecked: place].clampedAdding(value)
}

@inline(__always)
private func addTimes(
    _ entries: inout MutableSpan<UInt64>, _ place: Int, _ first: UInt64, _ last: UInt64,
    isNew: Bool
) {
    unsafe entries[unchecked: place] = isNew ? first : min(entries[unchecked: place], first)
    unsafe entries[unchecked: place &+ 1] =
        isNew ? last : max(entries[unchecked: place &+ 1], last)
}

/// Adds records with packed sums; answers how many groups there are then, for which there is room.
@inline(__always)
private func mergePacked(
    _ records: Span<UInt64>, _ rows: Int, _ keyWords: Int, hasReverse: Bool, hasTimes: Bool,
    _ seed: UInt64, _ slots: inout MutableSpan<UInt32>, _ entries: inout MutableSpan<UInt64>,
    _ before: Int
) -> Int {
    let width = keyWords &+ 1 &+ (hasReverse ? 1 : 0) &+ (hasTimes ? 2 : 0)
    let stride = keyWords &+ 3 &+ (hasReverse ? 2 : 0) &+ (hasTimes ? 2 : 0)
    var count = before
    precondition(
        rows * width == records.count && (count + rows) * 2 <= slots.count
            && (count + rows) * stride <= entries.count)
    for row in 0..<rows {
        let record = row &* width
        let (group, isNew) = findEntry(
            records, record, keyWords, stride, seed, &slots, &entries, &count)
        var from = record &+ keyWords
        var to = group &* stride &+ keyWords
        let packed = unsafe records[unchecked: from]
        addClamped(&entries, to, packed >> 56, isNew: isNew)
        addClamped(&entries, to &+ 1, packed >> 32 & 0xff_ffff, isNew: isNew)
        addClamped(&entries, to &+ 2, packed & 0xffff_ffff, isNew: isNew)
        from &+= 1
        to &+= 3
        if hasReverse {
            let packed = unsafe records[unchecked: from]
            addClamped(&entries, to, packed >> 32, isNew: isNew)
            addClamped(&entries, to &+ 1, packed & 0xffff_ffff, isNew: isNew)
            from &+= 1
            to &+= 2
        }
        if hasTimes {
            unsafe addTimes(
                &entries, to, records[unchecked: from], records[unchecked: from &+ 1],
                isNew: isNew)
        }
    }
    return count
}

/// Adds records whose sums have a word each; answers how many groups there are then, for which there
/// is room.
private func mergeRecords(
    _ records: Span<UInt64>, _ rows: Int, _ keyWords: Int, _ layout: GroupLayout, _ seed: UInt64,
    _ slots: inout MutableSpan<UInt32>, _ entries: inout MutableSpan<UInt64>, _ before: Int
) -> Int {
    let stride = keyWords + layout.sumWords
    let times = layout.timesPlace
    var count = before
    precondition(
        rows * stride == records.count && (count + rows) * 2 <= slots.count
            && (count + rows) * stride <= entries.count)
    for row in 0..<rows {
        let record = row &* stride
        let (group, isNew) = findEntry(
            records, record, keyWords, stride, seed, &slots, &entries, &count)
        let (from, to) = (record &+ keyWords, group &* stride &+ keyWords)
        for sum in 0..<times {
            unsafe addClamped(
                &entries, to &+ sum, records[unchecked: from &+ sum], isNew: isNew)
        }
        if layout.hasTimes {
            unsafe addTimes(
                &entries, to &+ times, records[unchecked: from &+ times],
                records[unchecked: from &+ times &+ 1], isNew: isNew)
        }
    }
    return count
}
