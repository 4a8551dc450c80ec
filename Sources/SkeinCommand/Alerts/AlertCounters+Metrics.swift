import FlowAlert
import FlowCollector
import SkeinServer

extension AlertCounters {
    /// For `/metrics`.
    var metrics: [MetricFamily] {
        var delivered = MetricFamily(
            "skein_sink_events_delivered_total", .counter, "Alert events that a sink has taken.")
        var held = MetricFamily(
            "skein_sink_events_held_back_total", .counter,
            "Alert events that a sink's threshold held back.")
        var overflowed = MetricFamily(
            "skein_sink_events_lost_total", .counter,
            "Alert events lost because a sink's queue was full.")
        var failures = MetricFamily(
            "skein_sink_failures_total", .counter, "Attempts of a sink that failed.")
        var waiting = MetricFamily(
            "skein_sink_queue_bytes", .gauge, "Octets that wait for a sink, on the disk.")
        for sink in sinks {
            delivered.add(sink.delivered, ("sink", sink.name))
            held.add(sink.heldBack, ("sink", sink.name))
            overflowed.add(sink.overflowed, ("sink", sink.name))
            failures.add(sink.failures, ("sink", sink.name))
            waiting.add(sink.waiting, ("sink", sink.name))
        }
        var blocked = MetricFamily(
            "skein_query_log_blocked_total", .counter,
            "Questions that a resolver's policy zone has blocked.")
        var passed = MetricFamily(
            "skein_query_log_passed_total", .counter,
            "Questions that a resolver's policy zone lets pass.")
        var foreign = MetricFamily(
            "skein_query_log_foreign_total", .counter,
            "Questions that another policy zone than the one asked for has blocked.")
        var unreadable = MetricFamily(
            "skein_query_log_unreadable_total", .counter,
            "Lines of a resolver's log that could not be understood.")
        for log in queryLogs {
            blocked.add(log.blocked, ("path", log.path))
            passed.add(log.passed, ("path", log.path))
            foreign.add(log.foreign, ("path", log.path))
            unreadable.add(log.unreadable, ("path", log.path))
        }
        return [
            MetricFamily(
                "skein_alert_flows_total", .counter, "Flows matched against rules.", engine.flows),
            MetricFamily(
                "skein_alert_matches_total", .counter, "Addresses of flows that are listed.",
                engine.matches),
            MetricFamily("skein_alerts_opened_total", .counter, "Alerts made.", engine.opened),
            MetricFamily(
                "skein_alerts_continued_total", .counter,
                "Windows in which an alert went on.", engine.continued),
            MetricFamily(
                "skein_alerts_resolved_total", .counter, "Alerts that ended.", engine.resolved),
            MetricFamily(
                "skein_alert_contacts_open", .gauge, "Contacts with listed peers that go on.",
                UInt64(engine.openContacts)),
            MetricFamily(
                "skein_alert_trackers", .gauge, "Keys that thresholds count for.",
                UInt64(engine.trackers)),
            MetricFamily(
                "skein_alert_untracked_total", .counter,
                "Contacts, keys and values for which there was no room.", engine.untracked),
            MetricFamily(
                "skein_alert_news_lost_total", .counter,
                "Alert news lost because they came faster than they were told.", lost),
            MetricFamily(
                "skein_alert_store_failures_total", .counter,
                "Changes of alerts that could not be kept.", storeFailures),
            delivered, held, overflowed, failures, waiting, blocked, passed, foreign, unreadable,
            MetricFamily(
                "skein_alert_latency_seconds",
                "From the arrival of a datagram until the line of its alert was told.",
                MetricFamily.Histogram(
                    buckets: zip(LatencyHistogram.bounds, latency.cumulative).map {
                        MetricFamily.Histogram.Bucket(bound: $0, count: $1)
                    }, count: latency.count, sum: latency.sum)),
        ]
    }
}
