import FlowModel

/// What the header of one export message says, and how the message came.
struct MessageHeader {
    /// 1, 5, 7, 9 or 10.
    var version: UInt16
    /// v5: records; v9: records of all kinds, or whatever the exporter puts there; IPFIX: octets.
    var count: UInt16
    /// Milliseconds since the exporter started; IPFIX has none.
    var uptime: UInt32?
    /// Seconds since 1970 by the exporter's clock.
    var exportSeconds: UInt32
    /// The same in milliseconds, with what v5 says of the second's fraction.
    var exportMilliseconds: UInt64
    /// Flows (v5, v7), datagrams (v9) or data records (IPFIX) before this message; v1 has none.
    var sequence: UInt32?
    /// Observation domain, source id, or engine type × 256 + engine id.
    var domain: UInt32
    /// v5: 1 in N, 0 where it does not say.
    var sampling: UInt32 = 0
    /// Where the header ends.
    var length: Int

    /// Reads the header of a message that begins with `version`; nil where it is cut short.
    init?(_ bytes: RawSpan, version: UInt16) {
        switch version {
        case 1: length = 16
        case 5, 7: length = 24
        case 9: length = 20
        case 10: length = 16
        default: return nil
        }
        guard bytes.byteCount >= length else { return nil }
        self.version = version
        count = bytes.network16(at: 2)
        if version == 10 {
            exportSeconds = bytes.network32(at: 4)
            sequence = bytes.network32(at: 8)
            domain = bytes.network32(at: 12)
            exportMilliseconds = UInt64(exportSeconds) * 1000
            return
        }
        uptime = bytes.network32(at: 4)
        exportSeconds = bytes.network32(at: 8)
        exportMilliseconds = UInt64(exportSeconds) * 1000
        domain = 0
        if version == 9 {
            sequence = bytes.network32(at: 12)
            domain = bytes.network32(at: 16)
            return
        }
        exportMilliseconds += UInt64(bytes.network32(at: 12)) / 1_000_000
        guard version != 1 else { return }
        sequence = bytes.network32(at: 16)
        guard version == 5 else { return }
        domain = UInt32(bytes.network16(at: 20))
        // The top two bits are a mode that some exporters fill with garbage; 1 in 1 is what exporters
        // without sampling send.
        let interval = UInt32(bytes.network16(at: 22) & 0x3fff)
        sampling = interval > 1 ? interval : 0
    }
}

/// What is the same for all records of a set.
struct RecordContext {
    var header: MessageHeader
    /// The exporter's own address, as far as it is known.
    var exporter: IPAddress
    /// Arrival, ms since 1970.
    var received: UInt64
    /// systemInitTimeMilliseconds from options data of the domain.
    var systemInit: UInt64?

    /// How stamps of uptime are read; nil where there is nothing to count from.
    var uptimeRule: UptimeRule? {
        if let uptime = header.uptime {
            return UptimeRule(atMilliseconds: header.exportMilliseconds, uptime: uptime)
        }
        return systemInit.map { uptimeRule(since: $0) }
    }

    /// How stamps of uptime are read of a system that started at `start`, ms since 1970.
    ///
    /// Where the export time is before the start one of the two clocks is wrong, and nothing can be
    /// said of wraps: the stamp counts from the start as it is.
    func uptimeRule(since start: UInt64) -> UptimeRule {
        let export = header.exportMilliseconds
        guard export >= start else {
            return UptimeRule(atMilliseconds: start &+ (1 << 31), uptime: 1 << 31)
        }
        return UptimeRule(
            atMilliseconds: export, uptime: UInt32(truncatingIfNeeded: export - start))
    }
}
