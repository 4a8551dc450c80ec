import FlowModel
import FlowStore
import Testing

@testable import FlowQuery

/// Groups by one address whose parts are ranges of addresses.
@Suite struct AddressPartsTests {
    /// Rows of 5,000 addresses: IPv4 most, IPv6 some, none a few; sums too wide for packed records now
    /// and then.
    private func batch(_ network: UInt32, _ random: inout SeededNumbers) -> FlowBatch {
        let batch = FlowBatch()
        let count = 14_000
        for row in 0..<count {
            let host = UInt64(random.below(5_000))
            if host % 97 != 0 {
                batch.columnForWriting(.srcip).set(
                    host % 31 == 0
                        ? IPAddress(high: 0x2001_0db8 << 32, low: host)
                        : IPAddress(v4: network &+ UInt32(host) &* UInt32(host)), at: row)
            }
            batch.columnForWriting(.start).set(EngineWorld.time + UInt64(row), at: row)
            batch.columnForWriting(.packets).set(UInt64(1 + random.below(9)), at: row)
            batch.columnForWriting(.bytes).set(
                host % 211 == 0 ? 1 << 34 : UInt64(random.below(100_000)), at: row)
        }
        batch.advance(by: count)
        return batch
    }

    @Test func `groups are those of the rows, whatever blocks come first`() throws {
        var random = SeededNumbers(seed: 11)
        // The third has all its addresses within a few parts of the first.
        let batches = [0x0a00_0000, 0xc0a8_0000, 0x0a01_0000].map { batch($0, &random) }
        let encoder = BlockEncoder()
        var expected: [IPAddress?: [UInt64]] = [:]
        for batch in batches {
            for row in 0..<batch.count {
                let counters = [1, batch.number(.packets, at: row), batch.number(.bytes, at: row)]
                let sums = expected[batch.address(.srcip, at: row)] ?? [0, 0, 0]
                expected[batch.address(.srcip, at: row)] = zip(sums, counters).map {
                    $0 + ($1 ?? 0)
                }
            }
        }
        for order in [[0, 1, 2], [2, 1, 0]] {
            let engine = QueryEngine(
                blocks: order.map { encoder.encode(batches[$0]) }, rates: SamplingRates())
            for (memory, threads) in [(1 << 30, 1), (1 << 30, 2), (1, 2)] {
                var request = QueryRequest(
                    filter: .constant(true),
                    kind: .groups(by: [.field(.srcip)], order: .bytes, top: 0))
                request.memory = memory
                request.threads = threads
                let rows = try engine.answer(request).rows
                var found: [IPAddress?: [UInt64]] = [:]
                for row in rows {
                    var address: IPAddress?
                    if case .address(let known) = row[0] { address = known }
                    found[address] = row[1...3].map {
                        if case .number(let number) = $0 { number } else { 0 }
                    }
                }
                let isEqual = found == expected && rows.count == expected.count
                #expect(isEqual, "order \(order), memory \(memory), threads \(threads)")
            }
        }
    }

    @Test func `parts are ranges that ascend and hold alike many`() {
        var random = SeededNumbers(seed: 3)
        let addresses = Set((0..<20_000).map { _ in UInt32(truncatingIfNeeded: random.next()) })
            .union((0..<20_000).map { 0x0a01_0000 + 3 * UInt32($0) }).sorted()
        let storage = EncodedBytes(count: 16 * addresses.count)
        var bytes = storage.mutableBytes
        for (index, address) in addresses.map({ IPAddress(v4: $0) }).enumerated() {
            bytes.storeBytes(of: address.high, toByteOffset: index * 16, as: UInt64.self)
            bytes.storeBytes(of: address.low, toByteOffset: index * 16 + 8, as: UInt64.self)
        }
        let parts = AddressParts()
        let ranges = parts.settle(AddressDictionary(storage: storage))
        #expect(parts.settle(nil) == ranges)

        let found = addresses.map { AddressParts.part(of: UInt64($0) << 32, ranges.span) }
        #expect(zip(found, found.dropFirst()).allSatisfy { $0 <= $1 })
        let counts = Dictionary(grouping: found) { $0 }.mapValues(\.count)
        #expect(counts.count > GroupSink.parts * 9 / 10)
        #expect(counts.values.max() ?? 0 <= 4 * addresses.count / GroupSink.parts)
        #expect(found.allSatisfy { (0..<GroupSink.parts).contains($0) })
        #expect(AddressParts().settle(nil).isEmpty)
    }
}
