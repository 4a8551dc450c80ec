/// What goes on for as long as somebody watches: told to one of those who do.
///
/// Whoever lets go of it watches no more.
public protocol ServedFeed: AnyObject, Sendable {
    /// The next octets, waited for; nil where it has ended.
    ///
    /// One task at a time. Octets come at least every few seconds, so a connection that has ended is noticed.
    func next() async -> [UInt8]?
}

/// No more can watch now.
public struct FeedFull: Error, Sendable, CustomStringConvertible {
    /// How many there are.
    public let description: String

    /// Says how many there are.
    public init(_ description: String) { self.description = description }
}
