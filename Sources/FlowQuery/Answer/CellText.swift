/// How the values of one column of an answer read: names instead of numbers where there are some, as in the
/// tables of `skein query`.
public struct CellText {
    private let column: TableColumn
    private let times: TimeText

    /// - Parameters:
    ///   - column: whose values.
    ///   - times: how instants are written.
    public init(_ column: AnswerColumn, times: TimeText) {
        self.column = TableColumn(column)
        self.times = times
    }

    /// A value as text; what is absent is `-`.
    public func callAsFunction(_ cell: Cell) -> String {
        String(decoding: column.text(of: cell, times: times), as: UTF8.self)
    }
}
