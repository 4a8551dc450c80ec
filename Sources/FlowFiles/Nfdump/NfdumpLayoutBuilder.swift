import FlowModel

/// Makes the layout of a record of nfdump 1.7 out of its extensions.
///
/// Numbers are little-endian, addresses too: an IPv6 address is two of 64 bits, the upper one first.
struct NfdumpLayoutBuilder {
    private var layout: RecordLayout
    /// Extensions that are not known, or not in this length.
    private(set) var unknown: UInt64 = 0
    /// Extensions that have nothing for a flow record.
    private(set) var unused: UInt64 = 0

    private var hasReceivedFrom = false
    private var hasFirewallEvent = false
    /// Where the NAT event is, which is the event too where there is no firewall event.
    private var natEvent: Int?

    init(octets: Int) {
        layout = RecordLayout(octets: octets, isBigEndian: false)
        // First, so that what the exporter's record says prevails.
        layout.copy(.engineIfSet, at: NfdumpRecord3.engineAt, to: .domain)
        layout.copy(.exporterDomain, at: NfdumpRecord3.exporterAt, to: .domain)
    }

    /// The layout of all extensions added.
    consuming func finish() -> RecordLayout {
        if !hasReceivedFrom {
            layout.copy(.exporterAddress, at: NfdumpRecord3.exporterAt, to: .exporter)
        }
        if let natEvent, !hasFirewallEvent { layout.number(1, at: natEvent, to: .event) }
        // Last: counters that are multiplied already are not to be multiplied again.
        layout.copy(
            .oneIfBits(NfdumpRecord3.scaled), at: NfdumpRecord3.flagsAt, to: .sampling)
        return layout
    }

    /// Adds an extension whose `octets` begin at `at`.
    mutating func add(_ type: UInt16, at: Int, octets: Int) {
        switch type {
        case 1 where octets >= 48: addFlow(at)
        case 2 where octets >= 8: addPair4(at, .srcip, .dstip)
        case 3 where octets >= 32: addPair6(at, .srcip, .dstip)
        case 4 where octets >= 16: addMiscellany(at)
        case 5 where octets >= 24:
            layout.copy(.numberIfSet(octets: 8), at: at, to: .flows)
            layout.copy(.numberIfSet(octets: 8), at: at + 8, to: .rpackets)
            layout.copy(.numberIfSet(octets: 8), at: at + 16, to: .rbytes)
        case 6 where octets >= 8: addPair(4, at, .srcvlan, .dstvlan)
        case 7 where octets >= 8: addPair(4, at, .srcas, .dstas)
        case 8 where octets >= 4: layout.copy(.address4, at: at, to: .bgpnexthop)
        case 9 where octets >= 16: layout.copy(.address6, at: at, to: .bgpnexthop)
        case 10 where octets >= 4: layout.copy(.address4, at: at, to: .nexthop)
        case 11 where octets >= 16: layout.copy(.address6, at: at, to: .nexthop)
        case 12 where octets >= 4: addReceivedFrom(.address4, at)
        case 13 where octets >= 16: addReceivedFrom(.address6, at)
        case 14 where octets >= 40:
            for depth in 1...10 {
                layout.copy(.numberIfSet(octets: 4), at: at + 4 * (depth - 1), to: .mpls(depth))
            }
        case 15 where octets >= 32: addMACs(at)
        case 16 where octets >= 8: addPair(4, at, .nextas, .prevas)
        case 17 where octets >= 24: addLatencies(at)
        case 18 where octets >= 12: addSampler(at, octets)
        default: addEvent(type, at, octets)
        }
    }

    /// Events of firewalls and address translators, as far as the type is one of theirs.
    private mutating func addEvent(_ type: UInt16, _ at: Int, _ octets: Int) {
        switch type {
        case 19 where octets >= 16:
            hasFirewallEvent = true
            layout.number(1, at: at + 14, to: .event)
            addEventTime(at)
            layout.keep(.number(octets: 4), at: at + 8, as: 148)
            layout.keep(.number(octets: 2), at: at + 12, as: 33002)
        case 20 where octets >= 8: addPair4(at, .natsrcip, .natdstip)
        case 21 where octets >= 32: addPair6(at, .natsrcip, .natdstip)
        case 22 where octets >= 4: addPair(2, at, .natsrcport, .natdstport)
        case 23 where octets >= 24:
            layout.keep(.octets(12), at: at, as: 33000)
            layout.keep(.octets(12), at: at + 12, as: 33001)
        case 24 where octets >= 66: layout.keep(.text(octets: 66), at: at, as: 40000)
        // nfdump before 1.7.1 had the VRFs here.
        case 25 where octets >= 24:
            addPair(4, at + 8, .outvrf, .invrf)
            addNATEvent(at, pool: at + 16)
        case 25 where octets >= 16: addNATEvent(at, pool: at + 8)
        case 26 where octets >= 8:
            for index in 0..<4 {
                layout.keep(.number(octets: 2), at: at + 2 * index, as: UInt16(361 + index))
            }
        default: addRest(type, at, octets)
        }
    }

    private mutating func addRest(_ type: UInt16, _ at: Int, _ octets: Int) {
        switch type {
        case 27: layout.keep(.variable(octets: octets), at: at, as: 95)
        // A label that a user's filter set; what pf did.
        case 28, 37: unused += 1
        case 29: layout.keep(.variable(octets: octets), at: at, as: 314)
        case 30:
            layout.keep(
                .variable(octets: octets), at: at, as: 314,
                enterprise: InformationElement.reverseEnterprise)
        case 31 where octets >= 12:
            addPair4(at, .tunsrcip, .tundstip)
            layout.number(4, at: at + 8, to: .tunproto)
        case 32 where octets >= 36:
            addPair6(at, .tunsrcip, .tundstip)
            layout.number(4, at: at + 32, to: .tunproto)
        case 33 where octets >= 12:
            layout.keep(.number(octets: 8), at: at, as: 138)
            layout.keep(.number(octets: 4), at: at + 8, as: 149)
        case 34 where octets == 4:
            layout.keep(.number(octets: 2), at: at, as: 312)
            layout.keep(.number(octets: 2), at: at + 2, as: 408)
        case 35: layout.keep(.variable(octets: octets), at: at, as: 315)
        case 36 where octets >= 8: addPair(4, at, .outvrf, .invrf)
        case 38 where octets >= 27: addLayer2(at)
        case 39 where octets >= 8: layout.keep(.number(octets: 8), at: at, as: 148)
        case 40 where octets >= 4:
            layout.keep(.number(octets: 2), at: at, as: 91, enterprise: Self.nokia)
            layout.keep(.number(octets: 2), at: at + 2, as: 92, enterprise: Self.nokia)
        case 41: layout.keep(.text(octets: octets), at: at, as: 93, enterprise: Self.nokia)
        case 42 where octets >= 4:
            layout.keep(.number(octets: 1), at: at + 1, as: 197)
            layout.copy(.numberIfSet(octets: 1), at: at + 2, to: .minttl)
            layout.copy(.numberIfSet(octets: 1), at: at + 3, to: .maxttl)
        default: unknown += 1
        }
    }

    /// Alcatel-Lucent, now Nokia: aluInsideServiceId, aluOutsideServiceId, aluNatSubString.
    private static let nokia: UInt32 = 637

    /// Every flow's extension.
    ///
    ///     first:64 last:64 received:64 packets:64 octets:64 srcport:16 dstport:16
    ///     protocol:8 flags:8 forwarding:8 tos:8
    private mutating func addFlow(_ at: Int) {
        layout.copy(.numberIfSet(octets: 8), at: at, to: .start)
        layout.copy(.numberIfSet(octets: 8), at: at + 8, to: .end)
        layout.number(8, at: at + 16, to: .received)
        layout.number(8, at: at + 24, to: .packets)
        layout.number(8, at: at + 32, to: .bytes)
        addPair(2, at + 40, .srcport, .dstport)
        layout.number(1, at: at + 44, to: .proto)
        layout.number(1, at: at + 45, to: .flags)
        layout.copy(.numberIfSet(octets: 1), at: at + 46, to: .fwdstatus)
        layout.number(1, at: at + 47, to: .tos)
        layout.copy(.icmpUpper(protocolAt: at + 44), at: at + 42, to: .icmptype)
        layout.copy(.icmpLower(protocolAt: at + 44), at: at + 42, to: .icmpcode)
    }

    /// Interfaces, prefix lengths and what is left.
    ///
    ///     input:32 output:32 srcmask:8 dstmask:8 direction:8 dsttos:8 biflow:8 endreason:8
    ///     reverseFlags:8 :8
    private mutating func addMiscellany(_ at: Int) {
        addPair(4, at, .inif, .outif)
        addPair(1, at + 8, .srcmask, .dstmask)
        addPair(1, at + 10, .direction, .dsttos)
        layout.keep(.number(octets: 1), at: at + 12, as: 239)
        layout.copy(.numberIfSet(octets: 1), at: at + 13, to: .endreason)
        layout.keep(
            .number(octets: 1), at: at + 14, as: 6,
            enterprise: InformationElement.reverseEnterprise)
    }

    /// On ingress source, on egress destination, on ingress destination, on egress source; what was
    /// seen on ingress prevails.
    private mutating func addMACs(_ at: Int) {
        layout.copy(.numberIfSet(octets: 8), at: at + 24, to: .srcmac)
        layout.copy(.numberIfSet(octets: 8), at: at, to: .srcmac)
        layout.copy(.numberIfSet(octets: 8), at: at + 8, to: .dstmac)
        layout.copy(.numberIfSet(octets: 8), at: at + 16, to: .dstmac)
    }

    /// nProbe's delays of client, server and application, each in microseconds here, there in two
    /// elements.
    private mutating func addLatencies(_ at: Int) {
        for index in 0..<3 {
            let id = UInt16(57554 + 2 * index)
            layout.keep(.wholeSeconds, at: at + 8 * index, as: id)
            layout.keep(.microseconds, at: at + 8 * index, as: id + 1)
        }
    }

    /// Until nfdump 1.7.1 the sampler's number has 32 bits and its rate follows, later it has 64.
    private mutating func addSampler(_ at: Int, _ octets: Int) {
        if octets >= 16 {
            layout.copy(.numberIfSet(octets: 8), at: at, to: .samplerid)
        } else {
            layout.copy(.numberIfSet(octets: 4), at: at, to: .samplerid)
            layout.copy(.numberIfSet(octets: 4), at: at + 4, to: .sampling)
        }
    }

    /// A NAT event, its time, and the pool it was taken from.
    ///
    ///     time:64 … pool:32 event:8
    private mutating func addNATEvent(_ at: Int, pool: Int) {
        addEventTime(at)
        layout.keep(.number(octets: 4), at: pool, as: 283)
        layout.number(1, at: pool + 4, to: .natevent)
        natEvent = pool + 4
    }

    /// The time of an event that has no start is that.
    private mutating func addEventTime(_ at: Int) {
        layout.copyFirst(.numberIfSet(octets: 8), at: at, to: .start)
        layout.keep(.number(octets: 8), at: at, as: 323)
    }

    /// What the frame said.
    ///
    ///     vlan:16 customer:16 postVlan:16 postCustomer:16 ingress:32 egress:32 segment:64
    ///     ethertype:16 version:8
    private mutating func addLayer2(_ at: Int) {
        layout.copy(.numberIfSet(octets: 2), at: at, to: .srcvlan)
        layout.keep(.number(octets: 2), at: at + 2, as: 245)
        layout.copy(.numberIfSet(octets: 2), at: at + 4, to: .dstvlan)
        layout.keep(.number(octets: 2), at: at + 6, as: 255)
        layout.keep(.number(octets: 4), at: at + 8, as: 252)
        layout.keep(.number(octets: 4), at: at + 12, as: 253)
        layout.keep(.number(octets: 8), at: at + 16, as: 351)
        layout.copy(.numberIfSet(octets: 2), at: at + 24, to: .ethertype)
        layout.keep(.number(octets: 1), at: at + 26, as: 60)
    }

    private mutating func addReceivedFrom(_ kernel: FieldCopy.Kernel, _ at: Int) {
        hasReceivedFrom = true
        layout.copy(kernel, at: at, to: .exporter)
    }

    private mutating func addPair(_ octets: Int, _ at: Int, _ first: Field, _ second: Field) {
        layout.number(octets, at: at, to: first)
        layout.number(octets, at: at + octets, to: second)
    }

    private mutating func addPair4(_ at: Int, _ first: Field, _ second: Field) {
        layout.copy(.address4, at: at, to: first)
        layout.copy(.address4, at: at + 4, to: second)
    }

    private mutating func addPair6(_ at: Int, _ first: Field, _ second: Field) {
        layout.copy(.address6, at: at, to: first)
        layout.copy(.address6, at: at + 16, to: second)
    }
}
