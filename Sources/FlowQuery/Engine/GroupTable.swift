import FlowModel
import Synchronization

/// All groups of an answer, by key; workers share it.
///
/// The upper bits of a key's hash say in which part it lies. A worker brings a block's records part
/// by part, so a part stays in the cache meanwhile; and the lock of one part holds up nobody who is
/// at another. There is one record a group, however many workers there are.
final class GroupTable {
    /// How many parts there are.
    static let parts = 64
    /// Records that are added to a part in one go.
    static let pieceRecords = 256

    /// A group's place.
    struct Place: BitwiseCopyable {
        var part: Int32
        var group: UInt32
    }

    let layout: GroupLayout
    /// The addresses that keys hold by number.
    let addresses: AddressNumbers
    let seed: UInt64
    let parts: [GroupPart]

    init(_ layout: GroupLayout, seed: UInt64) {
        self.layout = layout
        self.seed = seed
        addresses = AddressNumbers(seed: seed)
        parts = (0..<Self.parts).map { _ in GroupPart(layout) }
    }

    /// Groups.
    var count: Int { parts.reduce(0) { $0 + $1.count } }

    /// The part in which a key lies.
    @inline(__always)
    static func part(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 58) }

    /// Adds records to their groups.
    func add(_ batch: GroupBatch) {
        if batch.count == 0 { return }
        batch.arrange(seed: seed)
        var start = 0
        for part in 0..<Self.parts {
            let end = batch.ends[part]
            if start < end { parts[part].add(batch, start..<end) }
            start = end
        }
    }

    /// The sums of a group.
    func sums(of place: Place) -> GroupSums {
        let part = parts[Int(place.part)]
        return GroupSums(part.records, at: Int(place.group) * layout.stride, layout)
    }

    /// One of the values that a group is made by; an IPv4 address or a number in the lower half.
    func value(_ key: Int, of place: Place) -> IPAddress? {
        let part = parts[Int(place.part)]
        let start = Int(place.group) * layout.stride
        let records = part.records
        func read(_ bits: GroupLayout.Bits) -> UInt64 {
            records[start + bits.word] >> bits.shift & bits.mask
        }
        let key = layout.keys[key]
        guard read(key.present) != 0 else { return nil }
        guard let isNumber = key.isNumber else {
            return IPAddress(high: 0, low: read(key.value))
        }
        return read(isNumber) != 0
            ? addresses.address(read(key.value))
            : IPAddress(v4: UInt32(truncatingIfNeeded: read(key.value)))
    }

    /// Orders two groups by key: absent first, then by value, the first key foremost.
    func precedes(_ a: Place, _ b: Place) -> Bool {
        for key in layout.keys.indices {
            switch (value(key, of: a), value(key, of: b)) {
            case (nil, nil): continue
            case (nil, _): return true
            case (_, nil): return false
            case (let x?, let y?): if x != y { return x < y }
            }
        }
        return false
    }
}

/// A part of a table: open addressing over records that lie behind each other.
///
///     slots    [ bits of the hash: 32 | group + 1: 32 ] …      0 = free
///     records  as ``GroupLayout`` says
final class GroupPart {
    /// Groups.
    private(set) var count = 0

    private let lock = Mutex(())
    private let layout: GroupLayout
    private var slots = Scratch<UInt64>(1, repeating: 0)
    private var entries = Scratch<UInt64>(unwritten: 0)

    init(_ layout: GroupLayout) { self.layout = layout }

    /// The groups' records.
    var records: Span<UInt64> {
        @_lifetime(borrow self) get {
            let span = entries.span
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Adds the records at some places of a batch's order.
    func add(_ batch: GroupBatch, _ places: Range<Int>) {
        lock.withLock { _ in
            for first in stride(
                from: places.lowerBound, to: places.upperBound, by: GroupTable.pieceRecords)
            {
                let last = min(first + GroupTable.pieceRecords, places.upperBound)
                while (count + last - first) * 4 > slots.count * 3 { grow() }
                let (slotTable, entryTable) = (slots, entries)
                var slots = slotTable.mutable
                var entries = entryTable.mutable
                let (loaded, ordered) = (batch.places, batch.order)
                let (hashes, records) = (batch.hashes, batch.records)
                var places = loaded.mutable
                let order = ordered.span.extracting(first..<last)
                locate(
                    order, hashes.span, slotTable.span, entryTable.span, layout.stride,
                    into: &places)
                count = mergeRecords(
                    records.span, order, hashes.span, at: loaded.span, layout, slots: &slots,
                    entries: &entries,
                    count: count)
            }
        }
    }

    private func grow() {
        let size = max(512, slots.count * 2)
        let (oldSlots, old) = (slots, entries)
        let (newSlots, new) = (
            Scratch<UInt64>(size, repeating: 0),
            Scratch<UInt64>(unwritten: size / 4 * 3 * layout.stride)
        )
        var copy = new.mutable
        let words = old.span
        for word in 0..<(count * layout.stride) {
            unsafe copy[unchecked: word] = words[unchecked: word]
        }
        var slots = newSlots.mutable
        let mask = size - 1
        for place in 0..<oldSlots.count where oldSlots[place] != 0 {
            let slot = oldSlots[place]
            var place = Int(truncatingIfNeeded: slot >> 32) & mask
            while slots[place] != 0 { place = (place + 1) & mask }
            slots[place] = slot
        }
        self.slots = newSlots
        entries = new
    }
}

/// What a slot keeps of a hash.
@inline(__always)
private func tag(_ hash: UInt64) -> UInt64 { hash >> 26 & 0xffff_ffff }

/// Finds where each record's group, or a free slot for it, would be by the hash alone.
///
/// All slots are loaded first, and then all records that they name: loads that do not wait for each
/// other, nor for the additions. What was loaded is kept behind the places, so that it is loaded.
private func locate(
    _ order: Span<UInt16>, _ hashes: Span<UInt64>, _ slots: Span<UInt64>, _ entries: Span<UInt64>,
    _ stride: Int, into places: inout MutableSpan<UInt64>
) {
    let count = order.count
    precondition(count * 2 <= places.count && hashes.count >= BlockScan.rowsMax)
    let mask = slots.count - 1
    for index in 0..<count {
        let tag = unsafe tag(hashes[unchecked: Int(order[unchecked: index])])
        unsafe places[unchecked: index] = tag
        unsafe places[unchecked: count &+ index] =
            slots[unchecked: Int(truncatingIfNeeded: tag) & mask]
    }
    for index in 0..<count {
        let tag = unsafe places[unchecked: index]
        var slot = unsafe places[unchecked: count &+ index]
        var place = Int(truncatingIfNeeded: tag) & mask
        while slot != 0 && slot >> 32 != tag {
            place = (place &+ 1) & mask
            slot = unsafe slots[unchecked: place]
        }
        unsafe places[unchecked: index] = UInt64(truncatingIfNeeded: place)
        let group = Int(truncatingIfNeeded: slot & 0xffff_ffff)
        unsafe places[unchecked: count &+ index] = entries[unchecked: max(group &- 1, 0) &* stride]
    }
}

/// Adds each record to its group or makes it a new one; answers how many groups there are then.
///
/// There is room for as many new groups as there are records. `places` are those of ``locate``.
private func mergeRecords(
    _ records: Span<UInt64>, _ order: Span<UInt16>, _ hashes: Span<UInt64>,
    at places: Span<UInt64>, _ layout: GroupLayout,
    slots: inout MutableSpan<UInt64>, entries: inout MutableSpan<UInt64>, count: Int
) -> Int {
    let (stride, keyWords) = (layout.stride, layout.keyWords)
    let times = layout.times
    precondition(
        hashes.count >= BlockScan.rowsMax && records.count >= BlockScan.rowsMax * stride
            && order.count <= places.count
            && (count + order.count) * stride <= entries.count && count + order.count < slots.count)
    let mask = slots.count - 1
    var count = count
    for index in 0..<order.count {
        let row = unsafe Int(order[unchecked: index])
        let record = row &* stride
        let tag = unsafe tag(hashes[unchecked: row])
        let head = unsafe records[unchecked: record]
        var place = unsafe Int(truncatingIfNeeded: places[unchecked: index]) & mask
        probe: while true {
            let slot = unsafe slots[unchecked: place]
            if slot == 0 {
                unsafe slots[unchecked: place] = tag << 32 | UInt64(count &+ 1)
                let entry = count &* stride
                for word in 0..<stride {
                    unsafe entries[unchecked: entry &+ word] = records[unchecked: record &+ word]
                }
                count &+= 1
                break
            }
            place = (place &+ 1) & mask
            guard slot >> 32 == tag else { continue }
            let entry = (Int(truncatingIfNeeded: slot & 0xffff_ffff) &- 1) &* stride
            let found = unsafe entries[unchecked: entry]
            guard (found ^ head) & ~GroupLayout.flowsMask == 0 else { continue }
            for word in 1..<max(keyWords, 1) {
                guard
                    unsafe entries[unchecked: entry &+ word] == records[unchecked: record &+ word]
                else { continue probe }
            }
            let flows = (found & GroupLayout.flowsMask) &+ (head & GroupLayout.flowsMask)
            unsafe entries[unchecked: entry] =
                head & ~GroupLayout.flowsMask | min(flows, GroupLayout.flowsMask)
            for word in keyWords..<times {
                unsafe entries[unchecked: entry &+ word] =
                    entries[unchecked: entry &+ word].clampedAdding(
                        records[unchecked: record &+ word])
            }
            if layout.hasTimes {
                unsafe entries[unchecked: entry &+ times] = min(
                    entries[unchecked: entry &+ times], records[unchecked: record &+ times])
                unsafe entries[unchecked: entry &+ times &+ 1] = max(
                    entries[unchecked: entry &+ times &+ 1],
                    records[unchecked: record &+ times &+ 1])
            }
            break
        }
    }
    return count
}
