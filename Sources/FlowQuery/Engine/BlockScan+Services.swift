import FlowModel
import FlowStore

/// The services of the rows that pass, where these are few: to number those of a whole block costs more than
/// all else that is asked of it.
extension BlockScan {
    /// Of so many rows one is selected at most.
    private static let joinedShare = 4

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
        joinServices(&values, sources.span, destinations.span, count: rows.count)
    }
}

private func joinServices(
    _ values: inout MutableSpan<UInt64>, _ sources: Span<UInt64>, _ destinations: Span<UInt64>,
    count: Int
) {
    precondition(count <= values.count && count <= sources.count && count <= destinations.count)
    for row in 0..<count {
        unsafe values[unchecked: row] = Service.number(
            proto: values[unchecked: row], srcport: sources[unchecked: row],
            dstport: destinations[unchecked: row])
    }
}
