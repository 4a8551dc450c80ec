import FlowModel
import FlowWire
import Foundation
import SkeinServer
import Testing

@testable import FlowCollector

@Suite struct MetricTests {
    private static let families: [MetricFamily] = {
        var drops = MetricFamily("skein_drops_total", .counter, "Lost\\all\nof it.")
        drops.add(3, ("listener", "udp://*:2055"), ("why", "\"a\\b\"\nc"))
        drops.add(.max)
        return [
            drops, MetricFamily("skein_none", .gauge, "Nothing."),
            MetricFamily("skein_one", .gauge, "One.", 1),
        ]
    }()

    @Test func `the text is Prometheus's`() {
        #expect(
            Self.families.prometheusText == #"""
                # HELP skein_drops_total Lost\\all\nof it.
                # TYPE skein_drops_total counter
                skein_drops_total{listener="udp://*:2055",why="\"a\\b\"\nc"} 3
                skein_drops_total 18446744073709551615
                # HELP skein_one One.
                # TYPE skein_one gauge
                skein_one 1

                """#)
    }

    @Test func `the JSON says the same`() throws {
        let value = try JSONSerialization.jsonObject(with: Data(Self.families.json.utf8))
        let metrics = try #require((value as? [String: Any])?["metrics"] as? [[String: Any]])
        #expect(
            metrics.map { $0["name"] as? String } == [
                "skein_drops_total", "skein_none", "skein_one",
            ])
        let sample = try #require((metrics[0]["samples"] as? [[String: Any]])?.first)
        #expect(
            sample["labels"] as? [String: String] == [
                "listener": "udp://*:2055", "why": "\"a\\b\"\nc",
            ])
        #expect(sample["value"] as? Int == 3)
    }

    @Test func `a histogram is Prometheus's, and JSON`() throws {
        var latency = LatencyHistogram()
        latency.note(10, datagrams: 2)
        latency.note(11, datagrams: 1)
        latency.note(1250, datagrams: 1)
        latency.note(90_000, datagrams: 3)
        var counters = CollectorCounters()
        counters.store.visible = latency
        let text = counters.metrics.prometheusText
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("skein_visible") }
        #expect(text.contains("# TYPE skein_visible_latency_seconds histogram\n"))
        #expect(lines.count == LatencyHistogram.bounds.count + 3)
        for line in [
            "bucket{le=\"0.01\"} 2", "bucket{le=\"0.025\"} 3", "bucket{le=\"1\"} 3",
            "bucket{le=\"2.5\"} 4", "bucket{le=\"60\"} 4", "bucket{le=\"+Inf\"} 7",
            "sum 271.281", "count 7",
        ] {
            #expect(lines.contains("skein_visible_latency_seconds_\(line)"), "\(line)")
        }
        let value = try JSONSerialization.jsonObject(with: Data(counters.metrics.json.utf8))
        let metrics = try #require((value as? [String: Any])?["metrics"] as? [[String: Any]])
        let metric = metrics.first { $0["name"] as? String == "skein_visible_latency_seconds" }
        let histogram = try #require(metric?["histogram"] as? [String: Any])
        #expect(histogram["count"] as? Int == 7)
        #expect(histogram["sum"] as? Double == 271.281)
        let buckets = try #require(histogram["buckets"] as? [[String: Any]])
        #expect(buckets.first?["le"] as? Double == 0.01)
        #expect(buckets.last?["count"] as? Int == 4)
    }

    @Test func `every count of a collector is told, each series once`() throws {
        var counters = CollectorCounters()
        let address = ListenAddress(nil, port: 2055)
        for number: UInt64 in [1, 2] {
            var listener = CollectorCounters.Listener(address: address)
            listener.datagrams = number
            listener.kernelDrops = 10 * number
            counters.listeners.append(listener)
        }
        var interface = CollectorCounters.Interface(name: "eth0")
        interface.packets = 8
        interface.kernelDrops = 4
        counters.interfaces = [interface]
        counters.exports.count(.templateUnknown, 7)
        counters.exports.sequenceLost = 5
        counters.queue.bytes = 99
        counters.store.appended = 12
        counters.store.acknowledged = 9
        let text = counters.metrics.prometheusText
        for line in [
            "skein_datagrams_received_total{listener=\"udp://*:2055\"} 3",
            "skein_kernel_drops_total{listener=\"udp://*:2055\"} 30",
            "skein_undecoded_total{reason=\"templateUnknown\"} 7", "skein_sequence_lost 5",
            "skein_packets_captured_total{interface=\"eth0\"} 8",
            "skein_capture_drops_total{interface=\"eth0\"} 4",
            "skein_interface_up{interface=\"eth0\"} 1", "skein_queue_bytes 99",
            "skein_store_unacknowledged_batches 3",
        ] {
            #expect(text.contains("\n\(line)\n"), "\(line)")
        }
        let series = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: " ").dropLast().joined() }
        #expect(Set(series).count == series.count)
        for family in counters.metrics {
            #expect(family.name.hasSuffix("_total") == (family.kind == .counter), "\(family.name)")
            #expect(
                family.name.hasSuffix("_seconds") == (family.kind == .histogram), "\(family.name)")
            #expect(family.help.hasSuffix("."), "\(family.name)")
        }
    }
}
