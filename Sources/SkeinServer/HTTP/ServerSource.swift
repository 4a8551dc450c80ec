public import FlowQuery

/// What the server tells of; the pipeline has it.
///
/// Called by any thread, for each request anew.
public protocol ServerSource: Sendable {
    /// What keeps flows from being taken and kept, a sentence each; empty where all is well.
    var troubles: [String] { get }
    /// What was counted so far.
    var metrics: [MetricFamily] { get }

    /// Who exports and how each is doing, as JSON.
    func exporters() throws -> [UInt8]

    /// Checks a question; what it answers is asked later, by a thread of its own.
    ///
    /// - Throws: ``QueryRefusal`` where the question makes no sense.
    func query(_ parameters: QueryParameters) throws -> any ServedQuery

    /// Checks a question for alerts.
    ///
    /// - Throws: ``QueryRefusal`` where the question makes no sense.
    func alerts(_ parameters: QueryParameters) throws -> any ServedQuery

    /// Checks a question for what is listed; nil where there is no such format.
    ///
    /// - Throws: ``QueryRefusal`` where the question makes no sense.
    func export(_ format: String, _ parameters: QueryParameters) throws -> (any ServedExport)?
    /// The formats that there are.
    var exportFormats: [String] { get }
    /// Checks a question for countries.
    ///
    /// - Throws: ``QueryRefusal`` where the question makes no sense.
    func map(_ parameters: QueryParameters) throws -> any ServedQuery

    /// Checks a question for a swarm.
    ///
    /// - Throws: ``QueryRefusal`` where the question makes no sense.
    func swarm(_ parameters: QueryParameters) throws -> any ServedQuery

    /// Checks a question for the swarm of what arrives, and begins to watch it.
    ///
    /// - Throws: ``QueryRefusal`` where the question makes no sense, ``FeedFull`` where too many watch.
    func live(_ parameters: QueryParameters) throws -> any ServedFeed

    /// What there is to ask: the program, the store, the vocabulary, as JSON.
    func about() throws -> [UInt8]

    /// Whether a filter can be read, and where not, as JSON.
    ///
    /// - Throws: ``QueryRefusal`` where it is longer than any may be.
    func check(filter: String) throws -> [UInt8]

    /// The sources of indicators and how old they are, as JSON.
    func sources() throws -> [UInt8]

    /// Who lists a value, as JSON.
    ///
    /// - Throws: ``QueryRefusal`` where nothing like it could be listed.
    func listings(of value: String) throws -> [UInt8]

    /// Notes that somebody knows of an alert, and answers what it is now, as JSON.
    ///
    /// - Throws: ``QueryRefusal`` where there is none of that number.
    func acknowledge(_ parameters: QueryParameters) throws -> [UInt8]

    /// How things stand, as JSON in one line; asked every few seconds while somebody listens.
    var pulse: String { get }
}

/// A question that makes sense.
public protocol ServedQuery: Sendable {
    /// The form of the answer: `application/json`.
    var contentType: String { get }

    /// Writes the answer in pieces, which may have to wait.
    ///
    /// Gives up soon after `stop` asks for it, by throwing anything; what `write` throws is let pass.
    func run(stop: QueryStop, write: @escaping ([UInt8]) throws -> Void) throws
}

/// A question that makes no sense.
public struct QueryRefusal: Error, Sendable, CustomStringConvertible {
    /// What is wrong with it.
    public let description: String

    /// Says what is wrong.
    public init(_ description: String) { self.description = description }
}
