import FlowModel

/// A way to turn what a record says into milliseconds since 1970.
///
/// Each way is a type, so that the loop over the records is compiled for it.
protocol TimeRule {
    func milliseconds(_ raw: UInt64) -> UInt64
}

/// `dateTimeMilliseconds`: as sent.
struct MillisecondsRule: TimeRule {
    @inline(__always)
    func milliseconds(_ raw: UInt64) -> UInt64 { raw }
}

/// `dateTimeSeconds`.
struct SecondsRule: TimeRule {
    @inline(__always)
    func milliseconds(_ raw: UInt64) -> UInt64 { raw &* 1000 }
}

/// `dateTimeMicroseconds` and `dateTimeNanoseconds`: NTP stamps, seconds since 1900 in the upper half
/// and 2⁻³² s in the lower (RFC 7011 §6.1.9, §6.1.10).
struct NTPRule: TimeRule {
    /// Seconds from 1900 to 1970.
    static let epoch: UInt64 = 2_208_988_800

    @inline(__always)
    func milliseconds(_ raw: UInt64) -> UInt64 {
        guard raw != 0 else { return 0 }
        let seconds = raw >> 32
        // Seconds below the epoch belong to the era that begins in 2036 (RFC 5905 §6).
        let since1970 =
            seconds >= Self.epoch ? seconds &- Self.epoch : seconds &+ (1 << 32) &- Self.epoch
        return since1970 &* 1000 &+ ((raw & 0xffff_ffff) &* 1000) >> 32
    }
}

/// `flowStartDeltaMicroseconds` and its like: how long before the export time.
struct BeforeExportRule: TimeRule {
    let exportMilliseconds: UInt64

    @inline(__always)
    func milliseconds(_ raw: UInt64) -> UInt64 {
        let export = exportMilliseconds &* 1000
        return raw < export ? (export &- raw) / 1000 : 0
    }
}

/// Milliseconds of system uptime, which wraps every 49.7 days: the signed 32-bit difference from the
/// uptime at a known time, so that a flow may lie up to 24 days before or after the export.
struct UptimeRule: TimeRule {
    let atMilliseconds: UInt64
    let uptime: UInt32

    @inline(__always)
    func milliseconds(_ raw: UInt64) -> UInt64 {
        let difference = Int32(bitPattern: UInt32(truncatingIfNeeded: raw) &- uptime)
        let time = Int64(truncatingIfNeeded: atMilliseconds) &+ Int64(difference)
        return UInt64(max(0, time))
    }
}

/// Copies a stamp of `length` octets from every record as `rule` reads it.
@inline(__always)
func copyTimes<Rule: TimeRule>(
    _ records: RawSpan, _ run: FieldRun, length: Int, to column: ColumnWriter, _ rule: Rule
) {
    switch length {
    case 4: copyTimes(Wire4.self, records, run, to: column, rule)
    case 8: copyTimes(Wire8.self, records, run, to: column, rule)
    default:
        run.check(length, in: records)
        for index in 0..<run.count {
            let offset = run.offset + index * run.stride
            guard let raw = records.wireUnsigned(at: offset, length: length) else { return }
            column.set(rule.milliseconds(raw), at: run.row + index)
        }
    }
}

@inline(__always)
private func copyTimes<Source: WireUnsigned, Rule: TimeRule>(
    _: Source.Type, _ records: RawSpan, _ run: FieldRun, to column: ColumnWriter, _ rule: Rule
) {
    run.check(Source.octets, in: records)
    var values = column.mutableValues(as: UInt64.self)
    var offset = run.offset
    for index in 0..<run.count {
        let raw = Source.load(records, unchecked: offset)
        unsafe values[unchecked: run.row &+ index] = rule.milliseconds(raw)
        offset &+= run.stride
    }
    column.markPresent(run.row..<run.row + run.count)
}
