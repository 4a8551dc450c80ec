public import FlowIntel

/// Where a list is, and how it is asked for.
public struct FeedSource: Sendable {
    /// How it is asked for.
    public enum Way: Hashable, Sendable {
        /// A file, or a folder of files.
        case path(String)
        /// A list that one request brings.
        case list(FeedLocation)
        /// OTX's subscribed pulses.
        case otx(FeedLocation)
        /// What ThreatFox has learnt in the last days.
        case threatFox(FeedLocation, days: Int)
        /// A folder with MISP's `manifest.json`.
        case misp(FeedLocation)
        /// Collections of a TAXII 2.1 server, by id or title; all that can be read where none is named.
        case taxii(FeedLocation, collections: [String])
        /// A zone of the DNS, which is asked about addresses as they are seen.
        case zone(BlackListZone)
    }

    /// Where a key is kept.
    public enum KeyPlace: Hashable, Sendable {
        case file(String)
        case variable(String)
    }

    /// What alerts and exports call it.
    public var name: String
    /// Where it is.
    public var way: Way
    /// Its format; nil to recognise it.
    public var format: FeedFormat?
    /// Where its key is; read anew for each update, so that it can be changed.
    public var key: KeyPlace?
    /// The header that carries the key, where it is not the one that the way has.
    public var keyHeader: String?
    /// The user whose password the key is.
    public var user: String?
    /// How long after an update the next one begins.
    public var interval = Duration.seconds(3600)

    /// Makes a source without a key.
    public init(name: String, way: Way, format: FeedFormat? = nil) {
        self.name = name
        self.way = way
        self.format = format
    }

    /// What would make a list of before the wrong one, and cursors meaningless.
    var origin: String {
        switch way {
        case .path(let path): "path \(path)" + (format.map { " \($0)" } ?? "")
        case .list(let place): "list \(place.text) \(format.map { "\($0)" } ?? "auto")"
        case .otx(let place): "otx \(place.text)"
        case .threatFox(let place, let days): "threatfox \(place.text) \(days)"
        case .misp(let place): "misp \(place.text)"
        case .taxii(let place, let collections):
            "taxii \(place.text) \(collections.joined(separator: " "))"
        case .zone(let zone): "zone \(zone.zone)"
        }
    }

    func readKey() throws(FetchError) -> FeedKey? {
        do throws(FeedKey.Problem) {
            switch key {
            case .file(let path): return try FeedKey(file: path)
            case .variable(let name): return try FeedKey(variable: name)
            case nil: return nil
            }
        } catch {
            throw .key(error)
        }
    }
}
