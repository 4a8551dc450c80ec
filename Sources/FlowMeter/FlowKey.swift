import FlowModel
import FlowWire

/// What packets of one flow have in common, in 40 octets.
///
/// For biflows the lower endpoint is `a`, so that both directions have one key.
struct FlowKey: BitwiseCopyable {
    var a: IPAddress
    var b: IPAddress
    /// Port of `a` and port of `b`.
    var ports: UInt32
    /// VLAN plus one (0 = none, or not part of the key), then the protocol.
    var rest: UInt32

    @inline(__always)
    init(_ headers: borrowing PacketHeaders, isSwapped: Bool, withVLAN: Bool) {
        let source = UInt32(headers.sourcePort)
        let destination = UInt32(headers.destinationPort)
        a = isSwapped ? headers.destination : headers.source
        b = isSwapped ? headers.source : headers.destination
        ports = isSwapped ? destination << 16 | source : source << 16 | destination
        rest = UInt32(headers.proto)
        if withVLAN, headers.contents.contains(.vlan) {
            rest |= (UInt32(headers.vlan) + 1) << 8
        }
    }

    /// Whether the destination is the lower endpoint.
    @inline(__always)
    static func swaps(_ headers: borrowing PacketHeaders) -> Bool {
        if headers.destination.low != headers.source.low {
            return headers.destination.low < headers.source.low
        }
        if headers.destination.high != headers.source.high {
            return headers.destination.high < headers.source.high
        }
        return headers.destinationPort < headers.sourcePort
    }

    @inline(__always)
    static func == (x: FlowKey, y: FlowKey) -> Bool {
        (x.a.low ^ y.a.low) | (x.b.low ^ y.b.low) | (x.a.high ^ y.a.high) | (x.b.high ^ y.b.high)
            | UInt64((x.ports ^ y.ports) | (x.rest ^ y.rest)) == 0
    }

    /// 32 bits of a hash by folded multiplication.
    ///
    /// `seed` is drawn for each meter, so that nobody can send flows that all fall into one slot.
    @inline(__always)
    func hash(_ seed: UInt64) -> UInt32 {
        let x = Self.fold(a.low ^ seed, a.high ^ 0x9e37_79b9_7f4a_7c15)
        let y = Self.fold(b.low ^ seed, b.high ^ 0xc2b2_ae3d_27d4_eb4f)
        let ends = UInt64(ports) << 32 | UInt64(rest)
        let z = Self.fold(x ^ ends ^ 0x1656_67b1_9e37_79f9, y ^ seed)
        return UInt32(truncatingIfNeeded: z ^ z >> 32)
    }

    @inline(__always)
    private static func fold(_ x: UInt64, _ y: UInt64) -> UInt64 {
        let (high, low) = x.multipliedFullWidth(by: y)
        return high ^ low
    }
}
