import Synchronization

/// Where the matcher in force is; whoever matches takes it once a batch.
///
/// A new one is built beside it, which takes as long as it takes, and put here, which takes no time.
public final class MatcherSlot: Sendable {
    private let current: Mutex<Matcher>

    /// Makes a slot with `matcher` in it.
    public init(_ matcher: Matcher) { current = Mutex(matcher) }

    /// The matcher in force; it stays whole for as long as it is held.
    public var matcher: Matcher { current.withLock { $0 } }

    /// Puts another in its place.
    public func replace(with matcher: Matcher) {
        let old = current.withLock { current in
            let old = current
            current = matcher
            return old
        }
        // The old one's memory is given back here, not under the lock.
        withExtendedLifetime(old) {}
    }
}
