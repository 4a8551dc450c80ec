/// NetFlow version 9 (RFC 3954): one template for IPv4, one for IPv6, a table of samplers in options.
///
/// Templates and the sampler table lead the first of every 20 datagrams. The sequence number counts
/// datagrams.
public struct NetFlow9Encoder: FlowEncoder {
    /// Always 0: the templates have room for every flow.
    public var omitted: Int { 0 }

    private let profile: ExporterProfile
    private var message = ExportMessage(headerBytes: 20)
    private var sequence: UInt32 = 0

    private static let v4ID: UInt16 = 256
    private static let v6ID: UInt16 = 257
    private static let samplersID: UInt16 = 258
    private static let v4Fields = fields(isV4: true)
    private static let v6Fields = fields(isV4: false)
    /// Scope "system" (1), then FLOW_SAMPLER_ID, _MODE and _RANDOM_INTERVAL.
    private static let samplerFields: [TemplateField] = [
        .init(1, 4), .init(48, 1), .init(49, 1), .init(50, 4),
    ]

    private let v4Bytes = Self.v4Fields.recordBytes
    private let v6Bytes = Self.v6Fields.recordBytes

    private static func fields(isV4: Bool) -> [TemplateField] {
        [.init(22, 4), .init(21, 4)] + .common(isV4: isV4) + [.init(48, 1)]
    }

    /// An encoder for one router.
    public init(profile: ExporterProfile) { self.profile = profile }

    /// Adds a flow.
    public mutating func encode(_ flow: GeneratedFlow, into queue: inout DatagramQueue) {
        let v4 = flow.isV4
        let (id, length) = v4 ? (Self.v4ID, v4Bytes) : (Self.v6ID, v6Bytes)
        if !message.hasRoom(for: length, in: id) { flush(at: flow.exported, into: &queue) }
        if message.isEmpty && sequence % templateInterval == 0 { announce() }
        var offset = message.place(record: length, in: id)
        message.bytes.put(profile.uptime(at: flow.start), at: &offset)
        message.bytes.put(profile.uptime(at: flow.end), at: &offset)
        storeCommon(flow, to: &message.bytes, at: &offset)
        message.bytes.put(UInt8(1), at: &offset)
    }

    private mutating func announce() {
        message.add(
            template: Self.v4ID, Self.v4Fields, scopes: nil, in: 0, lengthsInOctets: true)
        message.add(
            template: Self.v6ID, Self.v6Fields, scopes: nil, in: 0, lengthsInOctets: true)
        message.add(
            template: Self.samplersID, Self.samplerFields, scopes: 1, in: 1, lengthsInOctets: true)
        var offset = message.place(
            record: Self.samplerFields.recordBytes, in: Self.samplersID, isData: false)
        message.bytes.put(profile.address, at: &offset)
        message.bytes.put(UInt8(1), at: &offset)
        message.bytes.put(UInt8(1), at: &offset)  // deterministic sampling
        message.bytes.put(profile.sampling, at: &offset)
    }

    /// Sends the records collected, if any.
    public mutating func flush(at time: UInt64, into queue: inout DatagramQueue) {
        guard !message.isEmpty else { return }
        message.closeSet()
        var offset = 0
        message.bytes.put(UInt16(9), at: &offset)
        message.bytes.put(UInt16(message.records), at: &offset)
        message.bytes.put(profile.uptime(at: time), at: &offset)
        message.bytes.put(UInt32(truncatingIfNeeded: time / 1_000), at: &offset)
        message.bytes.put(sequence, at: &offset)
        message.bytes.put(profile.domain, at: &offset)
        queue.append(
            message.bytes[..<message.count], exporter: profile.index, time: time,
            records: message.dataRecords)
        sequence &+= 1
        message.reset()
    }
}
