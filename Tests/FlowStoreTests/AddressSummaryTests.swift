import FlowModel
import Glibc
import Testing

@testable import FlowStore

@Suite struct AddressSummaryTests {
    /// A store whose blocks have different addresses and different numbers of them.
    private func makeStore(_ scratch: Scratch) throws -> [FlowBatch] {
        let writer = try StoreWriter(directory: scratch.store)
        let batches = [(900, 40), (3000, 2000), (20, 5), (3000, 2500)].enumerated().map {
            ArrangementTests.conversations(
                rows: $1.0, hosts: $1.1, seed: UInt64($0 + 1))
        }
        for batch in batches { try writer.append(batch) }
        try writer.finish()
        return batches
    }

    @Test func `every address is found, and so is its network`() throws {
        let scratch = Scratch()
        let batches = try makeStore(scratch)
        let reader = try StoreReader(directory: scratch.store)
        for (block, batch) in zip(reader.blocks, batches) {
            for field in [.srcip, .dstip, .nexthop] as [Field] {
                for row in 0..<batch.count {
                    guard let address = batch.address(field, at: row) else { continue }
                    #expect(block.mayContain([address...address]))
                    let network = address.masked(to: address.isV4 ? 120 : 48)
                    #expect(block.mayContain([network...address]))
                }
            }
        }
    }

    @Test func `few absent addresses are found`() throws {
        let scratch = Scratch()
        _ = try makeStore(scratch)
        let reader = try StoreReader(directory: scratch.store)
        var random = Seeded(77)
        var found = 0
        for _ in 0..<2000 {
            let absent = IPAddress(v4: 203 << 24 | UInt32(random.next() >> 40))
            found += reader.blocks.count { $0.mayContain([absent...absent]) }
        }
        #expect(found < 2000 * reader.blocks.count / 50)
        // Of what is larger than a network nothing is known.
        let many = IPAddress(v4: 203 << 24)...IPAddress(v4: 204 << 24)
        #expect(reader.blocks.allSatisfy { $0.mayContain([many]) })
    }

    @Test func `a filter made smaller or larger still has its keys`() throws {
        let batch = ArrangementTests.conversations(rows: 3000, hosts: 2000, seed: 8)
        let column = BlockEncoder().encode(batch).column(.srcip)
        guard case .addresses(let dictionary, _)? = column?.values else {
            Issue.record("srcip is a column of addresses")
            return
        }
        let filter = AddressFilter([dictionary.storage])
        #expect(filter.slotBits > 2)
        for bits in [0, filter.slotBits - 2, filter.slotBits, filter.slotBits + 3] {
            let addresses = dictionary.storage.values(as: IPAddress.self)
            for index in stride(from: 0, to: addresses.count, by: 7) {
                let hash = AddressKey(addresses[index]).hash
                var octets: [UInt8] = []
                filter.write(slot: slot(of: hash, slotBits: bits), bits: bits, to: &octets)
                #expect(octets.count == AddressFilter.slotOctets)
                for lane in 0..<4 {
                    let bit = Int(bit(of: hash, lane: lane))
                    #expect(octets[lane * 8 + bit / 8] >> UInt8(bit % 8) & 1 == 1)
                }
            }
        }
    }

    @Test func `filters that were put away are laid as those in memory`() throws {
        let scratch = Scratch()
        mkdir(scratch.store, 0o750)
        let filters = [900, 20, 3000, 700, 5, 2500].map { rows in
            let batch = ArrangementTests.conversations(rows: rows, hosts: rows, seed: UInt64(rows))
            let values = BlockEncoder().encode(batch).column(.srcip)?.values
            guard case .addresses(let dictionary, _)? = values else { return AddressFilter([]) }
            return AddressFilter([dictionary.storage])
        }
        #expect(Set(filters.map(\.slotBits)).count > 3)
        func laid(heldMax: Int) throws -> [UInt8] {
            var stack = FilterStack(path: scratch.store + "/x.filters", heldMax: heldMax)
            for filter in filters { try stack.append(filter) }
            #expect(Scratch.list(scratch.store).isEmpty)
            let place = AddressSummary.Place(stack, at: 64)
            #expect(place.slotBits > 0 && place.blocks == filters.count)
            var octets: [UInt8] = []
            try place.lay(stack) { octets += $0 }
            #expect(octets.count == Int(place.octets))
            return octets
        }
        let expected = try laid(heldMax: 100)
        for most in 0...6 as ClosedRange<Int> { #expect(try laid(heldMax: most) == expected) }
    }

    @Test func `hashes are part of the format`() {
        #expect(AddressKey(IPAddress(v4: 0xcb00_714d)).hash != 0)
        let network = AddressKey(networkOf: IPAddress(v4: 0xcb00_714d))
        #expect(network == AddressKey(networkOf: IPAddress(v4: 0xcb00_7100)))
        #expect(network.hash != AddressKey(IPAddress(v4: 0xcb00_7100)).hash)
    }
}
