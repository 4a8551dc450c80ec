import FlowModel

/// Which addresses a block has, roughly: a Bloom filter of all addresses of all its columns, of their
/// networks of 24 bits (IPv4) and 48 bits (IPv6).
///
/// A key sets four bits of one slot of 256 (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient
/// Bloom Filters, 2009), at 5 to 10 bits a key: one in 12 to 80 absent keys is found. The number of
/// slots is a power of two and a key's slot are its hash's uppermost bits, so that a filter can be made
/// smaller and larger without its keys.
struct AddressFilter {
    /// Octets a slot.
    static let slotOctets = 32
    /// Bits a key at least.
    private static let keyBits = 5
    /// log₂ of the slots at most; enough for every address that a block can have.
    static let slotBitsMax = 16

    /// Keys that were added.
    let keys: Int
    /// log₂ of the slots.
    let slotBits: Int
    /// The slots' octets.
    let slots: EncodedBytes

    /// A filter of the addresses of some ascending lists.
    init(_ lists: [EncodedBytes]) {
        var hashes: [UInt64] = []
        hashes.reserveCapacity(lists.reduce(0) { $0 + $1.count / 16 } * 3 / 2)
        for list in lists {
            let addresses = list.values(as: IPAddress.self)
            var network = AddressKey?.none
            for index in addresses.indices {
                hashes.append(AddressKey(addresses[index]).hash)
                let next = AddressKey(networkOf: addresses[index])
                if next != network { hashes.append(next.hash) }
                network = next
            }
        }
        keys = hashes.count
        slotBits = Self.slotBits(forKeys: keys)
        let storage = EncodedBytes(count: Self.slotOctets << slotBits)
        slots = storage
        var words = storage.mutableValues(as: UInt64.self)
        for hash in hashes {
            let first = slot(of: hash, slotBits: slotBits) * 4
            for lane in 0..<4 { words[first + lane] |= 1 << bit(of: hash, lane: lane) }
        }
    }

    /// log₂ of the slots that so many keys need.
    static func slotBits(forKeys keys: Int) -> Int {
        var bits = 0
        while bits < slotBitsMax, keys * keyBits > 256 << bits { bits += 1 }
        return bits
    }

    /// Adds a slot's octets to `output`, as a filter with 2^`bits` slots has them.
    func write(slot: Int, bits: Int, to output: inout [UInt8]) {
        Self.write(
            slot: slot, bits: bits, of: slots.bytes, first: 0, slotBits: slotBits, to: &output)
    }

    /// The same of a filter of which only slots from `first` on are there.
    static func write(
        slot: Int, bits: Int, of slots: RawSpan, first: Int, slotBits: Int,
        to output: inout [UInt8]
    ) {
        func word(_ slot: Int, _ lane: Int) -> UInt64 {
            let place = (slot - first) * slotOctets + lane * 8
            return unsafe slots.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self)
        }
        for lane in 0..<4 {
            if bits >= slotBits {
                output.put(word(slot >> (bits - slotBits), lane))
            } else {
                let start = slot << (slotBits - bits)
                output.put(
                    (start..<start + 1 << (slotBits - bits)).reduce(0) { $0 | word($1, lane) })
            }
        }
    }
}

/// What is looked up in a filter: an address, or the network that one is in.
struct AddressKey: Hashable {
    private let high: UInt64
    private let low: UInt64
    private let isNetwork: Bool

    init(_ address: IPAddress) {
        high = address.high
        low = address.low
        isNetwork = false
    }

    init(networkOf address: IPAddress) {
        let network = address.masked(to: address.isV4 ? 96 + 24 : 48)
        high = network.high
        low = network.low
        isNetwork = true
    }

    /// The key's hash; part of the format.
    var hash: UInt64 {
        var hash = (high ^ (isNetwork ? 0x9e37_79b9_7f4a_7c15 : 0)) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ hash >> 32 ^ low) &* 0xc4ce_b9fe_1a85_ec53
        hash = (hash ^ hash >> 29) &* 0xff51_afd7_ed55_8ccd
        return hash ^ hash >> 32
    }

    /// The keys that a block must have if it has an address of the range; empty where the range is more
    /// than one network.
    static func keys(of range: ClosedRange<IPAddress>) -> [AddressKey] {
        let network = AddressKey(networkOf: range.lowerBound)
        guard network == AddressKey(networkOf: range.upperBound) else { return [] }
        // The network first: where it is missing the other need not be looked up.
        return range.lowerBound == range.upperBound
            ? [network, AddressKey(range.lowerBound)] : [network]
    }
}

/// The slot of a key: the uppermost bits of its hash.
func slot(of hash: UInt64, slotBits: Int) -> Int {
    slotBits == 0 ? 0 : Int(truncatingIfNeeded: hash >> UInt64(64 - slotBits))
}

/// The bit that a key sets in each of the four words of its slot.
func bit(of hash: UInt64, lane: Int) -> UInt64 { hash >> UInt64(6 * lane) & 63 }
