import FlowModel
import Testing

@testable import FlowEnrichment

/// The table against a look through all ranges.
@Suite struct AddressTableTests {
    private struct World {
        var families = AddressFamilies()
        var ranges: [(range: ClosedRange<UInt128>, isV4: Bool, value: UInt32)] = []

        /// Ranges of one family: `spread` is the number of bits that gaps and lengths may have.
        mutating func add<Key: FixedWidthInteger & UnsignedInteger & Sendable>(
            _ steps: inout AddressSteps<Key>, from start: Key, count: Int, spread: Int,
            _ random: inout Seeded
        ) {
            var next: Key? = start
            for _ in 0..<count {
                guard let first = next else { break }
                let gap = Key(truncatingIfNeeded: random.next() >> UInt64(64 - spread))
                let length = Key(truncatingIfNeeded: random.next() >> UInt64(64 - spread))
                let begin = first.addingReportingOverflow(Bool.random(using: &random) ? gap : 0)
                guard !begin.overflow else { break }
                let end = begin.partialValue.addingReportingOverflow(length)
                let last = end.overflow ? Key.max : end.partialValue
                let value = UInt32.random(in: 0...5, using: &random)
                let isAppended = steps.append(begin.partialValue, last, value)
                #expect(isAppended)
                ranges.append(
                    (UInt128(begin.partialValue)...UInt128(last), Key.bitWidth == 32, value))
                next = last == .max ? nil : last + 1
            }
        }

        func value(_ number: UInt128, isV4: Bool) -> UInt32 {
            ranges.first { $0.isV4 == isV4 && $0.range.contains(number) }?.value ?? 0
        }
    }

    @Test(arguments: 0..<12)
    func `every address has the value of its range`(seed: Int) {
        var random = Seeded(UInt64(seed))
        var world = World()
        var (v4, v6) = (AddressSteps<UInt32>(), AddressSteps<UInt128>())
        let start: UInt32 = [0, 0, 0xfffe_0000, 0x0a00_0000][seed % 4]
        world.add(&v4, from: start, count: 200, spread: [9, 20, 27][seed % 3], &random)
        let prefixes: [UInt128] = [0, 0x2a00 << 112, 0x2fff << 112, 0xffff_ffff << 96]
        world.add(
            &v6, from: prefixes[seed / 2 % 4], count: 200, spread: [9, 40, 64][seed % 3], &random)
        v4.finish()
        v6.finish()
        world.families = AddressFamilies(v4: v4, v6: v6)
        let table = AddressTable(world.families)
        var probes: [IPAddress] = []
        for (range, isV4, _) in world.ranges {
            for number in [
                range.lowerBound, range.upperBound, range.lowerBound &- 1, range.upperBound &+ 1,
                range.lowerBound / 2 + range.upperBound / 2,
            ] {
                if isV4 {
                    probes.append(IPAddress(v4: UInt32(truncatingIfNeeded: number)))
                } else {
                    probes.append(IPAddress(number: number))
                }
            }
        }
        for _ in 0..<500 {
            probes.append(IPAddress(v4: UInt32(truncatingIfNeeded: random.next())))
            probes.append(IPAddress(high: 0x2a00 << 48 | random.next() >> 20, low: random.next()))
        }
        var found = [UInt32](repeating: 99, count: probes.count)
        table.look(up: probes.span, into: &found)
        for (probe, value) in zip(probes, found) {
            #expect(table.value(of: probe) == value)
            if let number = probe.v4 {
                #expect(value == world.value(UInt128(number), isV4: true), "\(probe)")
            } else if probe.high >> 48 != 0x2002 {
                #expect(value == world.value(probe.number, isV4: false), "\(probe)")
            }
        }
    }

    @Test func `what stands for an IPv4 address is where that one is`() throws {
        var families = AddressFamilies()
        _ = families.v4.append(0xc000_0200, 0xc000_02ff, 7)
        families.v4.finish()
        families.v6.finish()
        let table = AddressTable(families)
        for text in ["192.0.2.1", "2002:c000:201::5", "64:ff9b::c000:201", "::ffff:192.0.2.9"] {
            #expect(table.value(of: try #require(IPAddress(text))) == 7, "\(text)")
        }
        for text in ["192.0.3.1", "2002:c000:301::", "64:ff9b:1::c000:201", "::192.0.2.1"] {
            #expect(table.value(of: try #require(IPAddress(text))) == 0, "\(text)")
        }
    }

    @Test func `ranges that do not follow each other are refused`() {
        var steps = AddressSteps<UInt32>()
        let taken = [
            steps.append(10, 20, 1), steps.append(21, 21, 2), steps.append(21, 30, 3),
            steps.append(5, 6, 3), steps.append(40, 30, 3), steps.append(.max - 1, .max, 4),
            steps.append(.max, .max, 5),
        ]
        #expect(taken == [true, true, false, false, false, true, false])
        steps.finish()
        #expect(steps.starts == [0, 10, 21, 22, .max - 1] && steps.values == [0, 1, 2, 0, 4])
    }

    @Test func `joined steps have the values of both`() {
        var (a, b) = (AddressSteps<UInt32>(), AddressSteps<UInt32>())
        let taken = [a.append(10, 19, 1), a.append(30, 39, 2), b.append(15, 34, 3)]
        #expect(taken == [true, true, true])
        a.finish()
        b.finish()
        let joined = a.joined(with: b) { $0 * 10 + $1 }
        #expect(joined.starts == [0, 10, 15, 20, 30, 35, 40])
        #expect(joined.values == [0, 10, 13, 3, 23, 20, 0])
    }
}
