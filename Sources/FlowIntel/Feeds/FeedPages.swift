/// A page of OTX's subscribed pulses, each pulse by itself.
package struct PulsePage: Sendable {
    /// The pulses, each with what it lists.
    package var pulses: [(pulse: OTXPulse, contents: FeedContents)] = []
    /// Where the next page is.
    package var next: String?

    /// Reads a page; what is wrong with one pulse spoils no other.
    package init(_ octets: [UInt8], limits: FeedLimits = FeedLimits()) throws(FeedError) {
        let document = try JSON.parse(octets.span)
        guard let rows = document["results"]?.array else { throw .unknownDocument }
        next = document["next"]?.string
        for row in rows {
            var builder = FeedBuilder(.otx, limits: limits)
            let pulse = OTX.readPulse(row)
            builder.contents.pulses = [pulse]
            for indicator in row["indicators"]?.array ?? [] {
                try OTX.read(indicator, of: pulse, into: &builder)
            }
            pulses.append((pulse, builder.finishPart()))
        }
    }
}

/// A page of one pulse's indicators.
package struct PulseIndicatorPage: Sendable {
    /// What it lists.
    package var contents: FeedContents
    /// Where the next page is.
    package var next: String?

    /// Reads a page of what `pulse` lists.
    package init(
        _ octets: [UInt8], of pulse: OTXPulse, limits: FeedLimits = FeedLimits()
    ) throws(FeedError) {
        let document = try JSON.parse(octets.span)
        guard let rows = document["results"]?.array else { throw .unknownDocument }
        next = document["next"]?.string
        var builder = FeedBuilder(.otx, limits: limits)
        for row in rows { try OTX.read(row, of: pulse, into: &builder) }
        contents = builder.finishPart()
    }
}

/// What a MISP feed has, by its `manifest.json`: the UUIDs of its events and the state of each.
package func readManifest(_ octets: [UInt8]) throws(FeedError) -> [String: String] {
    guard case .object(let members) = try JSON.parse(octets.span) else { throw .unknownDocument }
    var events: [String: String] = [:]
    for (id, event) in members where MISP.isUUID(id) {
        events[id] = event["timestamp"]?.integer.map(String.init) ?? ""
    }
    guard !events.isEmpty || members.isEmpty else { throw .unknownDocument }
    return events
}

/// The indicators of a TAXII envelope (TAXII 2.1 §3.7), each by itself.
package struct STIXPage: Sendable {
    /// An indicator: its id, when it was last changed, what it lists.
    package var objects: [FeedPart] = []
    /// Whether there is another page, and what to ask for it with.
    package var more = false
    /// What to ask for the next page with.
    package var next: String?

    /// Reads an envelope; of several versions of an object the latest counts.
    package init(_ octets: [UInt8], limits: FeedLimits = FeedLimits()) throws(FeedError) {
        let document = try JSON.parse(octets.span)
        guard case .object = document else { throw .unknownDocument }
        more = document["more"]?.truth ?? false
        next = document["next"]?.string
        var places: [String: Int] = [:]
        for object in document["objects"]?.array ?? [] where object.isIndicator {
            guard let id = object["id"]?.string?.asOneLine else { continue }
            let version = object["modified"]?.string?.asOneLine ?? ""
            var builder = FeedBuilder(.stix, limits: limits)
            try STIX.readObjects(object, into: &builder)
            let part = FeedPart(name: id, version: version, contents: builder.finishPart())
            guard let place = places[id] else {
                places[id] = objects.count
                objects.append(part)
                continue
            }
            if Self.isNewer(version, than: objects[place].version) { objects[place] = part }
        }
    }

    /// Whether a time of STIX is the later one; their fractions have any number of digits.
    package static func isNewer(_ a: String, than b: String) -> Bool {
        let (a, b) = (InstantText.parse(a) ?? .min, InstantText.parse(b) ?? .min)
        return a >= b
    }
}
