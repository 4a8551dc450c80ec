import FlowModel

/// Where the values of one field lie in a run of records of one length, and the rows they go to.
///
///     records  │··field········│··field········│··field········│
///              offset           offset + stride  offset + 2·stride
struct FieldRun {
    var offset: Int
    var stride: Int
    var count: Int
    var row: Int

    /// The one check that the loops rely on.
    @inline(__always)
    func check(_ octets: Int, in records: RawSpan) {
        precondition(count > 0 && offset >= 0 && stride >= 0 && octets >= 0)
        precondition(offset + (count - 1) * stride + octets <= records.byteCount)
        precondition(row >= 0 && row + count <= FlowBatch.capacity)
    }
}

// MARK: - Numbers

/// Copies an integer of `length` octets from every record into `column`, cut to the column's width.
@inline(__always)
func copyNumbers(_ records: RawSpan, _ run: FieldRun, length: Int, to column: ColumnWriter) {
    switch length {
    case 1: copyNumbers(Wire1.self, records, run, to: column)
    case 2: copyNumbers(Wire2.self, records, run, to: column)
    case 3: copyNumbers(Wire3.self, records, run, to: column)
    case 4: copyNumbers(Wire4.self, records, run, to: column)
    case 5: copyNumbers(Wire5.self, records, run, to: column)
    case 6: copyNumbers(Wire6.self, records, run, to: column)
    case 7: copyNumbers(Wire7.self, records, run, to: column)
    case 8: copyNumbers(Wire8.self, records, run, to: column)
    default: preconditionFailure("the compiler lets only 1 to 8 octets through")
    }
    column.markPresent(run.row..<run.row + run.count)
}

@inline(__always)
private func copyNumbers<Source: WireUnsigned>(
    _: Source.Type, _ records: RawSpan, _ run: FieldRun, to column: ColumnWriter
) {
    switch column.width {
    case 1: copyNumbers(Source.self, UInt8.self, records, run, to: column)
    case 2: copyNumbers(Source.self, UInt16.self, records, run, to: column)
    case 4: copyNumbers(Source.self, UInt32.self, records, run, to: column)
    default: copyNumbers(Source.self, UInt64.self, records, run, to: column)
    }
}

@inline(__always)
private func copyNumbers<Source: WireUnsigned, Target: FixedWidthInteger & BitwiseCopyable>(
    _: Source.Type, _: Target.Type, _ records: RawSpan, _ run: FieldRun, to column: ColumnWriter
) {
    run.check(Source.octets, in: records)
    var values = column.mutableValues(as: Target.self)
    var offset = run.offset
    for index in 0..<run.count {
        let value = Target(truncatingIfNeeded: Source.load(records, unchecked: offset))
        unsafe values[unchecked: run.row &+ index] = value
        offset &+= run.stride
    }
}

/// What happens where a column has a value already, or the value is 0.
enum NumberMerge {
    /// The value is taken where it is not 0.
    case ifNonZero
    /// The bits of the value are added.
    case union
}

/// Merges an integer of every record into `column`; for the rare fields that share one.
func mergeNumbers(
    _ records: RawSpan, _ run: FieldRun, length: Int, to column: ColumnWriter, _ merge: NumberMerge
) {
    run.check(length, in: records)
    for index in 0..<run.count {
        let offset = run.offset + index * run.stride
        guard let value = records.wireUnsigned(at: offset, length: length) else { return }
        let row = run.row + index
        switch merge {
        // A rate of 2³² cut to 32 bits would read as "not known".
        case .ifNonZero: if value != 0 { column.set(min(value, column.largest), at: row) }
        case .union: column.set(value | column.number(at: row), at: row)
        }
    }
}

/// Sets `column` to the same number in all rows.
func fill<Target: BitwiseCopyable>(_ column: ColumnWriter, rows: Range<Int>, with value: Target) {
    var values = column.mutableValues(as: Target.self)
    precondition(rows.upperBound <= values.count)
    for row in rows { unsafe values[unchecked: row] = value }
    column.markPresent(rows)
}

// MARK: - Addresses

/// Copies an IPv4 address from every record.
func copyIPv4(_ records: RawSpan, _ run: FieldRun, to column: ColumnWriter) {
    run.check(4, in: records)
    var values = column.mutableValues(as: IPAddress.self)
    var offset = run.offset
    for index in 0..<run.count {
        let low = IPAddress.v4Prefix | Wire4.load(records, unchecked: offset)
        unsafe values[unchecked: run.row &+ index] = IPAddress(high: 0, low: low)
        offset &+= run.stride
    }
    column.markPresent(run.row..<run.row + run.count)
}

/// Copies an IPv6 address from every record.
func copyIPv6(_ records: RawSpan, _ run: FieldRun, to column: ColumnWriter) {
    run.check(16, in: records)
    var values = column.mutableValues(as: IPAddress.self)
    var offset = run.offset
    for index in 0..<run.count {
        let high = Wire8.load(records, unchecked: offset)
        let low = Wire8.load(records, unchecked: offset &+ 8)
        unsafe values[unchecked: run.row &+ index] = IPAddress(high: high, low: low)
        offset &+= run.stride
    }
    column.markPresent(run.row..<run.row + run.count)
}

/// Copies an address of `length` 4 or 16 where it is not unspecified.
func copyAddressesIfSet(
    _ records: RawSpan, _ run: FieldRun, length: Int, to column: ColumnWriter
) {
    run.check(length, in: records)
    for index in 0..<run.count {
        let offset = run.offset + index * run.stride
        guard let address = records.address(at: offset, length: length) else { return }
        if !address.isUnspecified { column.set(address, at: run.row + index) }
    }
}

extension RawSpan {
    /// The address at `offset`, nil for a length other than 4 or 16; traps past the end.
    @inline(__always)
    func address(at offset: Int, length: Int) -> IPAddress? {
        switch length {
        case 4: IPAddress(v4: network32(at: offset))
        case 16: IPAddress(high: network64(at: offset), low: network64(at: offset + 8))
        default: nil
        }
    }
}
