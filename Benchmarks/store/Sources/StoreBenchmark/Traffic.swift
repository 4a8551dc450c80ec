import FlowModel
import Glibc

/// Makes flows that look like a campus border.
///
/// Zipf hosts and servers, both directions, 8 % IPv6,
/// log-normal sizes, times that rise with jitter. The same seed gives the same flows.
struct Traffic {
    private var state: UInt64
    private var clock: Double = 1_700_000_000_000
    private var inside: [IPAddress] = []
    private var outside: [IPAddress] = []
    private var systems: [UInt64] = []
    private var pending: Flow?

    struct Flow {
        var source: IPAddress
        var destination: IPAddress
        var sourcePort: UInt64
        var destinationPort: UInt64
        var proto: UInt64
        var flags: UInt64
        var tos: UInt64
        var packets: UInt64
        var bytes: UInt64
        var start: UInt64
        var end: UInt64
        var inInterface: UInt64
        var outInterface: UInt64
        var sourceSystem: UInt64
        var destinationSystem: UInt64
        var sourceMask: UInt64
        var destinationMask: UInt64
    }

    init(seed: UInt64, hosts: Int = 20_000, servers: Int = 400_000) {
        state = seed
        for host in 0..<hosts {
            let site = UInt32(host % 24)
            inside.append(
                host % 12 == 0
                    ? IPAddress(high: 0x2001_0db8_0000_0000 | UInt64(site), low: next())
                    : IPAddress(v4: 10 << 24 | site << 16 | UInt32(host / 24)))
        }
        let prefixes = (0..<12_000).map { _ in
            UInt32.random(in: 1 << 24...223 << 24, using: &self) & 0xffff_f000
        }
        let numbers = (0..<4000).map { _ in UInt64.random(in: 1...270_000, using: &self) }
        for _ in 0..<servers {
            let prefix = Int(fraction() * fraction() * 12_000)
            let v6 = fraction() < 0.08
            outside.append(
                v6
                    ? IPAddress(
                        high: 0x2a00 << 48 | UInt64(prefixes[prefix]) << 8,
                        low: fraction() < 0.4 ? next() >> 48 : next())
                    : IPAddress(v4: prefixes[prefix] | UInt32(truncatingIfNeeded: next() >> 52)))
            systems.append(numbers[prefix / 3])
        }
    }

    /// Fills a batch with `rows` flows.
    mutating func fill(_ batch: FlowBatch, rows: Int) {
        let exporter = IPAddress(v4: 0xc000_0201)
        for row in 0..<rows {
            let flow = nextFlow()
            batch.columnForWriting(.start).set(flow.start, at: row)
            batch.columnForWriting(.end).set(flow.end, at: row)
            batch.columnForWriting(.received).set(UInt64(clock), at: row)
            batch.columnForWriting(.srcip).set(flow.source, at: row)
            batch.columnForWriting(.dstip).set(flow.destination, at: row)
            batch.columnForWriting(.srcport).set(flow.sourcePort, at: row)
            batch.columnForWriting(.dstport).set(flow.destinationPort, at: row)
            batch.columnForWriting(.proto).set(flow.proto, at: row)
            batch.columnForWriting(.flags).set(flow.flags, at: row)
            batch.columnForWriting(.tos).set(flow.tos, at: row)
            batch.columnForWriting(.packets).set(flow.packets, at: row)
            batch.columnForWriting(.bytes).set(flow.bytes, at: row)
            batch.columnForWriting(.inif).set(flow.inInterface, at: row)
            batch.columnForWriting(.outif).set(flow.outInterface, at: row)
            batch.columnForWriting(.srcas).set(flow.sourceSystem, at: row)
            batch.columnForWriting(.dstas).set(flow.destinationSystem, at: row)
            batch.columnForWriting(.srcmask).set(flow.sourceMask, at: row)
            batch.columnForWriting(.dstmask).set(flow.destinationMask, at: row)
            batch.columnForWriting(.exporter).set(exporter, at: row)
            batch.columnForWriting(.domain).set(1, at: row)
        }
        batch.advance(by: rows)
    }

    private mutating func nextFlow() -> Flow {
        clock += 0.4
        if let flow = pending {
            pending = nil
            return flow
        }
        let host = rank(inside.count, 0.75)
        let server = rank(outside.count, 0.98)
        let isTCP = fraction() < 0.62
        let ports: [UInt64] = isTCP ? [443, 443, 443, 80, 22, 25, 993] : [53, 53, 443, 123, 161]
        let port =
            fraction() < 0.93
            ? ports[Int(fraction() * Double(ports.count))]
            : UInt64.random(in: 1024...65_535, using: &self)
        let packets = max(1, UInt64(exp(normal() * 1.5 + (isTCP ? 2.2 : 0.4))))
        let length = UInt64(exp(normal() * 1.4 + (packets > 1 ? 7.2 : 2)))
        let start = UInt64(clock) - 20_000 + UInt64(fraction() * 15_000) - min(length, 300_000)
        let size = 40 + UInt64(min(1460, exp(normal() * 0.8 + 4.6)))
        var flow = Flow(
            source: inside[host], destination: outside[server],
            sourcePort: UInt64.random(in: 1024...65_535, using: &self), destinationPort: port,
            proto: isTCP ? 6 : fraction() < 0.97 ? 17 : 1,
            flags: isTCP ? [0x1b, 0x1b, 0x1f, 0x02, 0x12][Int(fraction() * 5)] : 0,
            tos: fraction() < 0.86 ? 0 : [0x20, 0x28, 0xb8, 0x48][Int(fraction() * 4)],
            packets: packets, bytes: packets * size, start: start,
            end: packets > 1 ? start + min(length, 300_000) : start,
            inInterface: UInt64(1 + host % 6), outInterface: 10, sourceSystem: 64_500,
            destinationSystem: systems[server], sourceMask: 24,
            destinationMask: 12 + UInt64(server % 13))
        let first = flow
        swap(&flow.source, &flow.destination)
        swap(&flow.sourcePort, &flow.destinationPort)
        swap(&flow.inInterface, &flow.outInterface)
        swap(&flow.sourceSystem, &flow.destinationSystem)
        swap(&flow.sourceMask, &flow.destinationMask)
        flow.packets = max(1, packets * 3 / 4)
        flow.bytes = flow.packets * (40 + UInt64(fraction() * 1400))
        if fraction() < 0.8 { pending = flow }
        return first
    }

    /// A rank below `count`, small ones more often by a power law.
    private mutating func rank(_ count: Int, _ exponent: Double) -> Int {
        let power = 1 - exponent
        let top = pow(Double(count), power)
        return min(count - 1, Int(pow(fraction() * (top - 1) + 1, 1 / power)) - 1)
    }

    private mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

    private mutating func normal() -> Double {
        sqrt(-2 * log(1 - fraction())) * cos(2 * .pi * fraction())
    }
}

extension Traffic: RandomNumberGenerator {
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}
