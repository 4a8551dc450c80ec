import FlowModel

/// When batches are made safe from a power cut.
public enum JournalPolicy: Hashable, Sendable {
    /// This long after they came at most, all that came meanwhile at once.
    case every(Duration)
    /// Each before ``LiveWriter/append(_:)`` returns.
    case eachBatch

    /// Five times a second.
    public static let standard = JournalPolicy.every(.milliseconds(200))
}

/// When the journal becomes segments.
struct JournalLimits: Sendable {
    /// Flows in the journal at most; a query reads all of them.
    var rows = 8 * FlowBatch.capacity
    /// Octets in the journal at most.
    var octets: UInt64 = 128 << 20
    /// Flows that are worth a segment when their hour is over; fewer wait for the end of the day.
    var rowsOfHour = 8192
    /// Octets of a file that is worth being written over, once all of it is in segments.
    var spareOctets: UInt64 = 1 << 20
}
