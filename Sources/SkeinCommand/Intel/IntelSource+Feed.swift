import FlowFeeds
import FlowIntel
import Glibc
import SkeinConfiguration

extension IntelSource {
    /// The source as it is read.
    ///
    /// What it does not say itself is as `settings` have it.
    func feed(_ settings: IntelSettings) throws -> FeedSource {
        var feed = FeedSource(name: name, way: try way(settings), format: feedFormat)
        if let keyFile { feed.key = .file(keyFile) }
        if let keyVariable { feed.key = .variable(keyVariable) }
        feed.keyHeader = keyHeader
        feed.user = user
        feed.interval = every ?? settings.every
        return feed
    }

    /// The zone as it is asked; nil where it is none.
    func blackList(_ settings: IntelSettings) -> BlackListZone? {
        zone.map { zone in
            let resolver = settings.resolver.map { DNSResolver($0.address, port: $0.port) }
            return BlackListZone(zone, resolver: resolver ?? .system)
        }
    }

    private func way(_ settings: IntelSettings) throws -> FeedSource.Way {
        if let zone = blackList(settings) { return .zone(zone) }
        guard let url else { return .path(path ?? "") }
        let place = try FeedLocation(url)
        return switch api {
        case .none: .list(place)
        case .otx: .otx(place)
        case .threatfox: .threatFox(place, days: days)
        case .misp: .misp(place)
        case .taxii: .taxii(place, collections: collections)
        }
    }

    /// The format to read it as; nil to recognise it.
    private var feedFormat: FeedFormat? {
        guard format == "csv" else { return FeedFormat(name: format) }
        func column(_ text: String) -> CSVColumns.Column {
            Int(text).map { .number($0) } ?? .name(text)
        }
        var columns = CSVColumns()
        columns.value = column(self.column)
        columns.description = description.map(column)
        columns.separator = separator == "tab" ? 9 : separator.utf8.first ?? UInt8(ascii: ",")
        return .csv(columns)
    }

    /// The path, URL or zone, for people; a URL without its query, which may hold a key.
    var place: String {
        guard let url else { return path ?? zone ?? "" }
        return (try? FeedLocation(url)).map { "\($0)" } ?? "a URL that cannot be asked"
    }
}

extension IntelSettings {
    /// What bounds requests, and whom they believe.
    func fetchOptions() throws -> FetchOptions {
        var options = FetchOptions()
        options.authorities = authorities
        guard let proxy else {
            do throws(FetchError) {
                options.proxy = try .ofEnvironment { name in
                    getenv(name).map { String(cString: $0) }
                }
            } catch {
                StandardStreams.say("\(error); sources are asked without a proxy")
            }
            return options
        }
        guard let proxy = WebProxy(proxy) else {
            // Without what it says: a password may be in it.
            throw StoreProblem(
                description:
                    "intel.proxy is none: write http://HOST:PORT, with USER:PASSWORD@ if it "
                    + "wants them, other characters in them as %40")
        }
        options.proxy = proxy
        options.proxy?.bypassed = noProxy
        return options
    }
}
