import FlowModel

extension NetFlowDecoder {
    /// Decodes the sets of a v9 or IPFIX message.
    ///
    /// The lengths of the sets are trusted, the header's count of v9 is not: some exporters put the
    /// number of sets there.
    ///
    /// - Returns: whether every record in it was decoded, so that it can be said how many there were.
    mutating func decodeSets(
        _ payload: RawSpan, _ message: inout Message, into appender: BatchAppender,
        counters: inout ExportCounters
    ) throws -> Bool {
        let version = message.header.version
        var isWhole = true
        // The last set of an IPFIX message may reach past the message's length but not the datagram's:
        // there are exporters that do not count it right.
        var end = payload.byteCount
        if version == 10 {
            let length = Int(message.header.count)
            guard length >= message.header.length else {
                counters.count(.setInvalid)
                return false
            }
            if length > end {
                counters.count(.truncated)
                isWhole = false
            }
            end = min(end, length)
        }
        var offset = message.header.length
        while end - offset >= 4 {
            let id = payload.network16(at: offset)
            let length = Int(payload.network16(at: offset + 2))
            guard length >= 4 else {
                // PAN-OS fills its datagrams up with zeros.
                if !payload.isZero(from: offset) {
                    counters.count(.setInvalid)
                    isWhole = false
                }
                break
            }
            guard length <= payload.byteCount - offset else {
                if isWhole || version == 9 { counters.count(.truncated) }
                isWhole = false
                break
            }
            let set = payload.extracting(offset + 4..<offset + length)
            switch (version, id) {
            case (9, 0), (10, 2):
                try decodeTemplates(
                    set, isOptions: false, &message, into: appender, counters: &counters)
            case (9, 1), (10, 3):
                try decodeTemplates(
                    set, isOptions: true, &message, into: appender, counters: &counters)
            case (_, 256...):
                let context = message.source.context(message.header, received: message.received)
                if let template = message.source.templates.template(id, port: message.port),
                    holds(template, message.header)
                {
                    let all = try decodeData(
                        set, template, message.source, context, port: message.port, into: appender,
                        counters: &counters)
                    isWhole = isWhole && all
                } else {
                    isWhole = false
                    wait(id, set, message, counters: &counters)
                }
            default:
                counters.count(.setInvalid)
                isWhole = false
            }
            offset += length
        }
        return isWhole
    }

    // MARK: - Templates

    /// Whether a template may be used for a message: one of an earlier run only for data that followed
    /// it soon, as its exporter may have given its id to another since.
    private func holds(_ template: Template, _ header: MessageHeader) -> Bool {
        guard template.isRestored else { return true }
        let later = Int32(bitPattern: header.exportSeconds &- template.exportSeconds)
        return later >= 0 && later <= configuration.restoredTemplateSeconds
    }

    private mutating func decodeTemplates(
        _ set: RawSpan, isOptions: Bool, _ message: inout Message, into appender: BatchAppender,
        counters: inout ExportCounters
    ) throws {
        let source = message.source
        var reader = TemplateReader(
            version: message.header.version, isOptions: isOptions,
            fieldsMax: configuration.fieldsPerTemplateMax)
        while let record = reader.next(set) {
            let countBefore = source.templates.count
            switch record {
            case .definition(let id, let definition):
                try enter(id, definition, &message, into: appender, counters: &counters)
            case .withdrawal where message.transport == .datagram:
                counters.count(.withdrawalIgnored)
            case .withdrawal(let id) where id < 256:
                source.templates.removeAll(options: id == 3, port: message.port, layouts)
            case .withdrawal(let id):
                source.templates.remove(id, port: message.port, layouts)
            case .invalid(let id):
                source.templates.remove(id, port: message.port, layouts)
                counters.count(.templateInvalid)
            case .tooLarge(let id):
                source.templates.remove(id, port: message.port, layouts)
                counters.count(.templateTooLarge)
            }
            if source.templates.count < countBefore { templateChanges &+= 1 }
        }
    }

    private mutating func enter(
        _ id: UInt16, _ definition: Template.Definition, _ message: inout Message,
        into appender: BatchAppender, counters: inout ExportCounters
    ) throws {
        let source = message.source
        let template: Template
        let known = source.templates.template(id, port: message.port)
        if let known, known.definition == definition {
            template = known
        } else {
            // What the id meant before is no longer valid, whether or not there is room for this.
            source.templates.remove(id, port: message.port, layouts)
            guard source.templates.count < configuration.templatesPerExporterMax,
                let entered = enter(
                    id, definition, of: source, port: message.port, counters: &counters)
            else {
                counters.count(.templatesFull)
                return
            }
            template = entered
        }
        template.exportSeconds = message.header.exportSeconds
        template.sequence = message.header.sequence ?? 0
        template.datagram = datagram
        template.received = message.received
        template.isRestored = false
        let before = counters.records + counters.optionsRecords
        let held = source.waiting.byteCount
        for waiting in source.waiting.take(for: template, port: message.port) {
            let context = source.context(waiting.header, received: waiting.received)
            let set = unsafe waiting.octets.span.bytes
            _ = try decodeData(
                set, template, source, context, port: message.port,
                into: appender, counters: &counters)
        }
        waitingBytes += source.waiting.byteCount - held
        message.recordsOfOtherMessages += counters.records + counters.optionsRecords - before
    }

    // MARK: - Waiting data

    /// Keeps a data set until its template comes, within bounds; the oldest give way.
    private mutating func wait(
        _ id: UInt16, _ set: RawSpan, _ message: Message, counters: inout ExportCounters
    ) {
        let source = message.source
        let held = source.waiting.byteCount
        source.waiting.append(
            WaitingSet(
                id: id, octets: set.copy(0..<set.byteCount), header: message.header,
                received: message.received, port: message.port, datagram: datagram))
        let added = source.waiting.byteCount - held
        let excess = max(0, waitingBytes + added - configuration.waitingBytesMax)
        let dropped = source.waiting.shrink(
            to: min(configuration.waitingBytesPerExporterMax, source.waiting.byteCount - excess))
        if dropped > 0 { counters.count(.templateUnknown, UInt64(dropped)) }
        waitingBytes += source.waiting.byteCount - held
    }
}
