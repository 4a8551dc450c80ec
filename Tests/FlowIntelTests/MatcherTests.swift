import FlowIntel
import FlowModel
import Testing

private func set(_ texts: [String]) -> AddressSet {
    AddressSet(texts.compactMap { AddressRange(listed: $0) })
}

private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

@Suite struct MatcherTests {
    private let matcher = Matcher(
        sources: [
            ("a", set(["192.0.2.0/24", "2001:db8::/32", "203.0.112.0/20", "0.0.0.1"])),
            ("b", set(["192.0.2.128/25", "2001:db8:bad::/48", "2001:db8::5", "255.255.255.255"])),
            ("c", set(["192.0.2.200", "2a00::/12"])), ("d", set([])),
        ], allowed: set(["192.0.2.64/30", "192.0.2.200", "2001:db8:bad::1"]))

    @Test(arguments: [
        ("192.0.2.0", [0]), ("192.0.2.63", [0]), ("192.0.2.64", []), ("192.0.2.67", []),
        ("192.0.2.68", [0]), ("192.0.2.128", [0, 1]), ("192.0.2.200", []), ("192.0.2.201", [0, 1]),
        ("192.0.3.0", []), ("192.0.1.255", []), ("203.0.127.255", [0]), ("203.0.128.0", []),
        ("0.0.0.1", [0]), ("0.0.0.0", []), ("255.255.255.255", [1]), ("2001:db8::5", [0, 1]),
        ("2001:db8::6", [0]), ("2001:db8:bad::1", []), ("2001:db8:bad:ffff::", [0, 1]),
        ("2001:db9::", []), ("2a0f:ffff::1", [2]), ("2a10::", []), ("::", []),
    ])
    func `an address is listed by exactly the sources that list it and nobody allows`(
        text: String, sources: [Int]
    ) throws {
        #expect(matcher.sources(listing: try address(text)) == sources)
    }

    @Test func `both sides of every flow of a batch are looked up`() throws {
        let batch = FlowBatch()
        let flows = [
            ("192.0.2.1", "198.51.100.1"), ("198.51.100.1", "192.0.2.130"),
            ("2001:db8:1::1", "2001:db8:bad::2"), ("198.51.100.2", "192.0.2.65"),
        ]
        for (row, flow) in flows.enumerated() {
            batch.columnForWriting(.srcip).set(try address(flow.0), at: row)
            batch.columnForWriting(.dstip).set(try address(flow.1), at: row)
        }
        // A record of layer 2 has no addresses.
        batch.advance(by: flows.count + 1)
        var matches: [FlowMatch] = []
        matcher.match(batch, into: &matches)
        #expect(matches.map(\.row) == [0, 2, 1, 2])
        #expect(matches.map(\.isSource) == [true, true, false, false])
        #expect(matches.map { matcher.sources(inSet: $0.set) } == [[0], [0], [0, 1], [0, 1]])
        let everything = Matcher(sources: [("x", set(["::-::ffff:0:0"]))])
        #expect(everything.rangeCount == 0)
        var none: [FlowMatch] = []
        everything.match(batch, into: &none)
        #expect(none.isEmpty)
    }

    @Test func `a batch's matches are what the sets say, for ranges of all sizes`() throws {
        // A linear congruential generator: the same numbers in every run.
        var state: UInt64 = 7
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 20
        }
        var sets: [AddressSet] = []
        for _ in 0..<5 {
            var ranges: [AddressRange] = []
            for _ in 0..<200 {
                let first = UInt32(truncatingIfNeeded: next())
                let last = first | UInt32(truncatingIfNeeded: 1 << (next() % 22) - 1)
                AddressRange(from: IPAddress(v4: first), through: IPAddress(v4: last))
                    .map { ranges.append($0) }
                let high = 0x2001_0000_0000_0000 | next() & 0x0fff_ffff_ffff
                let bits = Int(20 + next() % 109)
                IPPrefix(IPAddress(high: high, low: next()), length: bits)
                    .flatMap { AddressRange($0) }.map { ranges.append($0) }
            }
            sets.append(AddressSet(ranges))
        }
        let allowed = sets.removeLast()
        let matcher = Matcher(
            sources: sets.enumerated().map { ("\($0.offset)", $0.element) }, allowed: allowed)
        // Every edge of every range, and what lies beside it.
        var probes: [IPAddress] = []
        for range in (sets + [allowed]).flatMap(\.ranges) {
            for edge in [range.first, range.last] {
                for step: UInt64 in [.max, 0, 1] {
                    probes.append(IPAddress(high: edge.high, low: edge.low &+ step))
                }
            }
        }
        for probe in probes {
            let expected =
                allowed.contains(probe) ? [] : sets.indices.filter { sets[$0].contains(probe) }
            #expect(matcher.sources(listing: probe) == expected, "\(probe)")
        }
    }

    @Test func `a matcher is replaced as a whole`() throws {
        let slot = MatcherSlot(matcher)
        let before = slot.matcher
        slot.replace(with: Matcher(sources: [("new", set(["198.51.100.0/24"]))]))
        #expect(before.sources == ["a", "b", "c", "d"])
        #expect(slot.matcher.sources(listing: try address("198.51.100.9")) == [0])
        #expect(before.sources(listing: try address("198.51.100.9")) == [])
    }
}
