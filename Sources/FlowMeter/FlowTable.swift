import FlowWire

/// The flows that are going on: open addressing over numbered entries, and two queues through them.
///
///     slots    [ hash │ 3 ][ – ][ hash │ 1 ]…      linear probing, at most half full
///     entries  [ – ][ flow 1 ][ flow 2 ][ flow 3 ]…  number 0 is "none"; free ones are linked
///     headers  [ – ][ first packet of 1 ][ … ]     cold: written once, read once
///
/// A slot carries the entry's whole hash, so that moving slots never touches the entries. Memory
/// doubles up to `limit` flows.
@safe
struct FlowTable: ~Copyable {
    /// Flows in the table.
    private(set) var count = 0
    /// Flows at most.
    let limit: Int

    private var entries: UnsafeMutablePointer<FlowEntry>
    private var headers: UnsafeMutablePointer<PacketHeaders>
    private var slots: UnsafeMutablePointer<UInt64>
    private var capacity: Int
    private var mask: Int
    /// The first free entry that was in use before; else the first never used.
    private var free: UInt32 = 0
    private var unused: UInt32 = 1

    init(limit: Int) {
        self.limit = min(max(limit, 1), Int(UInt32.max >> 2))
        capacity = min(self.limit, 2048)
        let slotCount = Self.slotCount(for: capacity)
        mask = slotCount - 1
        unsafe entries = Self.allocateEntries(capacity + 1)
        unsafe headers = .allocate(capacity: capacity + 1)
        unsafe slots = .allocate(capacity: slotCount)
        unsafe slots.initialize(repeating: 0, count: slotCount)
    }

    deinit {
        unsafe entries.deallocate()
        unsafe headers.deallocate()
        unsafe slots.deallocate()
    }

    /// Whether another flow needs the place of one that is there.
    var isFull: Bool { count == limit }

    /// The entry of a number that ``find(_:hash:)`` or ``insert(_:_:)`` gave.
    subscript(_ number: UInt32) -> FlowEntry {
        @inline(__always) _read {
            precondition(number > 0 && number < unused)
            yield unsafe entries[Int(number)]
        }
        @inline(__always) _modify {
            precondition(number > 0 && number < unused)
            yield unsafe &entries[Int(number)]
        }
    }

    /// The headers of the flow's first packet.
    func firstHeaders(_ number: UInt32) -> PacketHeaders {
        precondition(number > 0 && number < unused)
        return unsafe headers[Int(number)]
    }

    /// The number of the flow with that key, 0 where there is none.
    @inline(__always)
    func find(_ key: FlowKey, hash: UInt32) -> UInt32 {
        var position = Int(hash) & mask
        while true {
            let slot = unsafe slots[position]
            if slot == 0 { return 0 }
            if UInt32(truncatingIfNeeded: slot >> 32) == hash {
                let number = UInt32(truncatingIfNeeded: slot)
                if unsafe entries[Int(number)].key == key { return number }
            }
            position = (position &+ 1) & mask
        }
    }

    /// Enters a flow whose key is not in the table, which must not be full.
    mutating func insert(_ entry: FlowEntry, _ first: borrowing PacketHeaders) -> UInt32 {
        precondition(count < limit)
        let number: UInt32
        if free != 0 {
            number = free
            free = unsafe entries[Int(number)].next
        } else {
            if Int(unused) > capacity { grow() }
            number = unused
            unused += 1
        }
        unsafe (entries + Int(number)).initialize(to: entry)
        unsafe (headers + Int(number)).initialize(to: copy first)
        place(UInt64(entry.hash) << 32 | UInt64(number))
        count += 1
        return number
    }

    /// Takes a flow out; its number is free from now on.
    mutating func remove(_ number: UInt32) {
        precondition(number > 0 && number < unused)
        let hash = unsafe entries[Int(number)].hash
        let sought = UInt64(hash) << 32 | UInt64(number)
        var position = Int(hash) & mask
        while unsafe slots[position] != sought {
            precondition(unsafe slots[position] != 0, "the flow is not in the table")
            position = (position &+ 1) & mask
        }
        closeGap(position)
        unsafe entries[Int(number)].next = free
        free = number
        count -= 1
    }

    /// Moves later slots of the run up, so that no search stops short (Knuth 6.4, algorithm R).
    private mutating func closeGap(_ start: Int) {
        var gap = start
        var position = (gap &+ 1) & mask
        while true {
            let slot = unsafe slots[position]
            if slot == 0 { break }
            let home = Int(truncatingIfNeeded: slot >> 32) & mask
            if (position &- home) & mask >= (position &- gap) & mask {
                unsafe slots[gap] = slot
                gap = position
            }
            position = (position &+ 1) & mask
        }
        unsafe slots[gap] = 0
    }

    private mutating func place(_ slot: UInt64) {
        var position = Int(truncatingIfNeeded: slot >> 32) & mask
        while unsafe slots[position] != 0 { position = (position &+ 1) & mask }
        unsafe slots[position] = slot
    }

    private static func slotCount(for capacity: Int) -> Int {
        var count = 16
        while count < capacity * 2 { count *= 2 }
        return count
    }

    private static func allocateEntries(_ count: Int) -> UnsafeMutablePointer<FlowEntry> {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<FlowEntry>.stride, alignment: FlowEntry.alignment)
        return unsafe memory.bindMemory(to: FlowEntry.self, capacity: count)
    }

    private mutating func grow() {
        let larger = min(capacity * 2, limit)
        let newEntries = unsafe Self.allocateEntries(larger + 1)
        unsafe (newEntries + 1).moveInitialize(from: entries + 1, count: capacity)
        unsafe entries.deallocate()
        unsafe entries = newEntries
        let newHeaders = UnsafeMutablePointer<PacketHeaders>.allocate(capacity: larger + 1)
        unsafe (newHeaders + 1).moveInitialize(from: headers + 1, count: capacity)
        unsafe headers.deallocate()
        unsafe headers = newHeaders
        capacity = larger
        let slotCount = Self.slotCount(for: larger)
        guard slotCount > mask + 1 else { return }
        let old = unsafe slots
        let oldCount = mask + 1
        unsafe slots = .allocate(capacity: slotCount)
        unsafe slots.initialize(repeating: 0, count: slotCount)
        mask = slotCount - 1
        for position in 0..<oldCount {
            let slot = unsafe old[position]
            if slot != 0 { place(slot) }
        }
        unsafe old.deallocate()
    }
}

/// A queue through the entries of a ``FlowTable``: 0 is the end.
struct FlowQueue {
    private(set) var head: UInt32 = 0
    private var tail: UInt32 = 0

    /// Puts a flow that is in no queue at the end.
    mutating func append(_ number: UInt32, in table: inout FlowTable, at time: UInt64) {
        table[number].previous = tail
        table[number].next = 0
        table[number].queued = time
        if tail == 0 { head = number } else { table[tail].next = number }
        tail = number
    }

    /// Takes a flow out.
    mutating func remove(_ number: UInt32, in table: inout FlowTable) {
        let previous = table[number].previous
        let next = table[number].next
        if previous == 0 { head = next } else { table[previous].next = next }
        if next == 0 { tail = previous } else { table[next].previous = previous }
    }
}
