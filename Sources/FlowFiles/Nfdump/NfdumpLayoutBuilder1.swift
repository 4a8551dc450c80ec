import FlowModel

/// A flow record of nfdump 1.6: a common part, addresses and counters of the sizes that the flags
/// say, then the extensions of a map behind each other.
///
///     type:16 size:16 flags:8 exporter or version:8 map:16 msecFirst:16 msecLast:16 first:32
///     last:32 forwarding:8 tcpflags:8 protocol:8 tos:8 srcport:16 dstport:16          28 octets
///     in type 10 also exporter:16 :16                                                32 octets
enum NfdumpRecord1 {
    static let ipv6: UInt8 = 0x01
    static let packets64: UInt8 = 0x02
    static let bytes64: UInt8 = 0x04
    static let scaled: UInt8 = 0x80
    /// The flags that make a layout.
    static let flagsUsed = ipv6 | packets64 | bytes64 | scaled
    static let flagsAt = 4

    /// Octets of the common part.
    static func octets(_ type: NfdumpRecordType) -> Int { type == .flow1 ? 32 : 28 }
}

/// Makes the layout of a flow record of nfdump 1.6.
struct NfdumpLayoutBuilder1 {
    /// What is to be done once the record's length is known.
    private enum Step {
        case copy(FieldCopy.Kernel, Int, Field)
        case keep(OtherPiece.Content, Int, UInt16)
    }

    private var steps: [Step] = []
    /// Octets of the record as far as it is known.
    private(set) var octets: Int
    /// Extensions left out: what lies behind one of unknown length cannot be found either.
    private(set) var unknown: UInt64 = 0

    init(type: NfdumpRecordType, flags: UInt8) {
        octets = NfdumpRecord1.octets(type)
        if type == .flow1 {
            copy(.exporterDomain, 28, .domain)
            copy(.exporterAddress, 28, .exporter)
        }
        copy(.seconds(milliseconds: 8), 12, .start)
        copy(.seconds(milliseconds: 10), 16, .end)
        copy(.numberIfSet(octets: 1), 20, .fwdstatus)
        number(1, 21, .flags)
        number(1, 22, .proto)
        number(1, 23, .tos)
        number(2, 24, .srcport)
        number(2, 26, .dstport)
        copy(.icmpUpper(protocolAt: 22), 26, .icmptype)
        copy(.icmpLower(protocolAt: 22), 26, .icmpcode)
        if flags & NfdumpRecord1.scaled != 0 {
            copy(.oneIfBits(NfdumpRecord1.scaled), NfdumpRecord1.flagsAt, .sampling)
        }
        if flags & NfdumpRecord1.ipv6 != 0 {
            addresses6(.srcip, .dstip)
        } else {
            addresses4(.srcip, .dstip)
        }
        next(flags & NfdumpRecord1.packets64 != 0 ? 8 : 4, .packets)
        next(flags & NfdumpRecord1.bytes64 != 0 ? 8 : 4, .bytes)
    }

    /// The layout of all that was added.
    func layout() -> RecordLayout {
        var layout = RecordLayout(octets: octets, isBigEndian: false)
        for step in steps {
            switch step {
            case .copy(let kernel, let offset, let field):
                layout.copy(kernel, at: offset, to: field)
            case .keep(let content, let offset, let id): layout.keep(content, at: offset, as: id)
            }
        }
        return layout
    }

    /// Adds an extension; false where its length is not known.
    mutating func add(_ type: UInt16) -> Bool {
        switch type {
        case 1, 2, 3: break
        case 4: pair(2, .inif, .outif)
        case 5: pair(4, .inif, .outif)
        case 6: pair(2, .srcas, .dstas)
        case 7: pair(4, .srcas, .dstas)
        case 8:
            pair(1, .dsttos, .direction)
            pair(1, .srcmask, .dstmask)
        case 9: address4(.nexthop)
        case 10: address6(.nexthop)
        case 11: address4(.bgpnexthop)
        case 12: address6(.bgpnexthop)
        case 13: pair(2, .srcvlan, .dstvlan)
        case 14: nextIfSet(4, .rpackets)
        case 15: nextIfSet(8, .rpackets)
        case 16: nextIfSet(4, .rbytes)
        case 17: nextIfSet(8, .rbytes)
        case 18: nextIfSet(4, .flows)
        case 19: nextIfSet(8, .flows)
        // What was seen on ingress prevails over what was on egress.
        case 20:
            nextIfSet(8, .srcmac)
            copyFirst(.numberIfSet(octets: 8), octets, .dstmac)
            octets += 8
        case 21:
            nextIfSet(8, .dstmac)
            copyFirst(.numberIfSet(octets: 8), octets, .srcmac)
            octets += 8
        case 22: for depth in 1...10 { nextIfSet(4, .mpls(depth)) }
        case 23: address4(.exporter)
        case 24: address6(.exporter)
        case 25:
            copy(.engineIfSet, octets + 2, .domain)
            octets += 4
        case 26: pair(4, .nextas, .prevas)
        case 27: next(8, .received)
        default: return addEvent(type)
        }
        return true
    }

    private mutating func addEvent(_ type: UInt16) -> Bool {
        switch type {
        case 37:
            // time:64 connection:32 icmp:16 event:8 :8 extended:16 group:16
            copyFirst(.numberIfSet(octets: 8), octets, .start)
            keep(.number(octets: 8), octets, 323)
            keep(.number(octets: 4), octets + 8, 148)
            number(1, octets + 14, .event)
            keep(.number(octets: 2), octets + 16, 33002)
            octets += 20
        case 38: pair(2, .natsrcport, .natdstport)
        case 39, 47: addresses4(.natsrcip, .natdstip)
        case 40: addresses6(.natsrcip, .natdstip)
        case 41:
            keep(.octets(12), octets, 33000)
            keep(.octets(12), octets + 12, 33001)
            octets += 24
        case 42: user(24)
        case 43: user(72)
        case 45:
            for id in [UInt16(57554), 57556, 57558] {
                keep(.wholeSeconds, octets, id)
                keep(.microseconds, octets, id + 1)
                octets += 8
            }
        case 46:
            number(1, octets, .natevent)
            copyFirst(.number(octets: 1), octets, .event)
            octets += 4
            pair(4, .outvrf, .invrf)
        case 48:
            for id in UInt16(361)...364 {
                keep(.number(octets: 2), octets, id)
                octets += 2
            }
        default:
            unknown += 1
            return false
        }
        return true
    }

    private mutating func user(_ count: Int) {
        keep(.text(octets: count), octets, 40000)
        octets += count
    }

    // MARK: - Steps

    private mutating func copy(_ kernel: FieldCopy.Kernel, _ offset: Int, _ field: Field) {
        steps.append(.copy(kernel, offset, field))
    }

    /// Before all others, so that they prevail.
    private mutating func copyFirst(_ kernel: FieldCopy.Kernel, _ offset: Int, _ field: Field) {
        steps.insert(.copy(kernel, offset, field), at: 0)
    }

    private mutating func keep(_ content: OtherPiece.Content, _ offset: Int, _ id: UInt16) {
        steps.append(.keep(content, offset, id))
    }

    private mutating func number(_ count: Int, _ offset: Int, _ field: Field) {
        copy(.number(octets: count), offset, field)
    }

    private mutating func next(_ count: Int, _ field: Field) {
        number(count, octets, field)
        octets += count
    }

    private mutating func nextIfSet(_ count: Int, _ field: Field) {
        copy(.numberIfSet(octets: count), octets, field)
        octets += count
    }

    private mutating func pair(_ count: Int, _ first: Field, _ second: Field) {
        next(count, first)
        next(count, second)
    }

    private mutating func address4(_ field: Field) {
        copy(.address4, octets, field)
        octets += 4
    }

    private mutating func address6(_ field: Field) {
        copy(.address6, octets, field)
        octets += 16
    }

    private mutating func addresses4(_ first: Field, _ second: Field) {
        address4(first)
        address4(second)
    }

    private mutating func addresses6(_ first: Field, _ second: Field) {
        address6(first)
        address6(second)
    }
}
