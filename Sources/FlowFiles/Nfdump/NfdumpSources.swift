import FlowModel

/// What the records of an nfdump file say of exporters and samplers.
struct NfdumpSources {
    private(set) var exporters = ExporterTable()
    /// The rates that samplers announced.
    private(set) var rates = SamplingRates()
    /// When the file was made, ms since 1970.
    var created: UInt64 = 0

    /// Family numbers of Linux, in which the records keep them.
    private static let familyIPv4: UInt16 = 2

    /// Enters an exporter; false where the record is too short.
    ///
    ///     type:16 size:16 version:32 address:128 family:16 number:16 domain:32
    mutating func enterExporter(_ record: RawSpan) -> Bool {
        guard record.byteCount >= 32 else { return false }
        let family = record.little16(at: 24)
        let address: IPAddress
        switch family {
        case 0:
            // nfdump 1.7.8 on: the sixteen octets in network order.
            address = IPAddress(high: record.big64(at: 8), low: record.big64(at: 16))
        case Self.familyIPv4:
            address = IPAddress(v4: record.little32(at: 16))
        default:
            address = IPAddress(high: record.little64(at: 8), low: record.little64(at: 16))
        }
        exporters.enter(
            .init(
                address: address, domain: record.little32(at: 28), version: record.little32(at: 4)),
            as: record.little16(at: 26))
        return true
    }

    /// Notes the rate of a sampler; false where the record is too short.
    ///
    ///     type:16 size:16 exporter:16 algorithm:16 id:64 sampled:32 skipped:32
    mutating func enterSampler(_ record: RawSpan) -> Bool {
        guard record.byteCount >= 24 else { return false }
        let sampled = UInt64(record.little32(at: 16))
        let skipped = UInt64(record.little32(at: 20))
        note(
            exporter: record.little16(at: 4), sampler: Int64(bitPattern: record.little64(at: 8)),
            interval: sampled == 0 ? 0 : (sampled + skipped) / sampled)
        return true
    }

    /// Notes the rate of a sampler as nfdump 1.6 kept it; false where the record is too short.
    ///
    ///     type:16 size:16 id:32 interval:32 mode:16 exporter:16
    mutating func enterOldSampler(_ record: RawSpan) -> Bool {
        guard record.byteCount >= 16 else { return false }
        note(
            exporter: record.little16(at: 14),
            sampler: Int64(Int32(bitPattern: record.little32(at: 4))),
            interval: UInt64(record.little32(at: 8)))
        return true
    }

    /// Samplers with numbers below zero are nfcapd's own: the rate of all flows that name none.
    private mutating func note(exporter: UInt16, sampler: Int64, interval: UInt64) {
        guard let source = exporters[exporter], interval > 0 else { return }
        let subject: SamplingRate.Subject = sampler < 0 ? .domain : .sampler(UInt64(sampler))
        rates.note(
            SamplingRate(
                exporter: source.address, domain: source.domain, subject: subject,
                interval: UInt32(clamping: interval), since: created))
    }
}
