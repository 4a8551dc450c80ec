import FlowModel

/// A conversation's record: two sides of which A is the lower one, and what each sent.
///
///     0       protocol, ports, which sides have an address     key
///     1–4     addresses of A and B, 128 bits each              key
///     5       flows
///     6–9     packets and octets of A, then of B
///     10, 11  first start, the largest number where there is none; last end, 0 where there is none
///     12, 13  when the flow began that says who is the client, and its rank among those of that time
///     14      TCP flags of A, of B; who has flags; whether there is an end
///     15      position of the first flow in the store
struct Conversation: RecordRule {
    let keyWords = 5
    let stride = words

    static let words = 16

    static let flows = 5
    static let packets = 6
    static let start = 10
    static let end = 11
    static let client = 12
    static let marks = 14
    static let position = 15

    /// Bits of ``marks``.
    static let hasFlags: UInt64 = 1 << 16
    static let hasEnd: UInt64 = 1 << 18

    /// Adds what two records of one conversation say.
    func combine(
        _ others: Span<UInt64>, at other: Int, into records: inout MutableSpan<UInt64>,
        at place: Int
    ) {
        let (start, end, client) = (Self.start, Self.end, Self.client)
        let (marks, position) = (Self.marks, Self.position)
        precondition(
            other >= 0 && other + stride <= others.count && place >= 0
                && place + stride <= records.count)
        for word in Self.flows..<start {
            unsafe records[unchecked: place &+ word] =
                records[unchecked: place &+ word].clampedAdding(others[unchecked: other &+ word])
        }
        records[place + start] = min(records[place + start], others[other + start])
        records[place + end] = max(records[place + end], others[other + end])
        let (mine, its) = (
            (records[place + client], records[place + client + 1]),
            (others[other + client], others[other + client + 1])
        )
        if its < mine {
            records[place + client] = its.0
            records[place + client + 1] = its.1
        }
        records[place + marks] |= others[other + marks]
        records[place + position] = min(records[place + position], others[other + position])
    }
}

extension Quantity {
    /// What can be listed of conversations, sorted and grouped by: see ``QueryRequest/bidirectional``.
    ///
    /// Packets, octets, flags and rates are the client's, `rpackets` and `rbytes` the other side's.
    public static let ofConversations: [Quantity] =
        [
            .start, .end, .proto, .srcip, .srcport, .dstip, .dstport, .flags, .packets, .bytes,
            .rpackets, .rbytes, .flows,
        ].map { .field($0) } + [.duration, .pps, .bps, .bpp]

    /// What layouts ask of every flow and no conversation has: its tunnel, and what kind of ICMP it is.
    public static let neverOfConversations: [Quantity] =
        [.tunsrcip, .tundstip, .tunproto, .icmptype, .icmpcode].map { .field($0) }
}

/// A conversation as its client sees it.
struct ConversationView {
    private let words: InlineArray<16, UInt64>
    /// Whether the client is side B.
    private let isSwapped: Bool

    init(_ record: Span<UInt64>) {
        words = InlineArray { record[$0] }
        isSwapped = words[Conversation.client + 1] & 1 != 0
    }

    /// Where its first flow is.
    var position: UInt64 { words[Conversation.position] }

    /// When the flow began that says who is the client; when it came, where it has no start.
    var began: UInt64 { words[Conversation.client] }

    /// A number or an address, a number in the lower half; nil where there is none.
    func value(_ quantity: Quantity) -> IPAddress? {
        if case .field(let field) = quantity, field.storage == .address {
            let isSource = field == .srcip
            guard isSource || field == .dstip else { return nil }
            guard words[0] >> (isSource != isSwapped ? 40 : 41) & 1 != 0 else { return nil }
            let place = isSource != isSwapped ? 1 : 3
            return IPAddress(high: words[place], low: words[place + 1])
        }
        return number(quantity).map { IPAddress(high: 0, low: $0) }
    }

    private func number(_ quantity: Quantity) -> UInt64? {
        let place = Conversation.packets + (isSwapped ? 2 : 0)
        let other = Conversation.packets + (isSwapped ? 0 : 2)
        switch quantity {
        case .field(.start): return start
        case .field(.end): return end
        case .field(.proto): return words[0] & 0xff
        case .field(.srcport): return words[0] >> (isSwapped ? 24 : 8) & 0xffff
        case .field(.dstport): return words[0] >> (isSwapped ? 8 : 24) & 0xffff
        case .field(.flags):
            let marks = words[Conversation.marks]
            let side: UInt64 = isSwapped ? 1 : 0
            return marks >> (16 + side) & 1 != 0 ? marks >> (8 * side) & 0xff : nil
        case .field(.packets): return words[place]
        case .field(.bytes): return words[place + 1]
        case .field(.rpackets): return words[other]
        case .field(.rbytes): return words[other + 1]
        case .field(.flows): return words[Conversation.flows]
        case .duration: return duration
        case .pps: return duration.map { words[place].times(1000, over: $0) }
        case .bps: return duration.map { words[place + 1].times(8000, over: $0) }
        case .bpp: return words[place + 1].times(1, over: words[place])
        case .field: return nil
        }
    }

    private var start: UInt64? {
        let start = words[Conversation.start]
        return start == .max ? nil : start
    }

    private var end: UInt64? {
        words[Conversation.marks] & Conversation.hasEnd != 0 ? words[Conversation.end] : nil
    }

    private var duration: UInt64? {
        start.flatMap { start in end.map { $0.clampedSubtracting(start) } }
    }
}
