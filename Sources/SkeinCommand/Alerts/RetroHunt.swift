import FlowAlert
import FlowIntel
import FlowModel
import FlowQuery
import FlowStore
import SkeinConfiguration

/// A search of the stored past for what sources newly list.
///
/// Blocks are passed over by their summaries of addresses, and the others' dictionaries are merged with the
/// listed ranges: rows are read only where something is found.
struct RetroHunt {
    /// Rules about contacts with listed peers.
    let rules: [AlertRule]
    let news: [ListedNews]
    let intelligence: Intelligence
    let settings: SkeinSettings

    /// Nobody waits for the answer any more.
    struct Unwanted: Error {}

    /// What was found, the last first, and of how many flows.
    struct Findings {
        var alerts: [Alert]
        var flows: UInt64
        /// Contacts for which there was no room.
        var untracked: UInt64
    }

    /// The flows of a time that have to do with what is newly listed; what is allowed is a hole in it.
    func request(from: UInt64?, to: UInt64?) -> QueryRequest {
        var listed = AddressSet()
        for source in news { listed = listed.union(source.addresses) }
        let ranges = listed.subtracting(intelligence.judge.allowList.addresses).ranges.map {
            $0.first...$0.last
        }
        var request = QueryRequest(
            filter: ranges.isEmpty
                ? .constant(false)
                : .or([
                    .test(.field(.srcip), .inAddresses(ranges)),
                    .test(.field(.dstip), .inAddresses(ranges)),
                ]), kind: .flows(fields: [], sort: nil, limit: 0))
        request.from = from
        request.to = to
        request.rollups = false
        return request
    }

    /// Searches; an alert for each rule, listed range and inside host, from the first contact to the last.
    ///
    /// - Parameter isWanted: asked now and then; where it says no, ``Unwanted`` is thrown.
    func run(
        over reader: StoreReader, _ request: QueryRequest, while isWanted: () -> Bool = { true }
    ) throws -> Findings {
        let matcher = Matcher(
            sources: news.map { (name: $0.source, addresses: $0.addresses) },
            allowed: intelligence.judge.allowList.addresses)
        // However long it was silent in between: it is one finding.
        let rules = rules.map { rule in
            var rule = rule
            rule.window = .max
            rule.silence = .max
            return rule
        }
        let rehearsal = AlertRehearsal(rules, matcher, settings, rates: reader.rates) { address in
            (try? intelligence.store.listings(of: address)) ?? []
        }
        let footing = try QueryEngine(reader).batches(request) { batch in
            guard isWanted() else { throw Unwanted() }
            rehearsal.take(batch)
        }
        let now = Clock.millisecondsSince1970()
        let alerts = rehearsal.finish().map { alert in
            var alert = alert
            alert.isRetro = true
            alert.opened = now
            alert.updated = now
            alert.resolved = nil
            return alert
        }
        return Findings(
            alerts: alerts, flows: footing.rowsScanned, untracked: rehearsal.untracked)
    }
}

extension RetroHunt {
    /// The hunt of `skein serve`: what was not yet looked up, source by source, back to `alerts.retro`.
    static func ofServer(
        _ settings: SkeinSettings, _ log: ServerLog
    ) -> AlertService.Hunting? {
        guard let depth = settings.alerts.retro else { return nil }
        return { rules, isWanted, take in
            if rules.isEmpty { return }
            let alerts = try AlertStore(path: settings.alertDatabase)
            let intelligence = try Intelligence(settings)
            let news = try intelligence.store.news(
                after: alerts.hunted(), policy: intelligence.judge.policy,
                now: intelligence.judge.now)
            if news.isEmpty { return }
            let began = Clock.nanoseconds()
            let hunt = RetroHunt(
                rules: rules, news: news, intelligence: intelligence, settings: settings)
            let now = Clock.millisecondsSince1970()
            // The setting has bounds.
            let back = UInt64(depth / .milliseconds(1))
            let request = hunt.request(from: now - min(back, now), to: nil)
            let found = try hunt.run(
                over: StoreReader(directory: settings.store.path, window: request.window), request,
                while: isWanted)
            for alert in found.alerts { take(alert) }
            for source in news { try alerts.setHunted(source.latest, of: source.source) }
            log.say(
                .info,
                "alerts: the past has \(found.alerts.count) contacts with what "
                    + news.map(\.source).joined(separator: ", ") + " newly list: "
                    + "\(found.flows) flows searched in "
                    + "\((Clock.nanoseconds() - began) / 1_000_000) ms")
            if found.untracked > 0 {
                log.say(.warning, "alerts: \(found.untracked) contacts found no room")
            }
        }
    }
}
