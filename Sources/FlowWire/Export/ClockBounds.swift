import FlowModel

/// How far a record's times may lie from its arrival before the exporter's clock counts as wrong.
///
/// Such a record is kept as it is, and the store files it by its arrival (nfdump#14, #585). It is
/// counted in ``ExportCounters/clockSkewed``.
public struct ClockBounds: Hashable, Sendable {
    /// Milliseconds before the arrival.
    ///
    /// Default: a day, as exporters report a flow at the latest when it has ended.
    public var behind: UInt64 = 86_400_000
    /// Milliseconds after the arrival.
    ///
    /// Default: a day.
    public var ahead: UInt64 = 86_400_000

    /// The defaults.
    public init() {}

    /// The times that are in bounds for what arrived at `received`, ms since 1970.
    func range(at received: UInt64) -> ClosedRange<UInt64> {
        let (latest, isLate) = received.addingReportingOverflow(ahead)
        return (received - min(behind, received))...(isLate ? .max : latest)
    }
}

/// How many of `rows` of a column of times lie outside of `bounds`.
func countOutside(
    _ bounds: ClosedRange<UInt64>, _ column: ColumnWriter, rows: Range<Int>
) -> UInt64 {
    let values = column.mutableValues(as: UInt64.self)
    precondition(rows.lowerBound >= 0 && rows.upperBound <= values.count)
    let (earliest, length) = (bounds.lowerBound, bounds.upperBound &- bounds.lowerBound)
    var outside: UInt64 = 0
    for row in rows {
        outside &+= unsafe values[unchecked: row] &- earliest > length ? 1 : 0
    }
    return outside
}
