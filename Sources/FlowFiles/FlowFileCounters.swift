/// What was found in a file of flows, and what of it could not be used.
public struct FlowFileCounters: Sendable {
    /// Why something in a file was left out.
    ///
    /// The raw value is its name in summaries.
    public enum Reason: String, Sendable, CaseIterable {
        /// The file ends within a block, record or line.
        case fileTruncated
        /// A block whose octets do not decompress, or whose records do not fill it.
        case damagedBlocks
        /// A block header that cannot be, after which nothing can be found: the rest of the file.
        case damagedRests
        /// A compressed stream that goes wrong: nothing behind it can be read.
        case damagedStreams
        /// A block of a type that is not known.
        case unknownBlocks
        /// A block of the time before nfdump 1.6.
        case oldBlocks
        /// A record whose length is not possible.
        case damagedRecords
        /// A record of a type that is not known.
        case unknownRecords
        /// A flow whose extension map is not in the file.
        case extensionMapMissing
        /// An extension that is not known, or of a length that is not: the flow is there without it.
        case unknownExtensions
        /// An extension with nothing that has a place in a flow record.
        case unusedExtensions
        /// Records that hold no flow: histograms, names of interfaces and applications.
        case otherRecords
        /// Flows that the file's own statistics have and its readable blocks have not.
        case flowsLost
        /// A line with more or fewer cells than the columns.
        case badCellCounts
        /// A line with a cell that is no value of its column.
        case badValues
        /// A line that is longer than any that makes sense.
        case longLines
        /// A quoted cell that does not end.
        case openQuotes
        /// A line of a summary below the flows, as nfdump prints it.
        case summaryLines
    }

    /// Records or lines that were flows, whether they could be used or not.
    public var records: UInt64 = 0
    /// Distinct exporters that the file names.
    public var exporters: UInt64 = 0
    /// Flows that got lost on the way to the collector, by its own count.
    public var sequenceLost: UInt64 = 0
    /// Gaps in sequence numbers that the collector noted.
    public var sequenceFailures: UInt64 = 0
    /// Flows whose addresses were anonymised.
    public var anonymisedFlows: UInt64 = 0
    /// What the collector was told to call the source; nil where the file does not say.
    public var ident: String?
    /// What was left out, by reason.
    public var undecoded: [Reason: UInt64] = [:]
    /// The first thing that was left out, and where, for people.
    public var firstProblem: String?

    /// Nothing found.
    public init() {}

    /// Counts what was left out.
    mutating func note(_ reason: Reason, _ count: UInt64 = 1) {
        if count > 0 { undecoded[reason, default: 0] += count }
    }
}
