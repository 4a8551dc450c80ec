import FlowModel
import FlowWire
import Testing

@testable import FlowMeter

/// Frames of Ethernet, made octet by octet.
private enum Frame {
    static func bytes16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }

    static func v4(
        _ source: UInt8, _ destination: UInt8, proto: UInt8, id: Int = 0, fragment: Int = 0,
        length: Int? = nil, ttl: UInt8 = 64, vlan: Int? = nil, _ payload: [UInt8]
    ) -> [UInt8] {
        var link: [UInt8] = [2, 0, 0, 0, 0, destination, 2, 0, 0, 0, 0, source]
        if let vlan { link += [0x81, 0] + bytes16(vlan) }
        return link + [8, 0, 0x45, 0] + bytes16(length ?? 20 + payload.count) + bytes16(id)
            + bytes16(fragment) + [ttl, proto, 0, 0, 10, 0, 0, source, 10, 0, 0, destination]
            + payload
    }

    static func udp(
        _ source: UInt8, _ destination: UInt8, ports: (Int, Int) = (1000, 53), size: Int = 10,
        ttl: UInt8 = 64, vlan: Int? = nil, length: Int? = nil
    ) -> [UInt8] {
        v4(
            source, destination, proto: 17, length: length, ttl: ttl, vlan: vlan,
            bytes16(ports.0) + bytes16(ports.1) + bytes16(8 + size) + [0, 0]
                + Array(repeating: 0, count: size))
    }

    static func tcp(
        _ source: UInt8, _ destination: UInt8, ports: (Int, Int) = (1000, 80), flags: UInt8
    ) -> [UInt8] {
        v4(
            source, destination, proto: 6,
            bytes16(ports.0) + bytes16(ports.1) + Array(repeating: 0, count: 8)
                + [0x50, flags, 0, 0, 0, 0, 0, 0])
    }
}

@Suite struct FlowMeterBehaviourTests {
    private static let fin: UInt8 = 0x11
    private static let syn: UInt8 = 0x02
    private static let ack: UInt8 = 0x10
    private static let rst: UInt8 = 0x04

    private func meter(
        _ frames: [(time: UInt64, frame: [UInt8])],
        _ change: (inout MeterOptions) -> Void = { _ in }
    ) throws -> MeterHarness {
        var options = MeterOptions()
        change(&options)
        let harness = MeterHarness()
        try harness.run(frames: frames, options)
        return harness
    }

    @Test func `both directions are one row, seen from the first packet`() throws {
        let harness = try meter([
            (5, Frame.udp(9, 1, ports: (4000, 53), size: 20, ttl: 60)),
            (7, Frame.udp(1, 9, ports: (53, 4000), size: 100, ttl: 50)),
            (9, Frame.udp(9, 1, ports: (4000, 53), size: 30, ttl: 61)),
        ])
        let row = try #require(harness.rows.first)
        #expect(harness.rows.count == 1)
        #expect(harness.addresses[0][.srcip]?.description == "10.0.0.9")
        #expect(row[.srcport] == 4000 && row[.dstport] == 53)
        #expect(row[.packets] == 2 && row[.bytes] == 48 + 58)
        #expect(row[.rpackets] == 1 && row[.rbytes] == 128)
        #expect(row[.start] == 5 && row[.end] == 9 && row[.received] == 9)
        #expect(row[.minttl] == 60 && row[.maxttl] == 61)
        #expect(row[.srcmac] == 0x0200_0000_0009 && row[.endreason] == 4)
    }

    @Test func `uniflows are two rows`() throws {
        let harness = try meter([
            (5, Frame.udp(9, 1, ports: (4000, 53))), (7, Frame.udp(1, 9, ports: (53, 4000))),
        ]) { $0.isUniflow = true }
        #expect(harness.rows.count == 2)
        #expect(harness.rows.allSatisfy { $0[.packets] == 1 && $0[.rpackets] == nil })
    }

    @Test func `a pause of the idle timeout ends a flow, the active timeout divides it`() throws {
        let idle = try meter([0, 14_999, 29_999].map { ($0, Frame.udp(1, 2)) })
        #expect(idle.rows.map { $0[.packets] } == [2, 1])
        #expect(idle.rows.map { $0[.endreason] } == [1, 4])
        let active = try meter((0...40).map { (UInt64($0) * 10_000, Frame.udp(1, 2)) })
        #expect(active.rows.map { $0[.packets] } == [30, 11])
        #expect(active.rows.map { $0[.endreason] } == [2, 4])
        let none = try meter([0, 14_999, 999_999].map { ($0, Frame.udp(1, 2)) }) {
            $0.idleTimeout = .zero
            $0.activeTimeout = .zero
        }
        #expect(none.rows.map { $0[.packets] } == [3])
    }

    @Test func `an idle flow is written while others go on`() throws {
        var rows = 0
        let meter = FlowMeter(
            options: MeterOptions(),
            appender: BatchAppender { batch in
                rows += batch.count
                batch.reset()
                return batch
            })
        func add(_ frame: [UInt8], _ second: UInt64) throws {
            try meter.add(
                frame: frame.span.bytes, linkType: .ethernet, timestamp: second * 1_000_000_000,
                originalLength: frame.count)
        }
        try add(Frame.udp(1, 2), 0)
        for second in stride(from: UInt64(0), through: 40, by: 5) {
            try add(Frame.udp(3, 4), second)
        }
        #expect(meter.activeFlows == 1 && meter.counters.flows == 1)
        try meter.expire(now: 100_000_000_000)
        #expect(meter.activeFlows == 0)
        try meter.finish()
        #expect(rows == 2)
    }

    @Test func `a closed connection takes up late packets, then a new one begins`() throws {
        let open: [(time: UInt64, frame: [UInt8])] = [
            (0, Frame.tcp(1, 2, flags: Self.syn)),
            (1, Frame.tcp(2, 1, ports: (80, 1000), flags: Self.syn | Self.ack)),
            (2, Frame.tcp(1, 2, flags: Self.fin)),
            (3, Frame.tcp(2, 1, ports: (80, 1000), flags: Self.fin)),
        ]
        let late = try meter(open + [(4, Frame.tcp(1, 2, flags: Self.ack))])
        #expect(late.rows.count == 1 && late.rows[0][.packets] == 3)
        #expect(late.rows[0][.endreason] == 3 && late.rows[0][.flags] == 0x13)
        let lingered = try meter(open + [(5_003, Frame.tcp(1, 2, flags: Self.ack))])
        #expect(lingered.rows.map { $0[.packets] } == [2, 1])
        let reopened = try meter(open + [(4, Frame.tcp(1, 2, flags: Self.syn))])
        #expect(reopened.rows.map { $0[.endreason] } == [3, 4])
        let reset = try meter([open[0], (1, Frame.tcp(2, 1, ports: (80, 1000), flags: Self.rst))])
        #expect(reset.rows[0][.endreason] == 3)
        let half = try meter(Array(open.prefix(3)))
        #expect(half.rows[0][.endreason] == 4)
    }

    @Test func `later fragments count to the ports of the first, in any order`() throws {
        let first = Frame.v4(
            1, 2, proto: 17, id: 7, fragment: 0x2000,
            Frame.bytes16(1000) + Frame.bytes16(53) + Array(repeating: 0, count: 20))
        let middle = Frame.v4(
            1, 2, proto: 17, id: 7, fragment: 0x2003, Array(repeating: 0, count: 24))
        let last = Frame.v4(1, 2, proto: 17, id: 7, fragment: 0x0006, [1, 2])
        for frames in [[first, middle, last], [last, first, middle], [middle, last, first]] {
            let harness = try meter(frames.enumerated().map { (UInt64($0), $1) })
            #expect(harness.rows.count == 1)
            #expect(harness.rows[0][.packets] == 3 && harness.rows[0][.srcport] == 1000)
            #expect(harness.rows[0][.bytes] == 44 + 44 + 22)
            #expect(harness.rows[0][.start] == 0 && harness.rows[0][.end] == 2)
            #expect(harness.counters.fragments == 3 && harness.counters.orphanFragments == 0)
        }
        let orphan = try meter([(0, middle), (1, last)])
        #expect(orphan.rows.map { $0[.srcport] } == [0])
        #expect(orphan.counters.orphanFragments == 2)
        let apart = try meter([(0, first), (1, middle)]) { $0.reassembles = false }
        #expect(apart.rows.count == 2)
    }

    @Test func `the VLAN is part of the key where it is asked for`() throws {
        let frames: [(time: UInt64, frame: [UInt8])] = [
            (0, Frame.udp(1, 2, vlan: 5)), (1, Frame.udp(1, 2, vlan: 6)), (2, Frame.udp(1, 2)),
        ]
        #expect(try meter(frames).rows.count == 1)
        let apart = try meter(frames) { $0.key = .vlan }
        #expect(apart.rows.map { $0[.srcvlan] } == [5, 6, nil])
    }

    @Test func `octets are the header's, the frame's where it does not say`() throws {
        let cut = try meter([(0, Frame.udp(1, 2, length: 1400))])
        #expect(cut.rows[0][.bytes] == 1400)
        let offloaded = try meter([(0, Frame.udp(1, 2, size: 500, length: 0))])
        #expect(offloaded.rows[0][.bytes] == 528)
    }

    @Test func `too many flows push the oldest out, counted`() throws {
        let harness = try meter(
            (0..<100).map { (UInt64($0), Frame.udp(1, 2, ports: (Int($0), 53))) }
        ) {
            $0.maxFlows = 10
        }
        #expect(harness.counters.evictedFlows == 90 && harness.counters.flows == 100)
        #expect(harness.rows.prefix(90).allSatisfy { $0[.endreason] == 5 })
        #expect(
            harness.rows.map { $0[.srcport] }.sorted { $0 ?? 0 < $1 ?? 0 } == (0..<100).map { $0 })
    }

    @Test func `clocks that jump lose no packet`() throws {
        let times: [UInt64] = [1_000_000, 0, 2_000_000, 1_999_990, 500_000, 500_001, 9_000_000_000]
        let harness = try meter(times.map { ($0, Frame.udp(1, 2)) })
        #expect(harness.rows.reduce(0) { $0 + ($1[.packets] ?? 0) } == 7)
        #expect(harness.rows.allSatisfy { ($0[.start] ?? 1) <= ($0[.end] ?? 0) })
    }

    @Test func `the table agrees with a dictionary`() throws {
        var random = SplitMix(state: 1)
        var frames: [(time: UInt64, frame: [UInt8])] = []
        var sums: [Int: UInt64] = [:]
        for time in 0..<20_000 {
            let port = Int(random.next() % 700)
            let isClosing = random.next() % 50 == 0
            frames.append(
                (UInt64(time) * 20, Frame.tcp(1, 2, ports: (port, 80), flags: isClosing ? 4 : 16)))
            sums[port, default: 0] += 1
        }
        let harness = try meter(frames) { $0.closeLinger = .milliseconds(100) }
        var found: [Int: UInt64] = [:]
        for row in harness.rows { found[Int(row[.srcport] ?? 0), default: 0] += row[.packets] ?? 0 }
        #expect(found == sums)
        #expect(harness.rows.count > 700)
    }

    @Test func `what is no IP is counted`() throws {
        let arp: [UInt8] =
            Array(repeating: 255, count: 12) + [8, 6] + Array(repeating: 0, count: 28)
        let harness = try meter([(0, arp), (1, [1, 2]), (2, Frame.udp(1, 2))])
        #expect(harness.counters.otherPackets == 2 && harness.counters.packets == 3)
        #expect(harness.rows.count == 1)
    }
}
