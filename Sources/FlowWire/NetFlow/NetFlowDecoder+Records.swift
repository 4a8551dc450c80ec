import FlowModel

/// The record layouts of NetFlow v1, v5 and v7, written as templates: one way to decode them all.
private enum FixedTemplates {
    static let netflow1 = make(
        addresses + counters + [(210, 2), (4, 1), (5, 1), (6, 1), (210, 7)])
    static let netflow5 = make(
        addresses + counters + [
            (210, 1), (6, 1), (4, 1), (5, 1), (16, 2), (17, 2), (9, 1), (13, 1), (210, 2),
        ])
    /// The last field is the router that a Catalyst switch bypassed.
    static let netflow7 = make(
        addresses + counters + [
            (210, 1), (6, 1), (4, 1), (5, 1), (16, 2), (17, 2), (9, 1), (13, 1), (210, 2), (210, 4),
        ])

    private static let addresses: [(UInt16, UInt16)] = [(8, 4), (12, 4), (15, 4), (10, 2), (14, 2)]
    private static let counters: [(UInt16, UInt16)] = [
        (2, 4), (1, 4), (22, 4), (21, 4), (7, 2), (11, 2),
    ]

    private static func make(_ fields: [(UInt16, UInt16)]) -> Template.Definition {
        Template.Definition(
            kind: .data, fields: fields.map { TemplateField(enterprise: 0, id: $0, length: $1) })
    }
}

extension NetFlowDecoder {
    /// The template that stands for a version without templates.
    static func fixedTemplate(_ version: UInt16) -> Template {
        let definition =
            version == 1
            ? FixedTemplates.netflow1
            : version == 5 ? FixedTemplates.netflow5 : FixedTemplates.netflow7
        return Template(id: 0, layout: RecordLayout(definition, version: version))
    }

    /// Decodes the records of NetFlow v1, v5 or v7.
    ///
    /// - Returns: whether there were as many as the header says.
    mutating func decodeFixed(
        _ payload: RawSpan, _ message: Message, into appender: BatchAppender,
        counters: inout ExportCounters
    ) throws -> Bool {
        let header = message.header
        let template =
            header.version == 5 ? netflow5 : header.version == 1 ? netflow1 : netflow7
        let fitting = (payload.byteCount - header.length) / template.recordLength
        let count = min(Int(header.count), fitting)
        if count < Int(header.count) { counters.count(.truncated) }
        if count > 0 {
            let end = header.length + count * template.recordLength
            _ = try decodeData(
                payload.extracting(header.length..<end), template, message.source,
                message.source.context(header, received: message.received), port: 0, into: appender,
                counters: &counters)
        }
        return count == Int(header.count)
    }

    /// Decodes the records of a data set.
    ///
    /// What is left at its end and shorter than a record is padding, however long (RFC 7011 §3.3.1
    /// allows 3 octets, nfdump#141 has 59).
    ///
    /// - Returns: whether all of it was understood.
    mutating func decodeData(
        _ set: RawSpan, _ template: Template, _ source: ExportSource, _ context: RecordContext,
        port: UInt16, into appender: BatchAppender, counters: inout ExportCounters
    ) throws -> Bool {
        let layout = template.layout
        if case .options = layout.definition.kind {
            return decodeOptions(set, template, source, context, counters: &counters)
        }
        if layout.isVariable {
            return try decodeVariable(
                set, template, source, context, port: port, into: appender, counters: &counters)
        }
        let count = set.byteCount / layout.recordLength
        guard count > 0 else {
            if set.byteCount > 0 { counters.count(.truncated) }
            return set.byteCount == 0
        }
        try reserve(count, in: appender)
        let batch = appender.batch
        let plan = layout.plan
        let run = RecordRun(
            start: 0, stride: layout.recordLength, count: count, row: batch.count)
        columns.follow(appender)
        writeCommon(context, rows: run.rows, to: columns, of: batch)
        let unrecognised = writeRecords(
            plan, columns, places: layout.places, set, run, context, to: batch)
        if unrecognised > 0 { counters.count(.sectionInvalid, UInt64(unrecognised)) }
        checkClock(layout.time, run.rows, of: batch, context, &counters)
        checkRates(of: source, plan, rows: run.rows, of: batch)
        if plan.columns.contains(.exporter) {
            shareRates(of: source, rows: run.rows, of: batch, context, counters: &counters)
        }
        if !plan.lists.isEmpty {
            for index in 0..<count {
                let record = RecordRun(
                    start: index * run.stride, stride: 0, count: 1, row: run.row + index)
                applyLists(
                    template, places: layout.places, set, record, source, context, port: port,
                    to: batch, counters: &counters)
            }
        }
        if let number = layout.otherNumber(in: appender) {
            batch.other.set(
                rows: run.rows, layout: number, records: set, stride: run.stride,
                pieces: layout.otherPieces)
        }
        batch.advance(by: count)
        counters.records += UInt64(count)
        counters.flows += UInt64(count)
        return true
    }

    private mutating func decodeVariable(
        _ set: RawSpan, _ template: Template, _ source: ExportSource, _ context: RecordContext,
        port: UInt16, into appender: BatchAppender, counters: inout ExportCounters
    ) throws -> Bool {
        let plan = template.plan
        let fields = template.definition.fields
        var start = 0
        while set.byteCount - start >= template.recordLength {
            guard let length = measureRecord(fields, set, at: start, into: &places) else {
                counters.count(.truncated)
                return false
            }
            try reserve(1, in: appender)
            let batch = appender.batch
            columns.follow(appender)
            let run = RecordRun(start: start, stride: 0, count: 1, row: batch.count)
            writeCommon(context, rows: run.rows, to: columns, of: batch)
            let unrecognised = writeRecords(
                plan, columns, places: places, set, run, context, to: batch)
            if unrecognised > 0 { counters.count(.sectionInvalid, UInt64(unrecognised)) }
            checkClock(template.layout.time, run.rows, of: batch, context, &counters)
            checkRates(of: source, plan, rows: run.rows, of: batch)
            if plan.columns.contains(.exporter) {
                shareRates(of: source, rows: run.rows, of: batch, context, counters: &counters)
            }
            if !plan.lists.isEmpty {
                applyLists(
                    template, places: places, set, run, source, context, port: port, to: batch,
                    counters: &counters)
            }
            if let layout = template.layout.otherNumber(in: appender) {
                gatherOther(plan, set, at: start)
                let octets = unsafe otherOctets.span.bytes
                batch.other.set(row: run.row, layout: layout, octets: octets)
            }
            batch.advance(by: 1)
            counters.records += 1
            counters.flows += 1
            start += length
        }
        return true
    }

    /// Counts rows whose times cannot be, going by their arrival.
    private func checkClock(
        _ time: FieldOperation?, _ rows: Range<Int>, of batch: FlowBatch,
        _ context: RecordContext, _ counters: inout ExportCounters
    ) {
        // A stamp of uptime is nothing without something to count from.
        guard let time, time.kernel != .uptime || context.uptimeRule != nil else { return }
        let bounds = configuration.clockBounds.range(at: context.received)
        let column = columns.writer(time.field, in: batch)
        counters.clockSkewed &+= countOutside(bounds, column, rows: rows)
    }

    /// Makes room for `rows` rows; hands the batch on also when its `other` is full.
    private func reserve(_ rows: Int, in appender: BatchAppender) throws {
        if appender.batch.other.isFull { try appender.flush() }
        try appender.reserve(rows)
    }

    /// Collects the values without a column of a record whose fields lie at ``places``.
    private mutating func gatherOther(_ plan: RecordPlan, _ set: RawSpan, at start: Int) {
        otherOctets.removeAll(keepingCapacity: true)
        for (slot, element) in zip(plan.otherSlots, plan.other) {
            let place = places[slot]
            if element.length == OtherElement.variableLength {
                otherOctets.append(UInt8(truncatingIfNeeded: place.length >> 8))
                otherOctets.append(UInt8(truncatingIfNeeded: place.length))
            }
            let offset = start + place.offset
            for index in offset..<offset + place.length {
                otherOctets.append(set.octet(at: index))
            }
        }
    }
}
