import FlowIntel

/// OTX's subscribed pulses.
///
/// The first update reads all pages, later ones what was modified since the latest change that was seen.
/// Each page is stored as it comes, with where the next one is: what breaks off goes on there.
extension FeedReading {
    private enum OTXCursor {
        /// The latest modification of a finished update; the next one begins there.
        static let since = "otx-since"
        /// The next page of an update that broke off.
        static let next = "otx-next"
        /// The latest modification that such an update had seen.
        static let newest = "otx-newest"
        /// The latest change of the subscription.
        static let events = "otx-events"
    }

    /// Pulses a page: the server answers 504 to large ones.
    private static let pulsesPerPage = 20
    private static let pagesMax = 100_000

    /// Reads what is new, and forgets what was deleted.
    mutating func readOTX(_ base: FeedLocation) throws {
        let api = try base.appending("api/v1/pulses/")
        let started = now
        try readPages(api)
        try readEvents(api, started: started)
    }

    private func page(_ place: FeedLocation) throws -> [UInt8] {
        let request = request(place, keyHeader: "X-OTX-API-KEY", accept: "application/json")
        return try retrying { try fetcher.document(request).octets }
    }

    private mutating func readPages(_ api: FeedLocation) throws {
        var place = try nextPage(api, cursors[OTXCursor.next], from: api)
        if place == nil {
            var query = [("limit", "\(Self.pulsesPerPage)")]
            if let since = cursors[OTXCursor.since] { query.append(("modified_since", since)) }
            place = try api.appending("subscribed").asking(query)
        }
        var seen: Set<FeedLocation> = []
        while let here = place {
            guard seen.insert(here).inserted, seen.count <= Self.pagesMax else {
                throw FetchError.protocolError(place: "\(here)", what: "its pages never end")
            }
            let octets = try page(here)
            let limits = limits
            let pulses = try understanding(here) { () throws(FeedError) in
                try PulsePage(octets, limits: limits)
            }
            var change = FeedChange()
            var newest = cursors[OTXCursor.newest]
            for (pulse, contents) in pulses.pulses {
                let whole = pulse.hasMore ? try readMore(of: pulse, api) ?? contents : contents
                change.parts.append(
                    FeedPart(
                        name: pulse.id.isEmpty ? "name: \(pulse.name)" : pulse.id,
                        version: "\(pulse.revision)", contents: whole))
                if let modified = pulse.modified.map({ InstantText.text($0, milliseconds: true) }) {
                    newest = max(newest ?? modified, modified)
                }
            }
            place = try nextPage(api, pulses.next, from: here)
            let isLast = place == nil
            var noted: [String: String?] = [
                OTXCursor.next: place?.text, OTXCursor.newest: isLast ? nil : newest,
            ]
            // Without a zone, as the server writes it itself.
            if isLast, let newest { noted[OTXCursor.since] = String(newest.dropLast()) }
            guard try merge(change, cursors: noted) else { return }
        }
    }

    /// All that a pulse lists, where its page has only the beginning; nil where it cannot be asked.
    private func readMore(of pulse: OTXPulse, _ api: FeedLocation) throws -> FeedContents? {
        guard !pulse.id.isEmpty else { return nil }
        var place: FeedLocation? = try api.appending("\(pulse.id)/indicators")
            .asking([("limit", "1000")])
        var whole = FeedContents(format: .otx)
        var seen: Set<FeedLocation> = []
        while let here = place {
            guard seen.insert(here).inserted, seen.count <= Self.pagesMax,
                whole.counts.readTotal <= limits.entriesMax
            else { throw FetchError.protocolError(place: "\(here)", what: "its pages never end") }
            let octets = try page(here)
            let limits = limits
            let page = try understanding(here) { () throws(FeedError) in
                try PulseIndicatorPage(octets, of: pulse, limits: limits)
            }
            whole.append(page.contents)
            place = try nextPage(api, page.next, from: here)
        }
        whole.pulses = [pulse]
        return whole
    }

    /// The page that a server names as the next, which is on the same server or the key would leave it.
    private func nextPage(
        _ api: FeedLocation, _ text: String?, from here: FeedLocation
    ) throws -> FeedLocation? {
        guard let text else { return nil }
        let place = try here.resolving(text)
        guard place.isOnServer(of: api) else {
            throw FetchError.redirect(
                from: "\(here)", to: "\(place)", why: "the next page is on another server")
        }
        return place
    }

    // MARK: The subscription

    /// Forgets pulses that were deleted or are no longer subscribed.
    private mutating func readEvents(_ api: FeedLocation, started: Int64) throws {
        guard let since = cursors[OTXCursor.events] else {
            // All pulses have just been read: what comes from now on counts, with a day for clocks.
            let day: Int64 = 86_400_000
            _ = try merge(
                FeedChange(),
                cursors: [OTXCursor.events: String(InstantText.text(started - day).dropLast())])
            return
        }
        var place: FeedLocation? = try api.appending("events")
            .asking([("since", since), ("limit", "100")])
        var seen: Set<FeedLocation> = []
        var last: [OTXObject: OTXEvent] = [:]
        var newest = InstantText.parse(since) ?? 0
        while let here = place {
            guard seen.insert(here).inserted, seen.count <= Self.pagesMax else {
                throw FetchError.protocolError(place: "\(here)", what: "its pages never end")
            }
            let octets: [UInt8]
            do {
                octets = try page(here)
            } catch FetchError.status(404, _, _) {
                return
            }
            let limits = limits
            let contents = try understanding(here) { () throws(FeedError) in
                try readFeed(octets, format: .otx, limits: limits)
            }
            for event in contents.events {
                let object = OTXObject(type: event.objectType, id: event.objectID)
                let created = event.created ?? 0
                newest = max(newest, created)
                if created >= last[object]?.created ?? 0 { last[object] = event }
            }
            place = try nextPage(api, contents.nextPage, from: here)
        }
        try apply(last, newest: newest)
    }

    private struct OTXObject: Hashable {
        let type: String
        let id: String
    }

    private mutating func apply(_ events: [OTXObject: OTXEvent], newest: Int64) throws {
        var change = FeedChange()
        var needsAll = false
        for (object, event) in events {
            switch (object.type, event.action) {
            case ("pulse", "delete"), ("pulse", "unsubscribe"): change.removed.insert(object.id)
            case ("user", "unsubscribe"):
                change.removed.formUnion(try store.pulses(of: source.name, by: object.id))
            // Older pulses of whom is new do not come with what was modified since.
            case (_, "subscribe"): needsAll = true
            default: break
            }
        }
        var noted: [String: String?] = [
            OTXCursor.events: String(InstantText.text(newest, milliseconds: true).dropLast())
        ]
        // The event that is the latest now comes again, and changes nothing then.
        let isKnown = cursors[OTXCursor.events] == noted[OTXCursor.events]
        if needsAll, !isKnown { noted.updateValue(nil, forKey: OTXCursor.since) }
        if change.removed.isEmpty, isKnown { return }
        _ = try merge(change, cursors: noted)
    }
}
