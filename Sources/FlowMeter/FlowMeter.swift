public import FlowModel
public import FlowWire

/// Turns packets into flow records (the metering process of RFC 7011 §2).
///
/// Pure: no I/O, and no clock but the packets' own, so the same capture gives the same records.
/// Packets should come roughly in time order; a clock that jumps back by more than a minute is
/// followed, and ends the flows that are then in its future.
public final class FlowMeter {
    private var core: MeterCore
    private let appender: BatchAppender

    /// A meter without flows that writes records to `appender`.
    public init(options: MeterOptions, appender: BatchAppender) {
        self.appender = appender
        core = MeterCore(options)
    }

    /// What became of the packets so far.
    public var counters: MeterCounters { core.counters }

    /// Flows going on.
    public var activeFlows: Int { core.flowCount }

    /// Meters one packet.
    ///
    /// - Parameter frame: what was captured of it.
    /// - Parameter timestamp: nanoseconds since 1970.
    /// - Parameter originalLength: octets on the wire; it counts only where the IP header does not
    ///   say how long the packet is.
    /// - Throws: only what the appender's `emit` throws.
    public func add(
        frame: RawSpan, linkType: LinkType, timestamp: UInt64, originalLength: Int
    ) throws {
        try core.add(
            frame: frame, linkType: linkType, time: timestamp, originalLength: originalLength,
            appender)
    }

    /// Meters one packet of a capture.
    public func add(frame: RawSpan, info: PacketInfo) throws {
        try add(
            frame: frame, linkType: info.linkType, timestamp: info.timestamp,
            originalLength: info.originalLength)
    }

    /// Reports the flows whose time has come by `now`, nanoseconds since 1970.
    ///
    /// For live capture while no packets come; ``add(frame:linkType:timestamp:originalLength:)``
    /// does it by itself.
    public func expire(now: UInt64) throws {
        try core.advance(to: now, appender)
    }

    /// Reports all flows and hands the last batch on.
    public func finish() throws {
        try core.finish(appender)
        try appender.flush()
    }
}
