import FlowIntel
import Synchronization

/// The indicator store, opened when there is one to open.
final class IndicatorStores: Sendable {
    private struct Opened {
        var path: String
        /// Says what has changed, and is compiled from.
        var watched: IndicatorStore
        /// Says who lists what: a connection of its own, which compiling must not hold up.
        var lookup: IndicatorStore
    }

    private let opened = Mutex<Opened?>(nil)

    /// Who lists what; nil where nothing is listed.
    var lookup: IndicatorStore? { opened.withLock { $0?.lookup } }

    /// The store to compile from; nil where there is none.
    func open(_ path: String?) throws -> IndicatorStore? {
        if let old = opened.withLock({ $0 }), old.path == path { return old.watched }
        let new = try path.map {
            Opened(
                path: $0, watched: try IndicatorStore(path: $0),
                lookup: try IndicatorStore(path: $0))
        }
        opened.withLock { $0 = new }
        return new?.watched
    }
}
