import Glibc

/// The filters of a segment's blocks while it is written: the last in memory, those before them in a file.
///
/// All are kept until the last block is there. Each has a thirtieth of its block's octets, and in memory
/// those of a large segment would be most of what merging takes.
struct FilterStack {
    /// Keys in all filters.
    private(set) var keys = 0
    /// Filters.
    private(set) var count = 0
    private var places: [Place] = []
    private var held: [AddressFilter] = []
    private var file: ScratchFile?
    private var octets: UInt64 = 0
    private let path: String
    private let heldMax: Int

    /// Where a filter begins in the file, and log₂ of its slots.
    private struct Place {
        var offset: UInt64
        var slotBits: Int
    }

    /// - Parameters:
    ///   - path: of the file, which is made when it is wanted, and has no name from then on.
    ///   - heldMax: filters in memory at most.
    init(path: String, heldMax: Int = 64) {
        self.path = path
        self.heldMax = heldMax
    }

    mutating func append(_ filter: AddressFilter) throws(StoreError) {
        keys += filter.keys
        count += 1
        held.append(filter)
        if held.count > heldMax { try putAway() }
    }

    private mutating func putAway() throws(StoreError) {
        let file: ScratchFile
        if let made = self.file { file = made } else { file = try ScratchFile(path) }
        self.file = file
        for filter in held {
            places.append(Place(offset: octets, slotBits: filter.slotBits))
            let slots = filter.slots
            try file.descriptor.write(slots.bytes, at: octets)
            octets += UInt64(slots.count)
        }
        held.removeAll(keepingCapacity: true)
    }

    /// Appends, slot by slot, what each filter has there, as filters with 2^`bits` slots have it.
    ///
    /// - Parameters:
    ///   - slots: as many as are worth being read at once.
    ///   - end: called behind each slot.
    func write(
        _ slots: Range<Int>, bits: Int, to output: inout [UInt8], end: (inout [UInt8]) -> Void
    ) throws(StoreError) {
        var pieces: [FilterPiece] = []
        pieces.reserveCapacity(count)
        for place in places {
            let own = FilterPiece.slots(slots, bits: bits, as: place.slotBits)
            let octets = try file?.descriptor.read(
                own.count * AddressFilter.slotOctets,
                at: place.offset + UInt64(own.lowerBound * AddressFilter.slotOctets))
            pieces.append(
                FilterPiece(octets: octets ?? [], first: own.lowerBound, slotBits: place.slotBits))
        }
        for slot in slots {
            for piece in pieces { piece.write(slot: slot, bits: bits, to: &output) }
            for filter in held { filter.write(slot: slot, bits: bits, to: &output) }
            end(&output)
        }
    }
}

/// Some slots of a filter that was read back.
private struct FilterPiece {
    let octets: [UInt8]
    /// The first of the slots.
    let first: Int
    /// log₂ of the filter's slots.
    let slotBits: Int

    /// The slots of a filter with 2^`own` slots that slots of one with 2^`bits` are made of.
    static func slots(_ slots: Range<Int>, bits: Int, as own: Int) -> Range<Int> {
        bits >= own
            ? slots.lowerBound >> (bits - own)..<((slots.upperBound - 1) >> (bits - own)) + 1
            : slots.lowerBound << (own - bits)..<slots.upperBound << (own - bits)
    }

    func write(slot: Int, bits: Int, to output: inout [UInt8]) {
        unsafe AddressFilter.write(
            slot: slot, bits: bits, of: octets.span.bytes, first: first, slotBits: slotBits,
            to: &output)
    }
}

/// A file without a name, which goes when it is closed.
private final class ScratchFile {
    let descriptor: Descriptor

    init(_ path: String) throws(StoreError) {
        descriptor = try Descriptor(path, .scratch)
        guard unsafe unlink(path) == 0 else { throw Descriptor.failure("delete", path) }
    }
}
