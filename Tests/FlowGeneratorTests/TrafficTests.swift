import FlowModel
import Testing

@testable import FlowGenerator

@Suite struct TrafficTests {
    private static func traffic(_ script: FlowScript, snaplen: Int = 0) -> [UInt8] {
        var export = TrafficExport(script)
        var capture = PcapBuffer(snaplen: snaplen)
        while export.next(into: &capture) {}
        return capture.bytes
    }

    @Test func `packets have right lengths and checksums and come in order`() {
        let frames = frames(of: Self.traffic(FlowScript(flows: 400, seed: 5)))
        #expect(zip(frames, frames.dropFirst()).allSatisfy { $0.time <= $1.time })
        var seen: Set<UInt8> = []
        func isRight(_ frame: (time: UInt64, length: Int, bytes: ArraySlice<UInt8>)) -> Bool {
            let ip = frame.bytes.dropFirst(14)
            let four = ip.first == 0x45
            let proto = four ? ip.dropFirst(9).first ?? 0 : ip.dropFirst(6).first ?? 0
            let transport = ip.dropFirst(four ? 20 : 40)
            seen.insert(proto)
            let addresses = four ? ip.dropFirst(12).prefix(8) : ip.dropFirst(8).prefix(32)
            let pseudo = onesComplementSum(
                addresses, plus: UInt32(proto) + UInt32(transport.count))
            let header =
                four
                ? number(ip.dropFirst(2).prefix(2)) == UInt64(ip.count)
                    && onesComplementSum(ip.prefix(20)) == 0xffff
                : number(ip.dropFirst(4).prefix(2)) == UInt64(transport.count)
            return header && frame.length == frame.bytes.count
                && onesComplementSum(transport, plus: proto == 1 ? 0 : pseudo) % 0xffff == 0
        }
        #expect(frames.allSatisfy { isRight($0) })
        #expect(seen.isSuperset(of: [1, 6, 17]))
    }

    @Test func `a flow of few packets keeps all of its octets`() {
        func keepsAll(_ flow: GeneratedFlow) -> Bool {
            let shape = PacketShape(flow, count: flow.packets)
            var octets: UInt64 = 0
            var flags: UInt8 = 0
            for index in 0..<flow.packets {
                octets += shape.length(index)
                flags |= shape.tcpFlags(index)
            }
            return octets == flow.bytes && (flow.proto != 6 || flags & ~flow.flags == 0)
        }
        #expect(Scripts.smallFlows.first { $0.packets <= 24 && !keepsAll($0) } == nil)
    }

    @Test func `a merged flow keeps its octets as far as packets can hold them`() throws {
        var flow = try #require(Scripts.mediumFlows.first { $0.kind == .web && $0.flags == 0x1b })
        flow.packets = 800
        flow.bytes = 800 * 40 + 4 + 1_000_000
        let shape = PacketShape(flow, count: 24)
        #expect((0..<24).reduce(0) { $0 + shape.length($1) } == flow.bytes)
        #expect(shape.tcpFlags(0) == 0x02 && shape.tcpFlags(23) == 0x11)
    }

    @Test func `sequence numbers go on where the last packet ended`() throws {
        let flow = try #require(
            Scripts.mediumFlows.first { $0.flags == 0x1b && $0.packets > 12 && $0.kind == .web })
        let shape = PacketShape(flow, count: flow.packets)
        for index in 0..<(flow.packets - 1) {
            let length = shape.payload(index) + (index == 0 ? 1 : 0)
            #expect(shape.sequence(index + 1) == shape.sequence(index) + length)
        }
    }

    @Test func `a snap length cuts frames and keeps their length`() {
        let script = FlowScript(flows: 300, seed: 5)
        let whole = frames(of: Self.traffic(script))
        let cut = frames(of: Self.traffic(script, snaplen: 96))
        #expect(whole.map(\.length) == cut.map(\.length))
        #expect(zip(whole, cut).allSatisfy { $1.bytes.elementsEqual($0.bytes.prefix(96)) })
    }

    @Test func `the schedule gives packets in order of time`() {
        var schedule = PacketSchedule()
        for flow in Scripts.smallFlows.prefix(500) {
            schedule.add(flow, count: flow.packets, wanted: min(flow.packets, 5))
        }
        var last: UInt64 = 0
        var count: UInt64 = 0
        while let packet = schedule.next(before: .max) {
            #expect(packet.time >= last)
            last = packet.time
            count += 1
        }
        #expect(count == Scripts.smallFlows.prefix(500).reduce(0) { $0 + min($1.packets, 5) })
    }
}
