import FlowModel

/// Makes rows of records that lie in memory, a field at a time over all records of one layout.
///
/// Records are added in their order in the file, each with the number of its layout, and become rows
/// in that order with ``flush(_:exporters:)``. Going by field keeps one short loop busy instead of
/// deciding for each field of each record what to do: that is several times as fast.
final class RecordScatter {
    /// Records at most before they are flushed.
    static let recordsMax = 8192

    private final class Kind {
        let layout: RecordLayout
        var places = RecordPlaces()
        var other: OtherWriter

        init(_ layout: RecordLayout) {
            self.layout = layout
            other = OtherWriter(layout.others)
        }
    }

    private let appender: BatchAppender
    private var kinds: [Kind] = []
    private var kindOfRow: [UInt16] = []
    private var offsetOfRow: [UInt32] = []

    init(appender: BatchAppender) { self.appender = appender }

    /// Records added and not flushed.
    var count: Int { kindOfRow.count }
    /// Whether ``flush(_:exporters:)`` must come before the next ``add(_:at:)``.
    var isFull: Bool { kindOfRow.count >= Self.recordsMax }
    /// Layouts entered.
    var layouts: Int { kinds.count }

    /// Enters a layout and answers its number.
    func enter(_ layout: RecordLayout) -> Int {
        precondition(kinds.count < 65_535)
        kinds.append(Kind(layout))
        return kinds.count - 1
    }

    /// Forgets all layouts; nothing must wait to be flushed.
    func forgetLayouts() {
        precondition(kindOfRow.isEmpty)
        kinds.removeAll()
    }

    /// Adds the record at `offset`, which must have the octets of its layout.
    @inline(__always)
    func add(_ layout: Int, at offset: Int) {
        let kind = kinds[layout]
        kind.places.offsets.append(UInt32(truncatingIfNeeded: offset))
        kind.places.rows.append(UInt16(truncatingIfNeeded: kindOfRow.count))
        kindOfRow.append(UInt16(truncatingIfNeeded: layout))
        offsetOfRow.append(UInt32(truncatingIfNeeded: offset))
    }

    /// Writes the rows of all records added, which lie in `bytes`.
    func flush(_ bytes: RawSpan, exporters: ExporterTable = ExporterTable()) throws {
        guard count > 0 else { return }
        if appender.batch.other.isFull { try appender.flush() }
        try appender.reserve(count)
        let batch = appender.batch
        let base = batch.count
        var hasOther = false
        for kind in kinds where !kind.places.offsets.isEmpty {
            write(kind, bytes, base: base, into: batch, exporters)
            hasOther = hasOther || !kind.other.isEmpty
            kind.places.removeAll()
        }
        if hasOther { writeOther(bytes, base: base, into: batch) }
        fillReceived(base..<base + count, in: batch)
        batch.advance(by: count)
        kindOfRow.removeAll(keepingCapacity: true)
        offsetOfRow.removeAll(keepingCapacity: true)
    }

    private func write(
        _ kind: Kind, _ bytes: RawSpan, base: Int, into batch: FlowBatch,
        _ exporters: ExporterTable
    ) {
        let layout = kind.layout
        let offsets = kind.places.offsets
        let rows = kind.places.rows
        let records = FieldScatter(
            bytes: bytes, offsets: offsets.span, rows: rows.span, base: base,
            recordOctets: layout.octets)
        let runs = kind.places.runs(from: base)
        for copy in layout.copies {
            let column = batch.columnForWriting(copy.field).writer
            if layout.isBigEndian {
                run(
                    copy, Big<UInt8>.self, Big<UInt16>.self, Big<UInt32>.self, Big<UInt64>.self,
                    records, column, exporters)
            } else {
                run(
                    copy, Little<UInt8>.self, Little<UInt16>.self, Little<UInt32>.self,
                    Little<UInt64>.self, records, column, exporters)
            }
            if copy.marksAll, !column.isDense { for run in runs { column.markPresent(run) } }
        }
    }

    /// Runs one kernel over all records of a layout.
    private func run<
        One: StoredUnsigned, Two: StoredUnsigned, Four: StoredUnsigned, Eight: StoredUnsigned
    >(
        _ copy: FieldCopy, _ one: One.Type, _ two: Two.Type, _ four: Four.Type,
        _ eight: Eight.Type, _ records: borrowing FieldScatter, _ column: ColumnWriter,
        _ exporters: ExporterTable
    ) {
        let field = copy.offset
        switch copy.kernel {
        case .number(1): scatterNumbers(one, records, at: field, to: column)
        case .number(2): scatterNumbers(two, records, at: field, to: column)
        case .number(4): scatterNumbers(four, records, at: field, to: column)
        case .number: scatterNumbers(eight, records, at: field, to: column)
        case .numberIfSet(1): scatterSetNumbers(one, records, at: field, to: column)
        case .numberIfSet(2): scatterSetNumbers(two, records, at: field, to: column)
        case .numberIfSet(4): scatterSetNumbers(four, records, at: field, to: column)
        case .numberIfSet: scatterSetNumbers(eight, records, at: field, to: column)
        case .address4: scatterAddresses4(four, records, at: field, to: column)
        case .address4IfSet: scatterSetAddresses4(four, records, at: field, to: column)
        case .address6: scatterAddresses6(eight, records, at: field, to: column)
        case .seconds(let milliseconds):
            scatterSeconds(
                four, two, records, at: field, milliseconds: milliseconds, to: column)
        case .uptime(let clock):
            scatterUptimes(four, records, at: field, clock: clock, to: column)
        case .oneIfBits(let mask): scatterBits(records, at: field, mask: mask, to: column)
        case .icmpUpper(let place):
            scatterICMP(two, records, at: field, protocolAt: place, shift: 8, to: column)
        case .icmpLower(let place):
            scatterICMP(two, records, at: field, protocolAt: place, shift: 0, to: column)
        case .exporterAddress:
            scatterExporters(
                two, records, at: field, exporters: exporters, domain: false, to: column)
        case .exporterDomain:
            scatterExporters(
                two, records, at: field, exporters: exporters, domain: true, to: column)
        // Two octets, the type first, whatever the byte order.
        case .engine: scatterNumbers(Big<UInt16>.self, records, at: field, to: column)
        case .engineIfSet: scatterSetNumbers(Big<UInt16>.self, records, at: field, to: column)
        }
    }

    /// Elements without a column go row by row: their column is filled in the order of the rows.
    private func writeOther(_ bytes: RawSpan, base: Int, into batch: FlowBatch) {
        for index in 0..<count {
            let kind = kinds[Int(kindOfRow[index])]
            guard !kind.other.isEmpty else { continue }
            let offset = Int(offsetOfRow[index])
            kind.other.write(
                bytes.extracting(offset..<offset + kind.layout.octets),
                isBigEndian: kind.layout.isBigEndian, row: base + index, into: &batch.other,
                batchStart: appender.rowsEmitted)
        }
    }

    /// What a file does not say of when a record arrived, its flow's end or start stands for.
    private func fillReceived(_ rows: Range<Int>, in batch: FlowBatch) {
        var received = batch.columnForWriting(.received).writer.mutableValues(as: UInt64.self)
        for field in [Field.end, .start] {
            guard let column = batch.column(field) else { continue }
            let times = column.values(as: UInt64.self)
            for row in rows where received[row] == 0 { received[row] = times[row] }
        }
    }
}

extension FieldCopy {
    /// Whether every record has a value.
    var marksAll: Bool {
        switch kernel {
        case .number, .address4, .address6, .uptime, .engine: true
        default: false
        }
    }
}
