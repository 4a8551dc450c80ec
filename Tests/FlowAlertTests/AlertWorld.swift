import FlowAlert
import FlowIntel
import FlowModel
import FlowQuery

/// A flow as tests write it.
struct TestFlow {
    var source: String
    var target: String
    var targetPort: UInt64 = 443
    var proto: UInt64 = 6
    var flags: UInt64 = 2
    var packets: UInt64 = 1
    var bytes: UInt64 = 100
    /// ms since the tests' time began.
    var at: UInt64 = 0
}

/// When the tests' time begins: 2016-06-07 12:38:20 UTC.
let epoch: UInt64 = 1_465_303_100_000

func batch(_ flows: [TestFlow]) -> FlowBatch {
    let batch = FlowBatch()
    for (row, flow) in flows.enumerated() {
        if let address = IPAddress(flow.source) {
            batch.columnForWriting(.srcip).set(address, at: row)
        }
        if let address = IPAddress(flow.target) {
            batch.columnForWriting(.dstip).set(address, at: row)
        }
        let numbers: [(Field, UInt64)] = [
            (.srcport, 50_000), (.dstport, flow.targetPort), (.proto, flow.proto),
            (.flags, flow.flags), (.packets, flow.packets), (.bytes, flow.bytes),
            (.received, epoch + flow.at), (.start, epoch + flow.at), (.end, epoch + flow.at + 10),
        ]
        for (field, number) in numbers { batch.columnForWriting(field).set(number, at: row) }
    }
    batch.advance(by: flows.count)
    return batch
}

/// An engine whose news are kept.
final class AlertWorld: @unchecked Sendable {
    // Sendable: a test is one thread.
    private final class News: @unchecked Sendable {
        // Sendable: as the world around it.
        var items: [AlertNews] = []
    }
    private let kept = News()
    let engine: AlertEngine
    var news: [AlertNews] { kept.items }

    init(
        _ rules: [AlertRule], listed: [(String, [String])] = [], own: [String] = [],
        limits: AlertLimits = AlertLimits()
    ) {
        let sources = listed.map { name, texts in
            (name: name, addresses: AddressSet(texts.compactMap { AddressRange(listed: $0) }))
        }
        let kept = kept
        engine = AlertEngine(
            rules, slot: MatcherSlot(Matcher(sources: sources)),
            inside: InsideNetworks(own: own.compactMap { IPPrefix($0) }), limits: limits
        ) { kept.items.append($0) }
    }

    var opened: [Alert] {
        news.compactMap { item in
            if case .opened(let alert, _) = item { alert } else { nil }
        }
    }

    var continued: [AlertProgress] {
        news.compactMap { item in
            if case .continued(let progress, _) = item { progress } else { nil }
        }
    }

    var resolved: [AlertProgress] {
        news.compactMap { item in
            if case .resolved(let progress) = item { progress } else { nil }
        }
    }
}

extension AddressRange {
    /// An address or a network.
    init?(listed text: String) {
        guard let prefix = IPPrefix(text) else { return nil }
        self.init(prefix)
    }
}

func contactRule(
    _ filter: String = "any", sources: [String] = [], window: UInt64 = 60_000,
    silence: UInt64 = 120_000
) throws -> AlertRule {
    AlertRule(
        name: "known-bad", filter: try FlowExpression(parsing: filter),
        test: .contact(sources: sources), severity: .high, window: window, silence: silence)
}

func thresholdRule(
    _ measure: AlertRule.Measure, reach: UInt64, track: AlertRule.Track = .source,
    _ filter: String = "any"
) throws -> AlertRule {
    AlertRule(
        name: "\(measure.rawValue)", filter: try FlowExpression(parsing: filter),
        test: .threshold(AlertRule.Threshold(measure, reach: reach, track: track)),
        severity: .medium, window: 60_000, silence: 60_000)
}
