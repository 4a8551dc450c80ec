import FlowCollector
import FlowWire

extension CollectorCounters {
    /// Everything on one line, without what is 0 and should be.
    var line: String {
        var parts = [
            "\(received) datagrams", "\(exports.records) records",
            "\(exports.flows + meteredFlows) flows", "\(stages.first?.flows ?? 0) stored",
        ]
        if !interfaces.isEmpty { parts.insert("\(packets) packets", at: 1) }
        parts += losses.filter { $0.count > 0 }.map { "\($0.count) \($0.name)" }
        return parts.joined(separator: ", ")
    }

    /// What happened after `earlier`, a state of the same counters.
    func line(since earlier: CollectorCounters) -> String {
        var parts = [
            "\(received - earlier.received) datagrams",
            "\(exports.flows + meteredFlows - earlier.exports.flows - earlier.meteredFlows) flows",
            "\((stages.first?.flows ?? 0) - (earlier.stages.first?.flows ?? 0)) stored",
        ]
        if !interfaces.isEmpty { parts.insert("\(packets - earlier.packets) packets", at: 1) }
        let before = Dictionary(
            earlier.losses.map { ($0.name, $0.count) }, uniquingKeysWith: { $0 + $1 })
        for loss in losses {
            let known = before[loss.name] ?? 0
            // What was missed may come late, and then it is not lost any more.
            if loss.count > known { parts.append("\(loss.count - known) \(loss.name)") }
        }
        if queue.bytes > 0 { parts.append("\(queue.bytes >> 20) MiB wait to be decoded") }
        if let trouble = store.trouble { parts.append("the store is in trouble: \(trouble)") }
        return "in the last minute: " + parts.joined(separator: ", ")
    }

    /// What did not become flows, each under a name of its own.
    private var losses: [(name: String, count: UInt64)] {
        [
            ("refused", refused), ("dropped by the kernel", kernelDrops),
            ("packets dropped", packetDrops),
            ("cut", listeners.reduce(0) { $0 + $1.cut }),
            ("lost before they arrived", exports.sequenceLost), ("thrown away", shedFlows),
            ("not forwarded", forwards.reduce(0) { $0 + $1.dropped }),
        ]
            + exports.undecoded.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { ("undecoded: \($0.key.rawValue)", $0.value) }
    }

    /// All of them.
    var json: JSONValue {
        .object([
            ("listeners", .array(listeners.map(\.json))),
            ("interfaces", .array(interfaces.map(\.json))),
            (
                "queue",
                .object([
                    ("bytes", .number(UInt64(queue.bytes))),
                    ("bytesMax", .number(UInt64(queue.bytesMax))),
                    ("bytesHighest", .number(UInt64(queue.bytesHighest))),
                    ("waits", .number(queue.waits)),
                ])
            ),
            ("exports", exportsJSON),
            ("batches", .number(batches)),
            ("stages", .array(stages.map(\.json))),
            (
                "store",
                .object([
                    ("appended", .number(store.appended)),
                    ("acknowledged", .number(store.acknowledged)),
                    ("lostFlows", .number(store.lostFlows)),
                    ("refusals", .number(store.refusals)),
                    ("expiredFlows", .number(store.expiredFlows)),
                    ("visible", store.visible.json), ("durable", store.durable.json),
                    ("trouble", store.trouble.map { .text("\($0)") } ?? .null),
                ])
            ),
            (
                "forwards",
                .array(
                    forwards.map { forward in
                        .object([
                            ("target", .text("\(forward.target)")),
                            ("datagrams", .number(forward.datagrams)),
                            ("dropped", .number(forward.dropped)),
                            ("refused", .number(forward.refused)),
                        ])
                    })
            ),
        ])
    }

    private var exportsJSON: JSONValue {
        .object([
            ("datagrams", .number(exports.datagrams)), ("records", .number(exports.records)),
            ("optionsRecords", .number(exports.optionsRecords)),
            ("flows", .number(exports.flows)),
            ("counterSamples", .number(exports.counterSamples)),
            ("exporters", .number(exports.exporters)),
            ("sequenceLost", .number(exports.sequenceLost)),
            ("clockSkewed", .number(exports.clockSkewed)),
            (
                "undecoded",
                .object(
                    exports.undecoded.sorted { $0.key.rawValue < $1.key.rawValue }
                        .map { ($0.key.rawValue, .number($0.value)) })
            ),
        ])
    }
}

extension LatencyHistogram {
    /// Times in ms; `within` counts what took no longer.
    fileprivate var json: JSONValue {
        .object([
            ("count", .number(count)), ("sum", .number(sum)),
            (
                "within",
                .object(zip(Self.bounds, cumulative).map { ("\($0)", .number($1)) })
            ),
        ])
    }
}

extension CollectorCounters.Listener {
    fileprivate var json: JSONValue {
        var members: [(key: String, value: JSONValue)] = [
            ("address", .text("\(address)")), ("datagrams", .number(datagrams)),
            ("bytes", .number(octets)), ("refused", .number(refused)), ("cut", .number(cut)),
            ("kernelDrops", .number(kernelDrops)), ("errors", .number(errors)),
        ]
        switch address.transport {
        case .udp: members.append(("receiveBuffer", .number(UInt64(receiveBufferBytes))))
        case .tcp, .tls:
            members += [
                ("connections", .number(connections)), ("accepted", .number(accepted)),
                ("broken", .number(broken)),
            ]
            if address.transport == .tls {
                members.append(("handshakesFailed", .number(handshakesFailed)))
            }
        }
        return .object(members)
    }
}

extension CollectorCounters.Interface {
    fileprivate var json: JSONValue {
        .object([
            ("name", .text(name)), ("isUp", .boolean(isUp)), ("packets", .number(packets)),
            ("bytes", .number(octets)), ("flows", .number(flows)),
            ("activeFlows", .number(activeFlows)), ("kernelDrops", .number(kernelDrops)),
            ("interfaceDrops", .number(interfaceDrops)), ("otherPackets", .number(otherPackets)),
            ("orphanFragments", .number(orphanFragments)),
            ("evictedFlows", .number(evictedFlows)),
        ])
    }
}

extension CollectorCounters.Stage {
    fileprivate var json: JSONValue {
        .object([
            ("name", .text(name)), ("batches", .number(batches)), ("flows", .number(flows)),
            ("waiting", .number(UInt64(waiting))),
            ("waitingHighest", .number(UInt64(waitingHighest))),
            ("shedBatches", .number(shedBatches)), ("shedFlows", .number(shedFlows)),
        ])
    }
}
