public import FlowModel

/// A filter that was read, with what its reader should know about it.
public struct FlowFilter: Sendable {
    /// What it comes down to.
    public let expression: FlowExpression
    /// What is worth saying, in the order of the text, each once.
    public let notes: [FilterNote]

    /// Reads a filter in the language of `docs/filter.md`; an empty text is `any`.
    ///
    /// - Parameters:
    ///   - times: what `-1h` counts from, and the zone of times without one.
    ///   - sources: where sets, files and hosts are found; nil: nowhere.
    ///   - rules: what the filter may use, and how large it may be.
    public init(
        parsing filter: String, times: TimeText = TimeText(),
        sources: (any FilterSources)? = nil, rules: FilterRules = .trusted
    ) throws(FilterError) {
        var parser = try FilterParser(
            filter, FilterContext(times: times, sources: sources, rules: rules))
        expression = try parser.whole().folded
        notes = parser.context.notes
    }
}

extension FlowExpression {
    /// Reads a filter that needs nothing outside its text, or that may ask `sources`; see
    /// ``FlowFilter``, which also has the notes.
    public init(
        parsing filter: String, times: TimeText = TimeText(),
        sources: (any FilterSources)? = nil, rules: FilterRules = .trusted
    ) throws(FilterError) {
        self = try FlowFilter(
            parsing: filter, times: times, sources: sources, rules: rules
        ).expression
    }
}

/// Something about a filter that is no error, but that the one who wrote it should know.
public enum FilterNote: Hashable, Sendable, CustomStringConvertible {
    /// No record has what the word speaks of, so its comparison is false.
    case nothingStored(word: String, why: String)
    /// A set that has no values, as it was named.
    case emptySet(String)
    /// The addresses that a host's name stands for.
    case resolved(host: String, [IPAddress])

    /// For people.
    public var description: String {
        switch self {
        case .nothingStored(let word, let why):
            "‘\(word)’ is false for every flow: \(why)"
        case .emptySet(let name): "‘\(name)’ is empty"
        case .resolved(let host, let addresses):
            "‘\(host)’ is " + addresses.map(\.description).joined(separator: ", ")
        }
    }
}

/// What the parsers of a filter and of the files that it includes have in common.
struct FilterContext {
    let times: TimeText
    let sources: (any FilterSources)?
    let rules: FilterRules
    /// Terms and values so far.
    var terms = 0
    /// Regular expressions so far.
    var regexes = 0
    var notes: [FilterNote] = []
    /// The locations of the files being included, the innermost last.
    var includes: [String] = []
    /// Lists of addresses that were read, by location or `@name`.
    var addressSets: [String: IntervalSet<IPAddress>] = [:]

    init(times: TimeText, sources: (any FilterSources)?, rules: FilterRules) {
        self.times = times
        self.sources = sources
        self.rules = rules
    }

    mutating func note(_ note: FilterNote) {
        if !notes.contains(note) { notes.append(note) }
    }
}
