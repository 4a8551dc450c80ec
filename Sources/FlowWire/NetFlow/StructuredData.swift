import FlowModel

/// Lists in records (RFC 6313): what they hold is kept raw in `other`, and feeds the columns that the
/// record itself lacks.
///
/// Of several elements the first counts. Lists in lists are followed to a depth of 4.
extension NetFlowDecoder {
    private static let depthMax = 4

    /// Applies the lists of one record.
    mutating func applyLists(
        _ template: Template, places: [FieldPlace], _ set: RawSpan, _ run: RecordRun,
        _ source: ExportSource, _ context: RecordContext, port: UInt16, to batch: FlowBatch,
        counters: inout ExportCounters
    ) {
        var walker = ListWalker(
            source: source, context: context, port: port, batch: batch, columns: columns,
            row: run.row,
            filled: template.plan.columns)
        walker.walk(
            template.plan.lists, places, set, at: run.start, depth: 0, depthMax: Self.depthMax)
        if walker.invalid > 0 { counters.count(.listInvalid, walker.invalid) }
    }
}

/// Goes through the lists of one record.
private struct ListWalker {
    let source: ExportSource
    let context: RecordContext
    let port: UInt16
    let batch: FlowBatch
    let columns: BatchColumns
    let row: Int
    /// The columns that have their value.
    var filled: FieldSet
    var invalid: UInt64 = 0

    mutating func walk(
        _ lists: [StructuredField], _ places: [FieldPlace], _ bytes: RawSpan, at start: Int,
        depth: Int, depthMax: Int
    ) {
        guard depth < depthMax else { return }
        for list in lists {
            let place = places[list.slot]
            guard place.length > 0 else { continue }
            let offset = start + place.offset
            let content = bytes.extracting(offset..<offset + place.length)
            let isValid =
                switch list.kind {
                case .basicList: basicList(content, depth, depthMax)
                case .subTemplateList: subTemplateList(content, depth, depthMax)
                case .subTemplateMultiList: subTemplateMultiList(content, depth, depthMax)
                }
            if !isValid { invalid += 1 }
        }
    }

    /// RFC 6313 §4.5.1: semantic, field, length, enterprise where the field's top bit is set, values.
    private mutating func basicList(_ list: RawSpan, _ depth: Int, _ depthMax: Int) -> Bool {
        guard list.byteCount >= 5 else { return false }
        var field = TemplateField(
            enterprise: 0, id: list.network16(at: 1), length: list.network16(at: 3))
        var offset = 5
        if field.id & 0x8000 != 0 {
            guard list.byteCount >= 9 else { return false }
            field.id &= 0x7fff
            field.enterprise = list.network32(at: 5)
            offset = 9
        }
        guard field.length > 0 else { return list.byteCount == offset }
        guard list.byteCount > offset else { return true }
        let isOfUse =
            field.enterprise == 0 && (291...293).contains(field.id)
            || !ElementClaims.of(field, version: context.header.version).isEmpty
        guard isOfUse else { return true }
        let plan = RecordPlan(fields: [field], version: context.header.version)
        var places: [FieldPlace] = []
        guard let _ = measureRecord([field], list, at: offset, into: &places) else { return false }
        apply(plan, places, list, at: offset, depth, depthMax)
        return true
    }

    /// RFC 6313 §4.5.2: semantic, template, records.
    private mutating func subTemplateList(_ list: RawSpan, _ depth: Int, _ depthMax: Int) -> Bool {
        guard list.byteCount >= 3 else { return false }
        return records(of: list.network16(at: 1), list, 3..<list.byteCount, depth, depthMax)
    }

    /// RFC 6313 §4.5.3: semantic, then template, length and records, as often as needed.
    private mutating func subTemplateMultiList(
        _ list: RawSpan, _ depth: Int, _ depthMax: Int
    ) -> Bool {
        guard list.byteCount >= 1 else { return false }
        var offset = 1
        while offset < list.byteCount {
            guard list.byteCount - offset >= 4 else { return false }
            let id = list.network16(at: offset)
            let length = Int(list.network16(at: offset + 2))
            guard length >= 4, length <= list.byteCount - offset else { return false }
            guard records(of: id, list, offset + 4..<offset + length, depth, depthMax) else {
                return false
            }
            offset += length
        }
        return true
    }

    /// Applies records of a template; those of an unknown one are only kept raw.
    private mutating func records(
        of id: UInt16, _ list: RawSpan, _ range: Range<Int>, _ depth: Int, _ depthMax: Int
    ) -> Bool {
        guard let template = source.templates.template(id, port: port),
            template.definition.kind == .data
        else { return true }
        let bytes = list.extracting(range)
        var places = template.places
        var start = 0
        while bytes.byteCount - start >= template.recordLength {
            var length = template.recordLength
            if template.isVariable {
                guard
                    let measured = measureRecord(
                        template.definition.fields, bytes, at: start, into: &places)
                else { return false }
                length = measured
            }
            apply(template.plan, places, bytes, at: start, depth, depthMax)
            start += length
        }
        return true
    }

    private mutating func apply(
        _ plan: RecordPlan, _ places: [FieldPlace], _ bytes: RawSpan, at start: Int, _ depth: Int,
        _ depthMax: Int
    ) {
        let run = RecordRun(start: start, stride: 0, count: 1, row: row)
        _ = writeRecords(
            plan, columns, places: places, bytes, run, context, skipping: filled, to: batch)
        filled.formUnion(plan.columns)
        if !plan.lists.isEmpty {
            walk(plan.lists, places, bytes, at: start, depth: depth + 1, depthMax: depthMax)
        }
    }
}
