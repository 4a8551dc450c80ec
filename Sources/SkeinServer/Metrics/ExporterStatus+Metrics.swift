public import FlowWire

extension MetricFamily {
    /// How each exporter is doing.
    ///
    /// - Parameters:
    ///   - most: exporters at most, those heard last; a stranger must not make endless series.
    ///   - now: ms since 1970.
    public static func families(
        of exporters: [ExporterStatus], most: Int = 1000, now: UInt64
    ) -> [MetricFamily] {
        var flows = MetricFamily(
            "skein_exporter_flows_total", .counter, "Flows of an exporter, restarts included.")
        var lost = MetricFamily(
            "skein_exporter_lost", .gauge,
            "What an exporter's sequence numbers say got lost: flows, datagrams or records.")
        var silence = MetricFamily(
            "skein_exporter_silence_seconds", .gauge, "Since an exporter's latest datagram.")
        var age = MetricFamily(
            "skein_exporter_template_age_seconds", .gauge,
            "Since the template arrived that was not repeated for longest.")
        var waiting = MetricFamily(
            "skein_exporter_waiting_sets", .gauge, "Data sets that wait for their template.")
        var unknown = MetricFamily(
            "skein_exporter_rate_unknown_flows_total", .counter,
            "Flows that name a sampler whose rate was not known when they came.")
        let latest = exporters.sorted { a, b in
            (b.tally.lastReceived, a.sender, a.domain) < (a.tally.lastReceived, b.sender, b.domain)
        }
        for exporter in latest.prefix(most) {
            let labels = [
                ("exporter", "\(exporter.sender)"), ("domain", "\(exporter.domain)"),
                ("protocol", exporter.exportProtocol.rawValue),
            ]
            func add(_ value: UInt64, to family: inout MetricFamily) {
                family.add(value, labels[0], labels[1], labels[2])
            }
            add(exporter.tally.flows, to: &flows)
            add(exporter.tally.lost, to: &lost)
            add(seconds(since: exporter.tally.lastReceived, now), to: &silence)
            if let oldest = exporter.oldestTemplate { add(seconds(since: oldest, now), to: &age) }
            add(UInt64(clamping: exporter.waitingSets), to: &waiting)
            add(exporter.tally.rateUnknown, to: &unknown)
        }
        return [flows, lost, silence, age, waiting, unknown]
    }

    private static func seconds(since instant: UInt64, _ now: UInt64) -> UInt64 {
        (now - min(instant, now)) / 1000
    }
}
