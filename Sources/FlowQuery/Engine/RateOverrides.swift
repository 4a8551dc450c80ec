public import FlowModel
import FlowStore

/// What the user knows better than exporters: which part of the packets they count.
///
/// Applied when flows are read, so that it mends what was stored before it was known, and goes before
/// whatever an exporter or a flow says. Of the rules that speak of an exporter the one with the longest
/// prefix counts; of equal ones that of one domain before that of all.
public struct RateOverrides: Hashable, Sendable {
    /// What is known of some exporters.
    public struct Rule: Hashable, Sendable {
        /// Their addresses.
        public var exporters: IPPrefix
        /// Their observation domain; nil: each.
        public var domain: UInt32?
        /// They count one in this many packets.
        public var interval: UInt32

        /// Makes a rule.
        public init(exporters: IPPrefix, domain: UInt32? = nil, interval: UInt32) {
            self.exporters = exporters
            self.domain = domain
            self.interval = interval
        }
    }

    /// The rules: the first one that fits counts.
    public let rules: [Rule]

    /// Makes overrides of rules in any order.
    public init(_ rules: [Rule]) {
        self.rules = rules.sorted { a, b in
            (a.exporters.bits, a.domain == nil ? 0 : 1) > (
                b.exporters.bits, b.domain == nil ? 0 : 1
            )
        }
    }

    /// Whether there are none.
    public var isEmpty: Bool { rules.isEmpty }

    /// One in how many packets is counted; nil: what the exporter says holds.
    public func interval(exporter: IPAddress, domain: UInt32) -> UInt32? {
        rules.first { rule in
            rule.exporters.contains(exporter) && (rule.domain ?? domain) == domain
        }?.interval
    }

    /// Whether a rule speaks of an exporter, in whatever domain.
    func speak(of exporter: IPAddress) -> Bool {
        rules.contains { $0.exporters.contains(exporter) }
    }

    /// Whether a rule may speak of some flow of a block.
    func maySpeak(of block: any BlockSource) -> Bool {
        guard let summary = block.summary(of: .exporter), let range = summary.addressRange,
            summary.presentRows > 0
        else { return speak(of: .v6Zero) }
        return summary.presentRows < block.rows && speak(of: .v6Zero)
            || rules.contains { ($0.exporters.address...$0.exporters.last).overlaps(range) }
    }

    /// Whether the sums of a rollup were made with other rates than these.
    ///
    /// - Parameter blocks: all of the rollup.
    func speak(of blocks: [RollupBlock]) throws -> Bool {
        for block in blocks where block.dimension.fields == [.exporter] {
            // Of more exporters than it lists, it does not say which.
            guard block.part == .keys else { return true }
            guard maySpeak(of: block) else { continue }
            guard let addresses = try block.addressDictionary(.exporter) else { return true }
            let exporters = addresses.storage.values(as: IPAddress.self)
            if exporters.indices.contains(where: { speak(of: exporters[$0]) }) { return true }
        }
        return false
    }
}
