public import FlowIntel

/// Reads sources and puts what they list in force.
public struct FeedUpdate {
    let store: IndicatorStore
    let policy: AddressPolicy
    let fetcher: HTTPFetcher
    /// Whether lists are taken however much shorter they have become.
    let insists: Bool
    /// What the user should know: a source's name, and a line.
    let say: (String, String) -> Void

    /// Makes updates of `store`.
    public init(
        _ store: IndicatorStore, policy: AddressPolicy, fetcher: HTTPFetcher, insists: Bool = false,
        say: @escaping (String, String) -> Void
    ) {
        self.store = store
        self.policy = policy
        self.fetcher = fetcher
        self.insists = insists
        self.say = say
    }

    /// Updates a source; what is wrong with it is noted with it, and its last list stays in force.
    ///
    /// - Parameter now: ms since 1970.
    public func run(
        _ source: FeedSource, at now: Int64
    ) throws(IndicatorStoreError) -> FeedReport {
        var report = FeedReport(name: source.name)
        do {
            var reading = try FeedReading(
                source, store: store, fetcher: fetcher, policy: policy, now: now,
                insists: insists, say: { say(source.name, $0) })
            defer { report = reading.report }
            try reading.run()
        } catch let error as FetchError {
            report.outcome = .failed(error)
            var cursors: [String: String?] = [:]
            if case .status(429, _, let wait?) = error {
                cursors[FeedReading.Cursor.notBefore] = "\(now + wait)"
            } else if case .status(503, _, let wait?) = error {
                cursors[FeedReading.Cursor.notBefore] = "\(now + wait)"
            }
            if case .cancelled = error { return report }
            try store.note(problem: "\(error)", of: source.name, at: now, cursors: cursors)
        } catch let error as IndicatorStoreError {
            throw error
        } catch {
            throw IndicatorStoreError(path: source.name, message: "\(error)")
        }
        return report
    }
}
