import FlowFeeds
import FlowIntel
import FlowTestSupport
import Synchronization

/// A store, a fetcher with short pauses, and what was said.
final class FeedScene {
    let folder: TemporaryFolder
    let store: IndicatorStore
    var options = FetchOptions()
    private(set) var lines: [String] = []

    init() throws {
        folder = try TemporaryFolder()
        store = try IndicatorStore(path: folder.path("intel.sqlite"))
        options.retryPauses = [.zero, .zero]
        options.silenceTime = .seconds(5)
    }

    func update(
        _ source: FeedSource, at now: Int64 = 1_700_000_000_000, insists: Bool = false
    ) throws -> FeedReport {
        let fetcher = HTTPFetcher(options: options)
        defer { fetcher.close() }
        return try FeedUpdate(
            store, policy: AddressPolicy(), fetcher: fetcher, insists: insists
        ) { name, line in self.lines.append("\(name): \(line)") }
        .run(source, at: now)
    }

    func source(_ way: FeedSource.Way, key: String? = nil) throws -> FeedSource {
        var source = FeedSource(name: "feed", way: way)
        if let key {
            source.key = .file(try folder.write("key", Array((key + "\n").utf8)))
        }
        return source
    }

    func list(_ url: String) throws -> FeedSource { try source(.list(FeedLocation(url))) }

    var values: [String] {
        get throws { try store.indicators(of: "feed").map(\.text).sorted() }
    }

    var problem: String? {
        get throws { try store.sources().first { $0.name == "feed" }?.problem }
    }
}

extension FeedReport {
    var word: String {
        switch outcome {
        case .taken: "taken"
        case .held: "held"
        case .unchanged: "unchanged"
        case .failed(let error): "\(error)"
        }
    }
}
