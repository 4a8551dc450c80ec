import FlowModel
import Testing

@testable import FlowQuery

@Suite struct AddressIndexTests {
    private func address(_ random: inout SeededNumbers) -> IPAddress {
        switch random.below(10) {
        case 0: IPAddress(high: UInt64(random.below(3)) << 61, low: UInt64(random.below(2000)))
        case 1: IPAddress(high: 0, low: IPAddress.v4Prefix &+ UInt64(random.below(20)) &- 10)
        case 2: IPAddress(v4: .max &- UInt32(random.below(20)))
        case 3, 4: IPAddress(v4: UInt32(truncatingIfNeeded: random.next()))
        case 5: IPAddress(v4: 0x0a01_0000 &+ UInt32(random.below(4)) << 16)
        default: IPAddress(v4: 0x0a00_0000 &+ UInt32(random.below(200_000)))
        }
    }

    @Test(arguments: 0..<40)
    func `a merge marks what a search in the set finds`(seed: Int) throws {
        var random = SeededNumbers(seed: UInt64(seed))
        var ranges: [ClosedRange<IPAddress>] = []
        for _ in 0..<random.pick([64, 70, 300, 3000, 20_000]) {
            let first = address(&random)
            let last = random.chance(80) ? first : address(&random)
            ranges.append(min(first, last)...max(first, last))
            if random.chance(95), ranges.count > 0 { ranges[ranges.count - 1] = first...first }
        }
        let set = IntervalSet(ranges)
        let index = AddressIndex(random.chance(30) ? set.complement().ranges : set.ranges)
        try #require(index.isLarge || index.ranges.count < 64)
        guard index.isLarge else { return }
        for _ in 0..<10 {
            let count = random.pick([1, 2, 50, 1000, 5000])
            let dictionary = Set((0..<count).map { _ in address(&random) }).sorted()
            var marks = [UInt8](repeating: 0, count: dictionary.count + random.below(3))
            var span = marks.mutableSpan
            let marked = index.mark(dictionary.span, in: &span)
            let expected = dictionary.map { address in
                index.ranges.judge(address...address) == .all
            }
            #expect(marks.prefix(dictionary.count).map { $0 == 0xff } == expected)
            #expect(marked == expected.count { $0 })
            #expect(marks.dropFirst(dictionary.count).allSatisfy { $0 == 0 })
        }
    }
}
