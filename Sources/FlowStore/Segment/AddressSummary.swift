import FlowModel
import Synchronization

/// The filters of a segment's blocks, slot by slot: to look a key up in all blocks one row is read.
///
///     row of slot 0 │ slot 0 of block 0 │ slot 0 of block 1 │ … │ checksum
///     row of slot 1 │ slot 1 of block 0 │ slot 1 of block 1 │ … │ checksum
///
/// A row that is damaged says nothing, so that no block is passed over for it.
final class AddressSummary: Sendable {
    /// Where it lies in a segment.
    struct Place: Hashable, Sendable {
        var offset: UInt64
        /// log₂ of the slots.
        var slotBits: Int
        var blocks: Int

        var rowOctets: Int { blocks * AddressFilter.slotOctets + 4 }
        var octets: UInt64 { UInt64(rowOctets) << UInt64(slotBits) }
    }

    private let segment: SegmentFile
    private let place: Place
    /// The rows that were read last; nil: damaged.
    private let rows = Mutex<[Int: [UInt8]?]>([:])
    private static let rowsMax = 64

    init(_ segment: SegmentFile, _ place: Place) {
        self.segment = segment
        self.place = place
    }

    /// Whether a block may have addresses of one of the ranges; false is certain.
    func mayContain(_ ranges: [ClosedRange<IPAddress>], block: Int) -> Bool {
        // One in a dozen absent keys is found: of many, one always is.
        guard ranges.count <= 16 else { return true }
        return ranges.contains { range in
            AddressKey.keys(of: range).allSatisfy { mayContain($0.hash, block: block) }
        }
    }

    /// Reads all of it; throws at the first damaged row.
    func verify() throws(StoreError) {
        for slot in 0..<1 << place.slotBits { _ = try read(slot) }
    }

    private func mayContain(_ hash: UInt64, block: Int) -> Bool {
        guard let row = row(slot(of: hash, slotBits: place.slotBits)) else { return true }
        for lane in 0..<4 {
            let bit = bit(of: hash, lane: lane)
            let octet = row[block * AddressFilter.slotOctets + lane * 8 + Int(bit >> 3)]
            if octet >> UInt8(bit & 7) & 1 == 0 { return false }
        }
        return true
    }

    private func row(_ slot: Int) -> [UInt8]? {
        rows.withLock { rows in
            if let row = rows[slot] { return row }
            let row = try? read(slot)
            if rows.count >= Self.rowsMax { rows.removeAll() }
            rows[slot] = .some(row)
            return row
        }
    }

    private func read(_ slot: Int) throws(StoreError) -> [UInt8] {
        let offset = place.offset + UInt64(slot) * UInt64(place.rowOctets)
        let octets = try segment.octets(place.rowOctets, at: offset)
        let row = Array(octets.dropLast(4))
        var reader = ByteReader(octets, row.count..<octets.count)
        let isSound: Bool
        do {
            isSound = unsafe fastChecksum(row.span.bytes) == (try reader.next(UInt32.self))
        } catch {
            throw segment.damage(error, at: offset)
        }
        guard isSound else {
            throw segment.damage(.checksum(part: "summary of addresses"), at: offset)
        }
        return row
    }
}

extension AddressSummary.Place {
    /// The summary of blocks with such filters.
    init(_ filters: FilterStack, at offset: UInt64) {
        self.init(
            offset: offset,
            slotBits: AddressFilter.slotBits(forKeys: filters.keys / max(filters.count, 1)),
            blocks: filters.count)
    }

    /// Writes the rows, some at a time: all of them are as large as the filters.
    func lay(
        _ filters: FilterStack, _ write: ([UInt8]) throws(StoreError) -> Void
    ) throws(StoreError) {
        let most = 1 << 18
        let rows = max(most / rowOctets, 1)
        var output: [UInt8] = []
        output.reserveCapacity(rows * rowOctets)
        for first in stride(from: 0, to: 1 << slotBits, by: rows) {
            output.removeAll(keepingCapacity: true)
            var start = 0
            try filters.write(
                first..<min(first + rows, 1 << slotBits), bits: slotBits, to: &output
            ) { output in
                let sum = unsafe fastChecksum(output.span.bytes.extracting(start..<output.count))
                output.put(sum)
                start = output.count
            }
            try write(output)
        }
    }
}
