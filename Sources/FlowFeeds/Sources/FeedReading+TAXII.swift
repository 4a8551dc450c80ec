import FlowIntel

/// TAXII 2.1 (OASIS): collections of STIX objects, page by page, from where the last update ended.
extension FeedReading {
    private static let mediaType = "application/taxii+json;version=2.1"
    private static let objectsPerPage = 500
    /// A server may give the same `next` for all pages of a run, so that only their number says that they
    /// never end.
    private static let pagesMax = 20_000

    private struct Collection {
        let id: String
        let title: String
        let place: FeedLocation

        var cursor: String { place.text }
    }

    /// Reads what was added to the chosen collections.
    mutating func readTAXII(_ place: FeedLocation, _ chosen: [String]) throws {
        let all = try collections(place)
        let wanted =
            chosen.isEmpty
            ? all : all.filter { chosen.contains($0.id) || chosen.contains($0.title) }
        for name in chosen where !all.contains(where: { $0.id == name || $0.title == name }) {
            let known = all.map { "\($0.id) (\($0.title.asOneLine))" }.joined(separator: ", ")
            throw FetchError.protocolError(
                place: "\(place)",
                what: "no collection ‘\(name)’ that can be read; there are \(known.asOneLine)")
        }
        guard !wanted.isEmpty else {
            throw FetchError.protocolError(place: "\(place)", what: "no collection can be read")
        }
        for collection in wanted { try read(collection) }
    }

    private func json(_ place: FeedLocation) throws -> JSON {
        let request = request(place, accept: Self.mediaType)
        let octets = try retrying { try fetcher.document(request).octets }
        return try understanding(place) { () throws(FeedError) in try JSON.parse(octets.span) }
    }

    // MARK: Where the collections are

    /// All collections that can be read, from a discovery page, an API root, or a collection's own page.
    private func collections(_ place: FeedLocation) throws -> [Collection] {
        let page = try json(place)
        if let roots = page["api_roots"]?.strings {
            var all: [Collection] = []
            for root in roots.prefix(100) {
                let rootPlace = try place.resolving(root)
                guard rootPlace.isOnServer(of: place) else {
                    say("\(place) names an API root on another server, not read: \(rootPlace)")
                    continue
                }
                // A root that is closed to this user keeps no other from being read.
                do {
                    all += try self.collections(ofRoot: rootPlace)
                } catch FetchError.status(let code, _, _) where [401, 403, 404].contains(code) {
                    say("\(rootPlace): \(code), passed over")
                }
            }
            return all
        }
        if page["can_read"] != nil { return [collection(page, at: place)].compactMap { $0 } }
        if page["collections"] != nil { return try collections(page, at: place) }
        return try collections(ofRoot: place)
    }

    private func collections(ofRoot root: FeedLocation) throws -> [Collection] {
        let place = try root.appending("collections/")
        return try collections(try json(place), at: place)
    }

    private func collections(_ page: JSON, at place: FeedLocation) throws -> [Collection] {
        var found: [Collection] = []
        for entry in (page["collections"]?.array ?? []).prefix(10_000) {
            guard let id = entry["id"]?.string, Self.isIdentifier(id) else { continue }
            let own = try place.appending("\(id)/")
            if let collection = collection(entry, at: own) { found.append(collection) }
        }
        return found
    }

    private func collection(_ entry: JSON, at place: FeedLocation) -> Collection? {
        guard entry["can_read"]?.truth == true, let id = entry["id"]?.string else { return nil }
        return Collection(id: id, title: entry["title"]?.string ?? "", place: place)
    }

    /// What an id may have in it, as it becomes part of a path.
    private static func isIdentifier(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (97...122).contains($0 | 32) || $0 == 45 || $0 == 95
            }
    }

    // MARK: What is in them

    private mutating func read(_ collection: Collection) throws {
        let objects = try collection.place.appending("objects/")
        let (sinceName, nextName) =
            ("added-after \(collection.cursor)", "next \(collection.cursor)")
        let since = cursors[sinceName]
        var next = cursors[nextName]
        var isResumed = next != nil
        var pages = 0
        while true {
            pages += 1
            guard pages <= Self.pagesMax, report.read <= limits.entriesMax else {
                throw FetchError.protocolError(
                    place: "\(objects)", what: "more than \(Self.pagesMax) pages")
            }
            var query = [("match[type]", "indicator"), ("limit", "\(Self.objectsPerPage)")]
            if let since { query.append(("added_after", since)) }
            if let next { query.append(("next", next)) }
            let place = objects.asking(query)
            let request = request(place, accept: Self.mediaType)
            let (answer, octets): (HTTPFetcher.Answer, [UInt8])
            do {
                (answer, octets) = try retrying { try fetcher.document(request) }
            } catch FetchError.status(let code, _, _) where isResumed && (400..<500).contains(code)
            {
                // The server has forgotten where the update before had come to.
                (next, isResumed) = (nil, false)
                continue
            }
            isResumed = false
            let limits = limits
            let page = try understanding(place) { () throws(FeedError) in
                try STIXPage(octets, limits: limits)
            }
            let last = answer.headers.first(name: "x-taxii-date-added-last")
            next = page.more ? page.next : nil
            var noted: [String: String?] = [:]
            noted.updateValue(next, forKey: nextName)
            if next == nil, let last, InstantText.parse(last) != nil { noted[sinceName] = last }
            guard try merge(try newer(page, of: collection), cursors: noted) else { return }
            if next == nil { return }
        }
    }

    /// The objects of a page that are not older than what is known of them.
    private func newer(_ page: STIXPage, of collection: Collection) throws -> FeedChange {
        let known = try store.parts(of: source.name)
        var change = FeedChange()
        for var part in page.objects {
            part.name = "\(collection.id) \(part.name)"
            if let version = known[part.name], !STIXPage.isNewer(part.version, than: version) {
                continue
            }
            change.parts.append(part)
        }
        return change
    }
}
