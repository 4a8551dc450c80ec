/// IPFIX (RFC 7011): times in milliseconds, one template for each family, a selector's rate in options.
///
/// Asked for biflows (RFC 5103), a flow and its reply are one record, with the counters, flags and times
/// of the reply in reverse elements. Templates and options lead the first of every 20 messages. The
/// sequence number counts data records, those of options among them (RFC 7011 §3.1).
public struct IPFIXEncoder: FlowEncoder {
    /// Always 0: the templates have room for every flow.
    public var omitted: Int { 0 }

    private let profile: ExporterProfile
    private let makesBiflows: Bool
    private var message = ExportMessage(headerBytes: 16)
    /// Data records in the messages before this one, and in this one.
    private var sequence: UInt32 = 0
    private var sequenced: UInt32 = 0
    private var messages: UInt32 = 0
    /// A flow whose reply may come next.
    private var waiting: GeneratedFlow?

    private static let selectorID: UInt16 = 260
    /// RFC 5103 §6.1.
    private static let reverseEnterprise: UInt32 = 29_305
    /// Scope selectorId, then the rate: samplingPacketInterval of 1 and the space behind it.
    private static let selectorFields: [TemplateField] = [
        .init(302, 4), .init(304, 2), .init(305, 4), .init(306, 4),
    ]

    /// Numbers 256 to 259: IPv4 and IPv6, then the same as biflows.
    private let templates: [[TemplateField]]
    private let lengths: [Int]

    /// An encoder for one router.
    public init(profile: ExporterProfile, biflows: Bool = false) {
        self.profile = profile
        makesBiflows = biflows
        let reverse: [TemplateField] = [
            (152, 8), (153, 8), (2, 4), (1, 8), (6, 1),
        ].map { TemplateField($0.0, $0.1, enterprise: Self.reverseEnterprise) }
        let plain = [true, false].map { isV4 in
            [TemplateField(152, 8), .init(153, 8)] + .common(isV4: isV4)
                + [.init(302, 4), .init(136, 1)]
        }
        templates = biflows ? plain + plain.map { $0 + reverse } : plain
        lengths = templates.map(\.recordBytes)
    }

    /// Adds a flow; for biflows, waits for its reply.
    public mutating func encode(_ flow: GeneratedFlow, into queue: inout DatagramQueue) {
        guard makesBiflows else {
            add(flow, reply: nil, at: flow.exported, to: &queue)
            return
        }
        if let first = waiting {
            waiting = nil
            if flow.isReply, Self.isReply(flow, to: first) {
                add(first, reply: flow, at: flow.exported, to: &queue)
                return
            }
            add(first, reply: nil, at: flow.exported, to: &queue)
        }
        waiting = flow
    }

    private static func isReply(_ flow: GeneratedFlow, to first: GeneratedFlow) -> Bool {
        flow.source == first.destination && flow.destination == first.source
            && flow.sourcePort == first.destinationPort && flow.destinationPort == first.sourcePort
            && flow.proto == first.proto && !first.isReply
    }

    private mutating func add(
        _ flow: GeneratedFlow, reply: GeneratedFlow?, at time: UInt64, to queue: inout DatagramQueue
    ) {
        let index = (flow.isV4 ? 0 : 1) + (reply == nil ? 0 : 2)
        let (id, length) = (UInt16(256 + index), lengths[index])
        if !message.hasRoom(for: length, in: id) { send(at: time, into: &queue) }
        if message.isEmpty && messages % templateInterval == 0 { announce() }
        sequenced &+= 1
        var offset = message.place(record: length, in: id)
        message.bytes.put(flow.start, at: &offset)
        message.bytes.put(flow.end, at: &offset)
        storeCommon(flow, to: &message.bytes, at: &offset)
        message.bytes.put(UInt32(1), at: &offset)
        message.bytes.put(flow.endReason.rawValue, at: &offset)
        guard let reply else { return }
        message.bytes.put(reply.start, at: &offset)
        message.bytes.put(reply.end, at: &offset)
        message.bytes.put(UInt32(clamping: reply.packets), at: &offset)
        message.bytes.put(reply.bytes, at: &offset)
        message.bytes.put(reply.flags, at: &offset)
    }

    private mutating func announce() {
        for (index, fields) in templates.enumerated() {
            message.add(
                template: UInt16(256 + index), fields, scopes: nil, in: 2, lengthsInOctets: false)
        }
        message.add(
            template: Self.selectorID, Self.selectorFields, scopes: 1, in: 3,
            lengthsInOctets: false)
        sequenced &+= 1
        var offset = message.place(
            record: Self.selectorFields.recordBytes, in: Self.selectorID, isData: false)
        message.bytes.put(UInt32(1), at: &offset)
        // Systematic count-based sampling (RFC 5477 §8.2.1).
        message.bytes.put(UInt16(1), at: &offset)
        message.bytes.put(UInt32(1), at: &offset)
        message.bytes.put(profile.sampling - 1, at: &offset)
    }

    /// Sends the records collected, if any.
    public mutating func flush(at time: UInt64, into queue: inout DatagramQueue) {
        if let first = waiting {
            waiting = nil
            add(first, reply: nil, at: time, to: &queue)
        }
        send(at: time, into: &queue)
    }

    private mutating func send(at time: UInt64, into queue: inout DatagramQueue) {
        guard !message.isEmpty else { return }
        message.closeSet()
        var offset = 0
        message.bytes.put(UInt16(10), at: &offset)
        message.bytes.put(UInt16(message.count), at: &offset)
        message.bytes.put(UInt32(truncatingIfNeeded: time / 1_000), at: &offset)
        message.bytes.put(sequence, at: &offset)
        message.bytes.put(profile.domain, at: &offset)
        queue.append(
            message.bytes[..<message.count], exporter: profile.index, time: time,
            records: message.dataRecords)
        sequence &+= sequenced
        sequenced = 0
        messages &+= 1
        message.reset()
    }
}
