import FlowModel

/// sFlow version 5: sampled frames with switch and router data, and interface counters.
///
/// One agent: a router whose interfaces are the data sources, each with a sequence and a pool of its own.
struct SFlowEncoder: Sendable {
    private let profile: ExporterProfile
    private var bytes = OctetBuffer(count: datagramBytesMax)
    private var count = Self.headerBytes
    private var samples = 0
    private var flowSamples = 0
    private var sequence: UInt32 = 0
    private var sources = [Source](repeating: Source(), count: Self.interfaces)
    private var builder = FrameBuilder()

    private static let headerBytes = 28
    private static let frameBytesMax = 128
    private static let interfaces = 64

    /// An interface's state.
    private struct Source: Sendable {
        var flowSequence: UInt32 = 0
        var counterSequence: UInt32 = 0
        var inOctets: UInt64 = 0
        var inPackets: UInt64 = 0
        var outOctets: UInt64 = 0
        var outPackets: UInt64 = 0
    }

    init(profile: ExporterProfile) { self.profile = profile }

    /// Counts a flow at its interfaces.
    mutating func count(_ flow: GeneratedFlow) {
        sources[Int(flow.input)].inOctets += flow.bytes
        sources[Int(flow.input)].inPackets += flow.packets
        sources[Int(flow.output)].outOctets += flow.bytes
        sources[Int(flow.output)].outPackets += flow.packets
    }

    /// Adds the sample of a packet.
    mutating func encode(_ packet: ScheduledPacket, into queue: inout DatagramQueue) {
        let flow = packet.flow
        // Short frames are padded to 60 octets; the frame check sequence counts but is not shown.
        let frame = max(builder.build(packet), 60)
        let shown = min(frame, Self.frameBytesMax)
        let padded = (shown + 3) & ~3
        let nextHopBytes = flow.isV4 ? 4 : 16
        let rawBytes = 16 + padded
        let routerBytes = 12 + nextHopBytes
        let sampleBytes = 32 + 8 + rawBytes + 8 + 16 + 8 + routerBytes
        let time = packet.time / 1_000
        if count + 8 + sampleBytes > datagramBytesMax { flush(at: time, into: &queue) }

        let source = Int(flow.input)
        sources[source].flowSequence &+= 1
        bytes.put(UInt32(1), at: &count)  // flow sample
        bytes.put(UInt32(sampleBytes), at: &count)
        bytes.put(sources[source].flowSequence, at: &count)
        bytes.put(UInt32(flow.input), at: &count)
        bytes.put(profile.sampling, at: &count)
        bytes.put(UInt32(truncatingIfNeeded: sources[source].inPackets), at: &count)
        bytes.put(UInt32(0), at: &count)  // drops
        bytes.put(UInt32(flow.input), at: &count)
        bytes.put(UInt32(flow.output), at: &count)
        bytes.put(UInt32(3), at: &count)

        bytes.put(UInt32(1), at: &count)  // sampled header
        bytes.put(UInt32(rawBytes), at: &count)
        bytes.put(UInt32(1), at: &count)  // Ethernet
        bytes.put(UInt32(frame + 4), at: &count)
        bytes.put(UInt32(4), at: &count)
        bytes.put(UInt32(shown), at: &count)
        for index in 0..<padded {
            bytes.put(index < builder.headerBytes ? builder.bytes[index] : 0, at: &count)
        }

        bytes.put(UInt32(1_001), at: &count)  // extended switch
        bytes.put(UInt32(16), at: &count)
        bytes.put(UInt32(flow.sourceVLAN), at: &count)
        bytes.put(UInt32(0), at: &count)
        bytes.put(UInt32(flow.destinationVLAN), at: &count)
        bytes.put(UInt32(0), at: &count)

        bytes.put(UInt32(1_002), at: &count)  // extended router
        bytes.put(UInt32(routerBytes), at: &count)
        if flow.isV4 {
            bytes.put(UInt32(1), at: &count)
            bytes.put(UInt32(truncatingIfNeeded: flow.nextHop.low), at: &count)
        } else {
            bytes.put(UInt32(2), at: &count)
            bytes.put(flow.nextHop.high, at: &count)
            bytes.put(flow.nextHop.low, at: &count)
        }
        bytes.put(UInt32(flow.sourceMask), at: &count)
        bytes.put(UInt32(flow.destinationMask), at: &count)
        samples += 1
        flowSamples += 1
    }

    /// Adds a counter sample for every interface that has carried anything.
    mutating func encodeCounters(at time: UInt64, into queue: inout DatagramQueue) {
        let counterBytes = 88
        let sampleBytes = 12 + 8 + counterBytes
        for index in sources.indices
        where sources[index].inPackets + sources[index].outPackets > 0 {
            if count + 8 + sampleBytes > datagramBytesMax { flush(at: time, into: &queue) }
            sources[index].counterSequence &+= 1
            let source = sources[index]
            bytes.put(UInt32(2), at: &count)  // counter sample
            bytes.put(UInt32(sampleBytes), at: &count)
            bytes.put(source.counterSequence, at: &count)
            bytes.put(UInt32(index), at: &count)
            bytes.put(UInt32(1), at: &count)
            bytes.put(UInt32(1), at: &count)  // generic interface counters
            bytes.put(UInt32(counterBytes), at: &count)
            bytes.put(UInt32(index), at: &count)
            bytes.put(UInt32(6), at: &count)  // ethernetCsmacd
            bytes.put(UInt64(index < 3 ? 10_000_000_000 : 1_000_000_000), at: &count)
            bytes.put(UInt32(1), at: &count)  // full duplex
            bytes.put(UInt32(3), at: &count)  // administratively and operationally up
            bytes.put(source.inOctets, at: &count)
            bytes.put(UInt32(truncatingIfNeeded: source.inPackets), at: &count)
            for _ in 0..<5 { bytes.put(UInt32(0), at: &count) }
            bytes.put(source.outOctets, at: &count)
            bytes.put(UInt32(truncatingIfNeeded: source.outPackets), at: &count)
            for _ in 0..<5 { bytes.put(UInt32(0), at: &count) }
            samples += 1
        }
    }

    /// Sends the samples collected, if any.
    mutating func flush(at time: UInt64, into queue: inout DatagramQueue) {
        guard samples > 0 else { return }
        sequence &+= 1
        var offset = 0
        bytes.put(UInt32(5), at: &offset)
        bytes.put(UInt32(1), at: &offset)  // the agent's address is IPv4
        bytes.put(profile.address, at: &offset)
        bytes.put(profile.domain, at: &offset)
        bytes.put(sequence, at: &offset)
        bytes.put(profile.uptime(at: time), at: &offset)
        bytes.put(UInt32(samples), at: &offset)
        queue.append(bytes[..<count], exporter: profile.index, time: time, records: flowSamples)
        count = Self.headerBytes
        samples = 0
        flowSamples = 0
    }
}

/// The routers as sFlow agents: 1 in N packets of all flows, in the order of time.
struct SFlowFleet: ExportFleet {
    private var encoders: [SFlowEncoder]
    private var samplers: [PacketSampler]
    private var schedule = PacketSchedule()
    private var present: UInt64
    private var countersDue: UInt64

    private static let counterInterval: UInt64 = 60_000

    init(_ profiles: [ExporterProfile], from start: UInt64) {
        encoders = profiles.map(SFlowEncoder.init(profile:))
        samplers = profiles.map { PacketSampler(interval: $0.sampling) }
        present = start
        countersDue = start + Self.counterInterval
    }

    var omitted: Int { 0 }

    mutating func encode(
        _ flows: [GeneratedFlow], until end: UInt64, into queue: inout DatagramQueue
    ) {
        for flow in flows {
            let router = Int(flow.exporter)
            encoders[router].count(flow)
            let picked = samplers[router].pick(from: flow.packets)
            if picked > 0 { schedule.add(flow, count: flow.packets, wanted: picked) }
        }
        send(before: end * 1_000, into: &queue)
        present = end
        if end >= countersDue {
            countersDue = end + Self.counterInterval
            for index in encoders.indices { encoders[index].encodeCounters(at: end, into: &queue) }
        }
        for index in encoders.indices { encoders[index].flush(at: end, into: &queue) }
    }

    private mutating func send(before limit: UInt64, into queue: inout DatagramQueue) {
        while let packet = schedule.next(before: limit) {
            encoders[Int(packet.flow.exporter)].encode(packet, into: &queue)
        }
    }

    mutating func finish(into queue: inout DatagramQueue) -> Bool {
        let before = queue.datagrams.count
        send(before: .max, into: &queue)
        for index in encoders.indices { encoders[index].flush(at: present, into: &queue) }
        return queue.datagrams.count > before
    }
}
