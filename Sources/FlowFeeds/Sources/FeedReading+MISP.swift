import FlowIntel

/// MISP feeds: `manifest.json` names the events and their states; only those that changed are read.
extension FeedReading {
    private static let eventsMax = 200_000
    /// Events that are stored together, so that what breaks off goes on from there.
    private static let eventsPerChange = 32

    /// Reads the events that changed, and forgets those that are gone.
    mutating func readMISP(_ base: FeedLocation) throws {
        let place = try base.appending("manifest.json")
        let manifest = try fetcher.document(
            request(place, keyHeader: "Authorization", isConditional: true))
        if manifest.answer.isUnchanged { return try noteUnchanged() }
        let events = try understanding(place) { () throws(FeedError) in
            try readManifest(manifest.octets)
        }
        guard events.count <= Self.eventsMax else {
            throw FetchError.answer(place: "\(place)", cause: .tooMany(entriesMax: Self.eventsMax))
        }
        let known = isFresh ? [:] : try store.parts(of: source.name)
        let changed = events.keys.filter { known[$0] != events[$0] || events[$0] == "" }.sorted()
        var failures: [FetchError] = []
        for start in stride(from: 0, to: changed.count, by: Self.eventsPerChange) {
            var change = FeedChange()
            for id in changed[start..<min(start + Self.eventsPerChange, changed.count)] {
                do {
                    change.parts.append(
                        FeedPart(
                            name: id, version: events[id] ?? "", contents: try event(id, of: base)))
                } catch let error as FetchError where error.isOfOneEvent {
                    failures.append(error)
                }
            }
            guard try change.parts.isEmpty || merge(change) else { return }
        }
        if let first = failures.first, failures.count == events.count { throw first }
        var rest = FeedChange()
        rest.present = Set(events.keys)
        // Asked again in any case where an event is missing.
        let isWhole = failures.isEmpty
        let noted: [String: String?] =
            isWhole
            ? validators(manifest.answer) : [Cursor.entityTag: nil, Cursor.lastModified: nil]
        guard try merge(rest, cursors: noted) else { return }
        if let first = failures.first {
            say("\(failures.count) of \(events.count) events cannot be read; the first: \(first)")
        }
    }

    private func event(_ id: String, of base: FeedLocation) throws -> FeedContents {
        let place = try base.appending("\(id).json")
        let request = request(place, keyHeader: "Authorization")
        let octets = try retrying { try fetcher.document(request).octets }
        let limits = limits
        return try understanding(place) { () throws(FeedError) in
            try readFeed(octets, format: .misp, limits: limits)
        }
    }
}

extension FetchError {
    /// Whether other events of the feed can be read all the same.
    fileprivate var isOfOneEvent: Bool {
        switch self {
        case .answer, .tooLarge, .compression: true
        case .status(let code, _, _): code == 404 || code == 410
        default: false
        }
    }
}
