/// What is listed, asked for in a format.
public protocol ServedExport: Sendable {
    /// The file as it is now, made if it is not there yet; called by a thread that may wait.
    ///
    /// - Throws: ``NotReady`` where there is nothing yet that it could be made of.
    func file() throws -> any ServedFile
}

/// A file that is sent as it is; it stays what it is for as long as somebody holds it.
public protocol ServedFile: Sendable {
    /// What is in it: `text/dns`.
    var contentType: String { get }
    /// What it is called where somebody keeps it.
    var name: String { get }
    /// How long it is.
    var octets: Int { get }
    /// What no other content of it has, letters and digits.
    var tag: String { get }
    /// Since when it is so, seconds since 1970.
    var modified: Int64 { get }

    /// Reads on from a place, at most so much.
    func read(at place: Int, most: Int) throws -> [UInt8]
}

/// There is no answer yet.
public struct NotReady: Error, Sendable, CustomStringConvertible {
    /// Why.
    public let description: String

    /// Says why.
    public init(_ description: String) { self.description = description }
}
