import FlowModel

/// Records of one template that lie one behind another, and the rows that they become.
///
/// One record of varying length is a run of one.
struct RecordRun {
    /// Where the first record begins.
    var start: Int
    /// Octets from one record to the next.
    var stride: Int
    var count: Int
    /// The first record's row.
    var row: Int

    var rows: Range<Int> { row..<row + count }

    func of(_ place: FieldPlace) -> FieldRun {
        FieldRun(offset: start + place.offset, stride: stride, count: count, row: row)
    }
}

/// Sets what every row has, whatever its template.
func writeCommon(
    _ context: RecordContext, rows: Range<Int>, to columns: BatchColumns, of batch: FlowBatch
) {
    fill(columns.writer(.received, in: batch), rows: rows, with: context.received)
    fill(columns.writer(.exporter, in: batch), rows: rows, with: context.exporter)
    fill(columns.writer(.domain, in: batch), rows: rows, with: context.header.domain)
    if context.header.sampling > 0 {
        fill(columns.writer(.sampling, in: batch), rows: rows, with: context.header.sampling)
    }
}

/// Writes the columns of a run of records, except those in `skipping`.
///
/// - Parameters:
///   - columns: those of `batch`.
///   - places: where each field of the template lies in a record.
/// - Returns: packet sections in which no header was recognised.
func writeRecords(
    _ plan: RecordPlan, _ columns: BatchColumns, places: [FieldPlace], _ records: RawSpan,
    _ run: RecordRun, _ context: RecordContext, skipping: FieldSet = FieldSet(), to batch: FlowBatch
) -> Int {
    var unrecognised = 0
    if !plan.sections.isEmpty, skipping == FieldSet() {
        unrecognised = writeSections(plan, places, records, run, to: batch)
    }
    let writers = columns.writers(for: plan, in: batch)
    // Held here, so that their memory can be lent.
    let planned = plan.operations
    let operations = planned.span
    let columnSpan = writers.span
    let placeSpan = places.span
    for index in operations.indices {
        let operation = unsafe operations[unchecked: index]
        if skipping.contains(operation.field) { continue }
        guard let column = columnSpan[Int(operation.field.rawValue)] else { continue }
        let place = placeSpan[operation.slot]
        // Most are numbers: these without a call.
        if operation.kernel == .number, (1...8).contains(place.length) {
            copyNumbers(records, run.of(place), length: place.length, to: column)
        } else {
            perform(operation, place, placeSpan, records, run, context, to: column)
        }
    }
    if !plan.headers.isEmpty, !skipping.contains(.srcip) {
        writeHeaders(plan.headers, places, records, run, to: batch)
    }
    if let icmp = plan.icmp, !skipping.contains(.icmptype) {
        writeICMP(icmp, places, records, run, columns, to: batch)
    }
    return unrecognised
}

@inline(never)
private func perform(
    _ operation: FieldOperation, _ place: FieldPlace, _ places: Span<FieldPlace>,
    _ records: RawSpan, _ run: RecordRun, _ context: RecordContext, to column: ColumnWriter
) {
    let length = place.length
    let field = run.of(place)
    let isNumber = (1...8).contains(length)
    switch operation.kernel {
    case .address, .addressIfSet:
        guard length == 4 || length == 16 else { return }
    default:
        guard isNumber else { return }
    }
    switch operation.kernel {
    case .number: copyNumbers(records, field, length: length, to: column)
    case .numberIfNonZero: mergeNumbers(records, field, length: length, to: column, .ifNonZero)
    case .numberUnion: mergeNumbers(records, field, length: length, to: column, .union)
    case .address where length == 4: copyIPv4(records, field, to: column)
    case .address: copyIPv6(records, field, to: column)
    case .addressIfSet: copyAddressesIfSet(records, field, length: length, to: column)
    case .milliseconds: copyTimes(records, field, length: length, to: column, MillisecondsRule())
    case .seconds: copyTimes(records, field, length: length, to: column, SecondsRule())
    case .ntp: copyTimes(records, field, length: length, to: column, NTPRule())
    case .beforeExport:
        let rule = BeforeExportRule(exportMilliseconds: context.header.exportMilliseconds)
        copyTimes(records, field, length: length, to: column, rule)
    case .uptime:
        guard let rule = context.uptimeRule else { return }
        copyTimes(records, field, length: length, to: column, rule)
    case .uptimeSinceInit, .intervalAndSpace, .sizeAndPopulation:
        let second = places[operation.second]
        guard (1...8).contains(second.length) else { return }
        for index in 0..<run.count {
            let start = run.start + index * run.stride
            guard
                let first = records.wireUnsigned(at: start + place.offset, length: length),
                let other = records.wireUnsigned(at: start + second.offset, length: second.length)
            else { return }
            switch operation.kernel {
            case .uptimeSinceInit:
                let rule = context.uptimeRule(since: other)
                column.set(rule.milliseconds(first), at: run.row + index)
            case .intervalAndSpace:
                guard let rate = samplingRate(interval: first, space: other) else { continue }
                column.set(UInt64(rate), at: run.row + index)
            default:
                guard let rate = samplingRate(size: first, population: other) else { continue }
                column.set(UInt64(rate), at: run.row + index)
            }
        }
    }
}

/// 1 in N of count-based sampling (RFC 5477 §8.2.2): `interval` packets taken, `space` left out.
func samplingRate(interval: UInt64, space: UInt64) -> UInt32? {
    let (population, overflow) = interval.addingReportingOverflow(space)
    return overflow ? nil : samplingRate(size: interval, population: population)
}

/// 1 in N of taking `size` out of `population` packets, rounded; nil where it makes no sense.
func samplingRate(size: UInt64, population: UInt64) -> UInt32? {
    guard size > 0, population >= size else { return nil }
    let rate = population / size + (population % size >= (size + 1) / 2 && size > 1 ? 1 : 0)
    return UInt32(clamping: rate)
}

// MARK: - Headers

/// Chooses, record by record, among several headers: the innermost one with an address is the flow's,
/// the outermost one, where it is another, is the tunnel's.
///
/// Both families in one template need not mean a tunnel: exporters with one template for both leave
/// the unused family zero.
private func writeHeaders(
    _ headers: [AddressPair], _ places: [FieldPlace], _ records: RawSpan, _ run: RecordRun,
    to batch: FlowBatch
) {
    let source = batch.columnForWriting(.srcip)
    let destination = batch.columnForWriting(.dstip)
    for index in 0..<run.count {
        let start = run.start + index * run.stride
        func address(_ slot: Int?) -> IPAddress? {
            slot.flatMap {
                records.address(at: start + places[$0].offset, length: places[$0].length)
            }
        }
        func isUsed(_ header: AddressPair) -> Bool {
            !(address(header.source)?.isUnspecified ?? true)
                || !(address(header.destination)?.isUnspecified ?? true)
        }
        let row = run.row + index
        let outer = headers.firstIndex(where: isUsed)
        let inner = headers.lastIndex(where: isUsed) ?? headers.count - 1
        // Translated records may have the source in one family and the destination in the other.
        let from = headers[inner].source ?? headers.last { $0.source != nil }?.source
        let to = headers[inner].destination ?? headers.last { $0.destination != nil }?.destination
        if let value = address(from) { source.set(value, at: row) }
        if let value = address(to) { destination.set(value, at: row) }
        let isWhole = headers[inner].source != nil && headers[inner].destination != nil
        guard let outer, outer != inner, isWhole else { continue }
        if let value = address(headers[outer].source) {
            batch.columnForWriting(.tunsrcip).set(value, at: row)
        }
        if let value = address(headers[outer].destination) {
            batch.columnForWriting(.tundstip).set(value, at: row)
        }
    }
}

// MARK: - ICMP

/// Sets ICMP type and code of the rows whose protocol is ICMP (1) or ICMPv6 (58).
private func writeICMP(
    _ icmp: ICMPSlots, _ places: [FieldPlace], _ records: RawSpan, _ run: RecordRun,
    _ columns: BatchColumns, to batch: FlowBatch
) {
    let protocolColumn = columns.writer(.proto, in: batch)
    let protocols = protocolColumn.mutableValues(as: UInt8.self)
    for index in 0..<run.count {
        let row = run.row + index
        let proto = protocols[row]
        guard proto == 1 || proto == 58 || !icmp.hasProtocol else { continue }
        let start = run.start + index * run.stride
        func value(_ slot: Int?) -> UInt64? {
            slot.flatMap {
                records.wireUnsigned(at: start + places[$0].offset, length: places[$0].length)
            }
        }
        let isV6 = proto == 58
        var type = value(isV6 ? icmp.typeV6 ?? icmp.typeV4 : icmp.typeV4 ?? icmp.typeV6)
        var code = value(isV6 ? icmp.codeV6 ?? icmp.codeV4 : icmp.codeV4 ?? icmp.codeV6)
        if type == nil {
            var combined = value(
                isV6 ? icmp.combinedV6 ?? icmp.combinedV4 : icmp.combinedV4 ?? icmp.combinedV6)
            // Some fill the element with zero and put type and code where the port is.
            if combined ?? 0 == 0, icmp.hasProtocol, let port = value(icmp.port) { combined = port }
            type = combined.map { $0 >> 8 }
            code = combined
        }
        if let type { columns.writer(.icmptype, in: batch).set(type & 0xff, at: row) }
        if let code { columns.writer(.icmpcode, in: batch).set(code & 0xff, at: row) }
    }
}

// MARK: - Packet sections

/// Writes what the headers in a sampled packet say, and counts it as one packet where the record
/// itself does not count.
///
/// - Returns: sections in which no header was recognised.
private func writeSections(
    _ plan: RecordPlan, _ places: [FieldPlace], _ records: RawSpan, _ run: RecordRun,
    to batch: FlowBatch
) -> Int {
    var unrecognised = 0
    for index in 0..<run.count {
        let start = run.start + index * run.stride
        let row = run.row + index
        for section in plan.sections {
            let place = places[section.slot]
            guard place.length > 0 else { continue }
            let offset = start + place.offset
            let frame = records.extracting(offset..<offset + place.length)
            if let headers = PacketHeaders(frame: frame, linkType: section.linkType) {
                headers.write(to: batch, row: row)
            } else {
                unrecognised += 1
            }
            guard plan.impliesCounters else { continue }
            let size = plan.sectionSize.flatMap {
                records.wireUnsigned(at: start + places[$0].offset, length: places[$0].length)
            }
            batch.columnForWriting(.packets).set(1, at: row)
            batch.columnForWriting(.bytes).set(
                size ?? packetLength(frame, section.linkType), at: row)
        }
    }
    return unrecognised
}

/// The length that the IP header of a packet without a link-layer header says, else the section's.
private func packetLength(_ packet: RawSpan, _ linkType: LinkType) -> UInt64 {
    guard linkType != .ethernet, packet.byteCount >= 20 else { return UInt64(packet.byteCount) }
    switch packet.octet(at: 0) >> 4 {
    case 4: return UInt64(packet.network16(at: 2))
    case 6: return 40 + UInt64(packet.network16(at: 4))
    default: return UInt64(packet.byteCount)
    }
}
