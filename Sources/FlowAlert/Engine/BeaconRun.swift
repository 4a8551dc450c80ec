/// What a run over the store has found, against what was found before: which beacons are new, go on, and
/// have ended.
struct BeaconRun {
    private struct Key: Hashable {
        var rule: String
        var host: String
        var indicator: String

        init(_ alert: Alert) {
            rule = alert.rule
            host = alert.host?.description ?? ""
            indicator = alert.indicator
        }
    }

    private var open: [Key: (id: Int64, told: UInt64)] = [:]

    /// Takes over what went on when the program ended.
    mutating func adopt(_ alerts: [Alert]) {
        for alert in alerts where alert.kind == .beacon {
            open[Key(alert)] = (alert.id, alert.updated)
        }
    }

    /// What is new of a rule's run.
    ///
    /// - Parameters:
    ///   - now: ms since 1970.
    ///   - id: the number for a new alert.
    mutating func news(
        of rule: AlertRule, found: [Alert], at now: UInt64, id: () -> Int64
    ) -> [AlertNews] {
        var news: [AlertNews] = []
        var seen: Set<Key> = []
        for var alert in found {
            let key = Key(alert)
            seen.insert(key)
            if let known = open[key] {
                let progress = AlertProgress(alert, id: known.id, time: now)
                if now.since(known.told) >= rule.window {
                    open[key]?.told = now
                    news.append(.continued(progress, received: 0))
                } else {
                    news.append(.grown(progress))
                }
            } else {
                alert.id = id()
                alert.opened = now
                alert.updated = now
                open[key] = (alert.id, now)
                news.append(.opened(alert, received: 0))
            }
        }
        for (key, known) in open where key.rule == rule.name && !seen.contains(key) {
            open[key] = nil
            news.append(.resolved(AlertProgress(ending: known.id, time: now)))
        }
        return news
    }
}

extension AlertProgress {
    fileprivate init(_ alert: Alert, id: Int64, time: UInt64) {
        self.init(
            id: id, flows: alert.flows, packets: alert.packets, bytes: alert.bytes,
            first: alert.first, last: alert.last, direction: alert.direction, value: alert.value,
            time: time)
    }

    /// Nothing new, but the end; figures stay.
    init(ending id: Int64, time: UInt64) {
        self.init(
            id: id, flows: 0, packets: 0, bytes: 0, first: .max, last: 0, direction: .outward,
            value: 0, time: time)
    }
}
