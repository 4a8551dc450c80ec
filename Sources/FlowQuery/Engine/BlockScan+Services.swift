import FlowModel
import FlowStore

/// The services of the rows that pass, where these are few: to number those of a whole block would cost more.
extension BlockScan {
    /// Of so many rows one is selected at most.
    private static let joinedShare = 16

    /// Whether services are better joined row by row.
    var joinsServices: Bool {
        block is ServiceBlock && !isOfRollup && !isAtHand(.service)
            && selectedCount <= rows / Self.joinedShare
    }

    /// Reads what services are made of.
    func requireServices() throws {
        try require([.field(.proto), .field(.srcport), .field(.dstport)])
    }

    /// The service of each row.
    func services(_ rows: RowSet, into values: Scratch<UInt64>) throws {
        let (sources, destinations) = (offsets, durations)
        try stored(.srcport, rows, into: sources)
        try stored(.dstport, rows, into: destinations)
        try stored(.proto, rows, into: values)
        var values = values.mutable
        Service.join(sources.span, destinations.span, into: &values, count: rows.count)
    }
}
