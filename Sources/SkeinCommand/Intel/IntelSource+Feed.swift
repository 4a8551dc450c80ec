import FlowFeeds
import FlowIntel
import SkeinConfiguration

extension IntelSource {
    /// The source as it is read.
    ///
    /// - Parameter every: how often it is updated if it does not say so itself.
    func feed(every: Duration) throws -> FeedSource {
        var feed = FeedSource(name: name, way: try way(), format: feedFormat)
        if let keyFile { feed.key = .file(keyFile) }
        if let keyVariable { feed.key = .variable(keyVariable) }
        feed.keyHeader = keyHeader
        feed.user = user
        feed.interval = self.every ?? every
        return feed
    }

    private func way() throws -> FeedSource.Way {
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

    /// The path or URL, for people; a URL without its query, which may hold a key.
    var place: String {
        guard let url else { return path ?? "" }
        return (try? FeedLocation(url)).map { "\($0)" } ?? "a URL that cannot be asked"
    }
}

extension IntelSettings {
    /// What bounds requests, and whom they believe.
    var fetchOptions: FetchOptions {
        var options = FetchOptions()
        options.authorities = authorities
        return options
    }
}
