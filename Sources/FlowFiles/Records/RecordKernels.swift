import FlowModel

/// Copies an integer of every record into `column`, cut to the column's width.
func scatterNumbers<Source: StoredUnsigned>(
    _: Source.Type, _ records: borrowing FieldScatter, at field: Int, to column: ColumnWriter
) {
    switch column.width {
    case 1: scatterNumbers(Source.self, UInt8.self, records, at: field, to: column)
    case 2: scatterNumbers(Source.self, UInt16.self, records, at: field, to: column)
    case 4: scatterNumbers(Source.self, UInt32.self, records, at: field, to: column)
    default: scatterNumbers(Source.self, UInt64.self, records, at: field, to: column)
    }
}

@inline(__always)
private func scatterNumbers<
    Source: StoredUnsigned, Target: FixedWidthInteger & BitwiseCopyable
>(
    _: Source.Type, _: Target.Type, _ records: borrowing FieldScatter, at field: Int,
    to column: ColumnWriter
) {
    precondition(field >= 0 && field + Source.octets <= records.recordOctets)
    let bytes = records.bytes
    var values = column.mutableValues(as: Target.self)
    for index in 0..<records.count {
        let value = Source.load(bytes, unchecked: records.offset(index) &+ field)
        unsafe values[unchecked: records.row(index)] = Target(truncatingIfNeeded: value)
    }
}

/// As `scatterNumbers`, and leaves rows as they are where the integer is zero.
func scatterSetNumbers<Source: StoredUnsigned>(
    _: Source.Type, _ records: borrowing FieldScatter, at field: Int, to column: ColumnWriter
) {
    precondition(field >= 0 && field + Source.octets <= records.recordOctets)
    for index in 0..<records.count {
        let value = Source.load(records.bytes, unchecked: records.offset(index) &+ field)
        if value != 0 { column.set(value, at: records.row(index)) }
    }
}

/// Copies IPv4 addresses.
func scatterAddresses4<Source: StoredUnsigned>(
    _: Source.Type, _ records: borrowing FieldScatter, at field: Int, to column: ColumnWriter
) {
    precondition(field >= 0 && field + 4 <= records.recordOctets && Source.octets == 4)
    var values = column.mutableValues(as: IPAddress.self)
    for index in 0..<records.count {
        let value = Source.load(records.bytes, unchecked: records.offset(index) &+ field)
        unsafe values[unchecked: records.row(index)] =
            IPAddress(v4: UInt32(truncatingIfNeeded: value))
    }
}

/// Copies IPv4 addresses other than 0.0.0.0.
func scatterSetAddresses4<Source: StoredUnsigned>(
    _: Source.Type, _ records: borrowing FieldScatter, at field: Int, to column: ColumnWriter
) {
    precondition(field >= 0 && field + 4 <= records.recordOctets && Source.octets == 4)
    for index in 0..<records.count {
        let value = Source.load(records.bytes, unchecked: records.offset(index) &+ field)
        guard value != 0 else { continue }
        column.set(IPAddress(v4: UInt32(truncatingIfNeeded: value)), at: records.row(index))
    }
}

/// Copies IPv6 addresses, each two integers of 64 bits.
func scatterAddresses6<Source: StoredUnsigned>(
    _: Source.Type, _ records: borrowing FieldScatter, at field: Int, to column: ColumnWriter
) {
    precondition(field >= 0 && field + 16 <= records.recordOctets && Source.octets == 8)
    var values = column.mutableValues(as: IPAddress.self)
    for index in 0..<records.count {
        let offset = records.offset(index) &+ field
        unsafe values[unchecked: records.row(index)] = IPAddress(
            high: Source.load(records.bytes, unchecked: offset),
            low: Source.load(records.bytes, unchecked: offset &+ 8))
    }
}

/// Seconds and milliseconds since 1970 as milliseconds; 0 stands for "not known".
func scatterSeconds<Seconds: StoredUnsigned, Milliseconds: StoredUnsigned>(
    _: Seconds.Type, _: Milliseconds.Type, _ records: borrowing FieldScatter, at field: Int,
    milliseconds: Int, to column: ColumnWriter
) {
    precondition(field >= 0 && field + Seconds.octets <= records.recordOctets)
    precondition(
        milliseconds >= 0 && milliseconds + Milliseconds.octets <= records.recordOctets)
    for index in 0..<records.count {
        let offset = records.offset(index)
        let seconds = Seconds.load(records.bytes, unchecked: offset &+ field)
        guard seconds != 0 else { continue }
        let rest = Milliseconds.load(records.bytes, unchecked: offset &+ milliseconds)
        column.set(seconds * 1000 + rest, at: records.row(index))
    }
}

/// Milliseconds of uptime as milliseconds since 1970.
///
/// The uptime goes round every 49.7 days: it is taken for the time nearest to the record's own uptime.
func scatterUptimes<Source: StoredUnsigned>(
    _: Source.Type, _ records: borrowing FieldScatter, at field: Int, clock: RecordClock,
    to column: ColumnWriter
) {
    precondition(Source.octets == 4 && field >= 0 && clock.seconds >= 0)
    precondition(clock.nanoseconds >= 0 && clock.uptime >= 0)
    precondition(
        max(field, clock.seconds, clock.nanoseconds, clock.uptime) + 4 <= records.recordOctets)
    var values = column.mutableValues(as: UInt64.self)
    for index in 0..<records.count {
        let offset = records.offset(index)
        @inline(__always) func load(_ place: Int) -> UInt32 {
            UInt32(truncatingIfNeeded: Source.load(records.bytes, unchecked: offset &+ place))
        }
        let now = UInt64(load(clock.seconds)) * 1000 + UInt64(load(clock.nanoseconds)) / 1_000_000
        let away = Int32(bitPattern: load(field) &- load(clock.uptime))
        let time = Int64(now) + Int64(away)
        unsafe values[unchecked: records.row(index)] = UInt64(max(time, 0))
    }
}

/// 1 where one of the bits of an octet is set; other rows stay as they are.
func scatterBits(
    _ records: borrowing FieldScatter, at field: Int, mask: UInt8, to column: ColumnWriter
) {
    precondition(field >= 0 && field + 1 <= records.recordOctets)
    for index in 0..<records.count {
        let octet = Little<UInt8>.load(records.bytes, unchecked: records.offset(index) &+ field)
        if UInt8(octet) & mask != 0 { column.set(1, at: records.row(index)) }
    }
}

/// The ICMP type (`shift` 8) or code (`shift` 0) out of the destination port of ICMP flows.
func scatterICMP<Source: StoredUnsigned>(
    _: Source.Type, _ records: borrowing FieldScatter, at field: Int, protocolAt: Int,
    shift: UInt64, to column: ColumnWriter
) {
    precondition(field >= 0 && field + Source.octets <= records.recordOctets)
    precondition(protocolAt >= 0 && protocolAt + 1 <= records.recordOctets)
    for index in 0..<records.count {
        let offset = records.offset(index)
        let number = Little<UInt8>.load(records.bytes, unchecked: offset &+ protocolAt)
        guard number == 1 || number == 58 else { continue }
        let value = Source.load(records.bytes, unchecked: offset &+ field)
        column.set(value >> shift & 0xff, at: records.row(index))
    }
}
