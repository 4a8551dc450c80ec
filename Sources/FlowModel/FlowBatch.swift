/// Up to 65,536 flow records as a struct of arrays.
///
///     row        0    1    2  …  count-1
///     srcip    [ a ][ b ][ c ]            FlowColumn, 16 bytes a value
///     srcport  [ 80][443][ 53]            dense: no presence bits
///     srcvlan  [  0][100][  0]  bits 010  optional: exists only where some row has a value
///     other      –   { layout 0: bytes }  OtherElements
///
/// A writer reserves rows by writing them at `count` and beyond, then calls ``advance(by:)``.
/// Not shared between threads: it is handed over whole.
public final class FlowBatch {
    /// Rows at most.
    public static let capacity = 65_536

    /// Rows written.
    public private(set) var count = 0
    /// Elements without a column of their own.
    public var other = OtherElements()

    private var columns: [FlowColumn?]
    private var isUsed: [Bool]

    /// Makes an empty batch; dense columns are allocated at once, others when first written.
    public init() {
        columns = Array(repeating: nil, count: Field.lastNumber + 1)
        isUsed = Array(repeating: false, count: Field.lastNumber + 1)
        for info in Field.table where info.isDense {
            columns[Int(info.field.rawValue)] = FlowColumn(info)
            isUsed[Int(info.field.rawValue)] = true
        }
    }

    /// Rows that still fit.
    public var room: Int { Self.capacity - count }

    /// The column, nil where no row since the last ``reset()`` has a value.
    public func column(_ field: Field) -> FlowColumn? {
        let index = Int(field.rawValue)
        return index < columns.count && isUsed[index] ? columns[index] : nil
    }

    /// The column, made where it does not exist.
    ///
    /// `field` must be a fixed-width field of the table.
    public func columnForWriting(_ field: Field) -> FlowColumn {
        let index = Int(field.rawValue)
        isUsed[index] = true
        if let column = columns[index] { return column }
        guard let info = field.info, info.storage != .elements else {
            preconditionFailure("\(field.name) is not a fixed-width column")
        }
        let column = FlowColumn(info)
        columns[index] = column
        return column
    }

    /// The fixed-width fields of which some row may have a value, in the order of their numbers.
    public var fields: [Field] {
        isUsed.indices.filter { isUsed[$0] }.map { Field(rawValue: UInt16($0)) }
    }

    /// Makes `rows` rows written after `count` part of the batch.
    public func advance(by rows: Int) {
        precondition(rows >= 0 && rows <= room)
        count += rows
    }

    /// Empties the batch and keeps its memory.
    ///
    /// - Parameter written: rows at most that were written, where more than ``count`` (a set that
    ///   turned out to be malformed half-way).
    public func reset(written: Int = 0) {
        let rows = max(count, min(written, Self.capacity))
        for index in columns.indices where isUsed[index] {
            guard let column = columns[index] else { continue }
            column.clear(rows: rows)
            isUsed[index] = column.isDense
        }
        other.removeAll()
        count = 0
    }

    /// The number in `field` at `row`, nil where absent; for edges and tests, not for loops.
    public func number(_ field: Field, at row: Int) -> UInt64? {
        column(field)?.number(at: row)
    }

    /// The address in `field` at `row`, nil where absent; for edges and tests, not for loops.
    public func address(_ field: Field, at row: Int) -> IPAddress? {
        column(field)?.address(at: row)
    }
}
