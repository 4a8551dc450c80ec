public import FlowCollector
import FlowWire

extension CollectorCounters {
    /// What was counted, for `/metrics` and `/api/v1/counters`.
    public var metrics: [MetricFamily] {
        listenerMetrics + interfaceMetrics + exportMetrics + stageMetrics + storeMetrics
    }

    private var listenerMetrics: [MetricFamily] {
        var datagrams = MetricFamily(
            "skein_datagrams_received_total", .counter, "Datagrams (messages, over TCP) received.")
        var bytes = MetricFamily("skein_received_bytes_total", .counter, "Octets received.")
        var refused = MetricFamily(
            "skein_refused_total", .counter,
            "Datagrams and connections of senders that exporters.allow does not name.")
        var drops = MetricFamily(
            "skein_kernel_drops_total", .counter,
            "Datagrams that the kernel dropped because the socket's buffer was full.")
        var cut = MetricFamily(
            "skein_datagrams_cut_total", .counter,
            "Datagrams of which the kernel gave only the beginning.")
        var errors = MetricFamily("skein_socket_errors_total", .counter, "Errors of sockets.")
        var buffer = MetricFamily(
            "skein_receive_buffer_bytes", .gauge,
            "Octets that the kernel allows the socket's buffer, as it counts them.")
        var connections = MetricFamily(
            "skein_connections", .gauge, "Connections that are open, over TCP and TLS.")
        var broken = MetricFamily(
            "skein_connections_broken_total", .counter,
            "Connections that brought something else than IPFIX, or broke off within a message.")
        var handshakes = MetricFamily(
            "skein_tls_handshakes_failed_total", .counter,
            "Connections that never came to speak TLS, or without a certificate that is wanted.")
        for listener in Self.joined(listeners) {
            let label = ("listener", listener.address)
            let counts = listener.counts
            datagrams.add(counts.datagrams, label)
            bytes.add(counts.octets, label)
            refused.add(counts.refused, label)
            drops.add(counts.kernelDrops, label)
            cut.add(counts.cut, label)
            errors.add(counts.errors, label)
            if listener.isEncrypted { handshakes.add(counts.handshakesFailed, label) }
            if listener.isStream {
                connections.add(counts.connections, label)
                broken.add(counts.broken, label)
            } else {
                buffer.add(counts.receiveBufferBytes, label)
            }
        }
        return [
            datagrams, bytes, refused, drops, cut, errors, buffer, connections, broken, handshakes,
        ]
    }

    private var interfaceMetrics: [MetricFamily] {
        var packets = MetricFamily(
            "skein_packets_captured_total", .counter, "Packets of a metered interface.")
        var bytes = MetricFamily(
            "skein_captured_bytes_total", .counter, "Their octets on the wire.")
        var drops = MetricFamily(
            "skein_capture_drops_total", .counter,
            "Packets that the kernel dropped because the buffer was full (interface.buffer).")
        var cardDrops = MetricFamily(
            "skein_interface_drops_total", .counter,
            "Packets that the interface itself dropped, where it says.")
        var others = MetricFamily(
            "skein_packets_not_metered_total", .counter, "Packets without an IP header, in no flow."
        )
        var orphans = MetricFamily(
            "skein_orphan_fragments_total", .counter,
            "Fragments whose first one never came, counted with ports 0.")
        var flows = MetricFamily("skein_flows_metered_total", .counter, "Flows made of packets.")
        var active = MetricFamily(
            "skein_flows_active", .gauge, "Flows that go on, in memory alone.")
        var evicted = MetricFamily(
            "skein_flows_evicted_total", .counter,
            "Flows reported early because there were too many.")
        var up = MetricFamily(
            "skein_interface_up", .gauge, "1 where packets of the interface can come now.")
        for interface in interfaces {
            let label = ("interface", interface.name)
            packets.add(interface.packets, label)
            bytes.add(interface.octets, label)
            drops.add(interface.kernelDrops, label)
            cardDrops.add(interface.interfaceDrops, label)
            others.add(interface.otherPackets, label)
            orphans.add(interface.orphanFragments, label)
            flows.add(interface.flows, label)
            active.add(interface.activeFlows, label)
            evicted.add(interface.evictedFlows, label)
            up.add(interface.isUp ? 1 : 0, label)
        }
        return [packets, bytes, drops, cardDrops, others, orphans, flows, active, evicted, up]
    }

    private var exportMetrics: [MetricFamily] {
        var undecoded = MetricFamily(
            "skein_undecoded_total", .counter,
            "Sets, records and datagrams that could not be decoded, by reason.")
        for (reason, count) in exports.undecoded.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            undecoded.add(count, ("reason", reason.rawValue))
        }
        return [
            MetricFamily(
                "skein_exports_decoded_total", .counter, "Datagrams and messages that are exports.",
                exports.datagrams),
            MetricFamily(
                "skein_records_decoded_total", .counter,
                "Data records, and sFlow's flow and discard samples.", exports.records),
            MetricFamily(
                "skein_options_records_decoded_total", .counter, "Options data records.",
                exports.optionsRecords),
            MetricFamily("skein_flows_decoded_total", .counter, "Flows decoded.", exports.flows),
            MetricFamily(
                "skein_counter_samples_total", .counter, "sFlow's counter samples.",
                exports.counterSamples),
            undecoded,
            // Not a counter: what was missed may come late, and is not lost any more.
            MetricFamily(
                "skein_sequence_lost", .gauge,
                "Flows, datagrams or records that sequence numbers say got lost on the way.",
                exports.sequenceLost),
            MetricFamily(
                "skein_clock_skewed_flows_total", .counter,
                "Flows whose times lie far from their arrival.", exports.clockSkewed),
            MetricFamily(
                "skein_exporters_seen_total", .counter,
                "Exporters seen: address, domain and version.", exports.exporters),
        ]
    }

    private var stageMetrics: [MetricFamily] {
        var batches = MetricFamily(
            "skein_stage_batches_total", .counter, "Batches that a stage has taken.")
        var flows = MetricFamily("skein_stage_flows_total", .counter, "Flows in those.")
        var waiting = MetricFamily(
            "skein_stage_waiting_batches", .gauge, "Batches that wait for a stage.")
        var highest = MetricFamily(
            "skein_stage_waiting_batches_highest", .gauge, "The most that waited at once.")
        var shed = MetricFamily(
            "skein_stage_shed_flows_total", .counter,
            "Flows thrown away because a stage was stuck, or slow where that may be.")
        for stage in stages {
            let label = ("stage", stage.name)
            batches.add(stage.batches, label)
            flows.add(stage.flows, label)
            waiting.add(UInt64(clamping: stage.waiting), label)
            highest.add(UInt64(clamping: stage.waitingHighest), label)
            shed.add(stage.shedFlows, label)
        }
        var forwarded = MetricFamily(
            "skein_forwarded_datagrams_total", .counter, "Datagrams sent on.")
        var dropped = MetricFamily(
            "skein_forward_drops_total", .counter, "Datagrams that could not be sent on.")
        for forward in forwards {
            let label = ("target", "\(forward.target)")
            forwarded.add(forward.datagrams, label)
            dropped.add(forward.dropped, label)
        }
        return [
            MetricFamily(
                "skein_queue_bytes", .gauge, "Octets of what was received and is not decoded yet.",
                UInt64(clamping: queue.bytes)),
            MetricFamily(
                "skein_queue_bytes_highest", .gauge, "The most that waited at once.",
                UInt64(clamping: queue.bytesHighest)),
            MetricFamily(
                "skein_queue_bytes_max", .gauge, "What may wait (queue-memory).",
                UInt64(clamping: queue.bytesMax)),
            MetricFamily(
                "skein_queue_waits_total", .counter,
                "How often a listener had to wait because the queue was full.", queue.waits),
            batches, flows, waiting, highest, shed, forwarded, dropped,
        ]
    }

    private var storeMetrics: [MetricFamily] {
        [
            MetricFamily(
                "skein_store_unacknowledged_batches", .gauge,
                "Batches in the journal that are not on the disk yet.",
                store.appended - min(store.acknowledged, store.appended)),
            MetricFamily(
                "skein_store_lost_flows_total", .counter,
                "Flows that could not be stored whatever was done.", store.lostFlows),
            MetricFamily(
                "skein_store_refusals_total", .counter,
                "How often the store refused what it was given.", store.refusals),
            MetricFamily(
                "skein_store_expired_flows_total", .counter, "Flows that retention has deleted.",
                store.expiredFlows),
            MetricFamily(
                "skein_visible_latency_seconds",
                "From a datagram's arrival until its flows are in every query's answer.",
                store.visible.metric),
            MetricFamily(
                "skein_durable_latency_seconds",
                "From a datagram's arrival until its flows are safe on the disk.",
                store.durable.metric),
        ]
    }

    /// What keeps flows from being taken and kept, a sentence each.
    public var troubles: [String] {
        var troubles: [String] = []
        if let trouble = store.trouble {
            troubles.append("the store does not take flows: \(trouble)")
        }
        if let trouble = store.maintenanceTrouble, trouble != store.trouble {
            troubles.append("the store cannot be looked after: \(trouble)")
        }
        for listener in listeners {
            if let failure = listener.failure {
                troubles.append("nothing arrives at \(listener.address): \(failure)")
            }
        }
        for interface in interfaces where interface.isWanted && !interface.isUp {
            troubles.append(
                "\(interface.name) is down or away: its packets are metered when it is back")
        }
        return troubles
    }
}

extension LatencyHistogram {
    fileprivate var metric: MetricFamily.Histogram {
        MetricFamily.Histogram(
            buckets: zip(Self.bounds, cumulative).map { .init(bound: $0, count: $1) },
            count: count, sum: sum)
    }
}

/// What the sockets of one place counted; several may listen there.
private struct JoinedListener {
    struct Counts {
        var datagrams: UInt64 = 0
        var octets: UInt64 = 0
        var refused: UInt64 = 0
        var kernelDrops: UInt64 = 0
        var cut: UInt64 = 0
        var errors: UInt64 = 0
        var receiveBufferBytes: UInt64 = 0
        var connections: UInt64 = 0
        var broken: UInt64 = 0
        var handshakesFailed: UInt64 = 0
    }

    let address: String
    let isStream: Bool
    let isEncrypted: Bool
    var counts = Counts()
}

extension CollectorCounters {
    fileprivate static func joined(_ listeners: [Listener]) -> [JoinedListener] {
        var joined: [JoinedListener] = []
        for listener in listeners {
            let address = "\(listener.address)"
            let index: Int
            if let known = joined.firstIndex(where: { $0.address == address }) {
                index = known
            } else {
                index = joined.count
                joined.append(
                    JoinedListener(
                        address: address, isStream: listener.address.transport != .udp,
                        isEncrypted: listener.address.transport == .tls))
            }
            joined[index].counts.datagrams += listener.datagrams
            joined[index].counts.octets += listener.octets
            joined[index].counts.refused += listener.refused
            joined[index].counts.kernelDrops += listener.kernelDrops
            joined[index].counts.cut += listener.cut
            joined[index].counts.errors += listener.errors
            joined[index].counts.receiveBufferBytes += UInt64(clamping: listener.receiveBufferBytes)
            joined[index].counts.connections += listener.connections
            joined[index].counts.broken += listener.broken
            joined[index].counts.handshakesFailed += listener.handshakesFailed
        }
        return joined
    }
}
