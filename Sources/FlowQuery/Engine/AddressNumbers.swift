import FlowModel
import Synchronization

/// Numbers IPv6 addresses, so that keys need not carry 128 bits.
///
/// Workers share it. Which number an address gets depends on who comes first: nothing may be ordered
/// by numbers.
final class AddressNumbers {
    private let lock = Mutex(())
    private let seed: UInt64
    private var count = 0
    /// Upper half of the hash, number + 1; 0 = free.
    private var slots = Scratch<UInt64>(1 << 8, repeating: 0)
    private var addresses = Scratch<IPAddress>(unwritten: 1 << 7)
    private let hashes = Scratch<UInt64>(pieceRows, repeating: 0)
    private let loaded = Scratch<UInt64>(pieceRows, repeating: 0)

    init(seed: UInt64) { self.seed = seed }

    /// The address of a number that was given out.
    func address(_ number: UInt64) -> IPAddress {
        let index = Int(truncatingIfNeeded: number)
        precondition(index < count)
        return addresses[index]
    }

    /// Writes the number of each address, and the flag besides, into the values that have the flag.
    func number(
        _ found: Scratch<IPAddress>, flag: UInt64, into values: Scratch<UInt64>, count rows: Int
    ) {
        lock.withLock { _ in
            // 2³² addresses would take 64 GB.
            precondition(count + rows < 0xffff_ffff)
            while (count + rows) * 2 > slots.count { grow() }
            let (slotTable, addressTable) = (slots, addresses)
            let (hashTable, loadTable) = (hashes, loaded)
            var hashes = hashTable.mutable
            var loaded = loadTable.mutable
            load(
                found.span, flag: flag, of: values.span, rows: rows, seed: seed, slotTable.span,
                addressTable.span, into: &hashes, &loaded)
            var slots = slotTable.mutable
            var addresses = addressTable.mutable
            var numbers = values.mutable
            count = numberAddresses(
                found.span, flag: flag, into: &numbers, rows: rows, hashTable.span,
                slots: &slots, addresses: &addresses, count: count)
        }
    }

    private func grow() {
        let (old, size) = (addresses, slots.count * 2)
        let (numbered, grown) = (
            Scratch<UInt64>(size, repeating: 0), Scratch<IPAddress>(unwritten: size / 2)
        )
        for index in 0..<count {
            let address = old[index]
            grown[index] = address
            let hash = mixed(mixed(seed, address.high), address.low)
            var place = Int(truncatingIfNeeded: hash) & (size - 1)
            while numbered[place] != 0 { place = (place + 1) & (size - 1) }
            numbered[place] = hash & ~0xffff_ffff | UInt64(index + 1)
        }
        slots = numbered
        addresses = grown
    }
}

/// Hashes the addresses that are wanted and loads what their slots name, all loads at once.
private func load(
    _ found: Span<IPAddress>, flag: UInt64, of values: Span<UInt64>, rows: Int, seed: UInt64,
    _ slots: Span<UInt64>, _ addresses: Span<IPAddress>, into hashes: inout MutableSpan<UInt64>,
    _ loaded: inout MutableSpan<UInt64>
) {
    precondition(
        rows <= found.count && rows <= values.count && rows <= hashes.count
            && rows <= loaded.count)
    let mask = slots.count - 1
    for row in 0..<rows where unsafe values[unchecked: row] & flag != 0 {
        let address = unsafe found[unchecked: row]
        let hash = mixed(mixed(seed, address.high), address.low)
        unsafe hashes[unchecked: row] = hash
        unsafe loaded[unchecked: row] = slots[unchecked: Int(truncatingIfNeeded: hash) & mask]
    }
    for row in 0..<rows where unsafe values[unchecked: row] & flag != 0 {
        let number = unsafe Int(truncatingIfNeeded: loaded[unchecked: row] & 0xffff_ffff)
        unsafe loaded[unchecked: row] = addresses[unchecked: max(number &- 1, 0)].low
    }
}

/// Finds or gives the number of each address whose value has the flag; answers how many there are then.
///
/// There is room for as many new addresses as there are rows.
private func numberAddresses(
    _ found: Span<IPAddress>, flag: UInt64, into values: inout MutableSpan<UInt64>, rows: Int,
    _ hashes: Span<UInt64>, slots: inout MutableSpan<UInt64>,
    addresses: inout MutableSpan<IPAddress>,
    count: Int
) -> Int {
    precondition(
        rows <= found.count && rows <= values.count && rows <= hashes.count
            && count + rows <= addresses.count
            && count + rows < slots.count)
    let mask = slots.count - 1
    var count = count
    for row in 0..<rows {
        if unsafe values[unchecked: row] & flag == 0 { continue }
        let address = unsafe found[unchecked: row]
        let hash = unsafe hashes[unchecked: row]
        var place = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = unsafe slots[unchecked: place]
            if slot == 0 {
                unsafe slots[unchecked: place] = hash & ~0xffff_ffff | UInt64(count &+ 1)
                unsafe addresses[unchecked: count] = address
                unsafe values[unchecked: row] = flag | UInt64(count)
                count &+= 1
                break
            }
            let index = Int(truncatingIfNeeded: slot & 0xffff_ffff) &- 1
            if slot >> 32 == hash >> 32, unsafe addresses[unchecked: index] == address {
                unsafe values[unchecked: row] = flag | UInt64(truncatingIfNeeded: index)
                break
            }
            place = (place &+ 1) & mask
        }
    }
    return count
}

/// A step of a seeded hash: keys come off the wire, and their sender must not choose collisions.
@inline(__always)
func mixed(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let (high, low) = (hash ^ word).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    return high ^ low ^ hash << 1
}
