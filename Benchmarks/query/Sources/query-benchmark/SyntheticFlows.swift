import FlowModel

/// Numbers that depend on the seed only (SplitMix64).
struct SeededNumbers {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return mixed(state)
    }

    mutating func below(_ bound: UInt64) -> UInt64 {
        next().multipliedFullWidth(by: bound).high
    }

    /// 0 up to `count`, small numbers far more often, as hosts are in traffic.
    mutating func skewed(_ count: UInt64) -> UInt64 {
        // The density falls as 1/x between 1 and 2^bits.
        let bits = UInt64(64 - count.leadingZeroBitCount)
        let scale = below(bits)
        return min(count - 1, (1 << scale) + below(1 << scale) - 1)
    }
}

func mixed(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
}

/// One made-up flow.
struct SyntheticFlow {
    var start: UInt64
    var duration: UInt64
    var source: IPAddress
    var destination: IPAddress
    var sourcePort: UInt16
    var destinationPort: UInt16
    var proto: UInt8
    var packets: UInt64
    var bytes: UInt64
}

/// Inside hosts that talk to servers outside, and the answers; 8 % IPv6, 2,800 flows a second.
struct SyntheticFlows: Sequence, IteratorProtocol {
    private var random = SeededNumbers(seed: 7)
    private var time: UInt64 = 1_780_000_000_000
    private var left: Int
    private var answer: SyntheticFlow?

    private static let services: [UInt16] = [
        443, 443, 443, 443, 443, 443, 443, 443, 53, 53, 53, 80, 80, 8443, 22, 25, 123, 3389, 445,
        993,
    ]

    init(count: Int) { left = count }

    mutating func next() -> SyntheticFlow? {
        guard left > 0 else { return nil }
        left -= 1
        if let answer {
            self.answer = nil
            return answer
        }
        time += random.below(3) == 0 ? 1 : 0
        let isV6 = random.below(100) < 8
        let inside = random.skewed(30_000)
        let outside = random.skewed(400_000)
        let port =
            random.below(50) == 0
            ? UInt16(random.below(65_536))
            : Self.services[Int(random.below(UInt64(Self.services.count)))]
        let isShort = port == 53 || random.below(4) == 0
        let packets = isShort ? 1 : 1 + (1 << random.below(9)) + random.below(16)
        let flow = SyntheticFlow(
            start: time + 120_000 - random.below(2000),
            duration: isShort ? 0 : random.skewed(60_000),
            source: Self.address(inside, isV6: isV6, isInside: true),
            destination: Self.address(outside, isV6: isV6, isInside: false),
            sourcePort: UInt16(32_768 + random.below(28_232)), destinationPort: port,
            proto: port == 53 || port == 123 ? 17 : 6, packets: packets,
            bytes: packets * (60 + random.below(400)))
        let answered = packets + random.below(packets + 1)
        answer = SyntheticFlow(
            start: flow.start, duration: flow.duration, source: flow.destination,
            destination: flow.source, sourcePort: flow.destinationPort,
            destinationPort: flow.sourcePort, proto: flow.proto, packets: answered,
            bytes: answered * (100 + random.below(1250)))
        return flow
    }

    private static func address(_ number: UInt64, isV6: Bool, isInside: Bool) -> IPAddress {
        let hash = mixed(number &+ (isInside ? 1 : 1 << 40))
        if isV6 {
            return IPAddress(
                high: isInside
                    ? 0x2001_0db8_0001_0000 | number % 120 : 0x2a00 << 48 | hash >> 32,
                low: hash & 0xffff)
        }
        guard isInside else { return IPAddress(v4: UInt32(truncatingIfNeeded: hash)) }
        let network = number % 120
        return IPAddress(
            v4: UInt32(10 << 24 | (network / 30) << 16 | (network * 7 % 256) << 8 | hash & 0xff))
    }
}
