import FlowModel

extension NetFlowDecoder {
    /// Decodes the records of an options data set (RFC 7011 §3.4.2) and applies what they say.
    ///
    /// - Returns: whether all of it was understood.
    mutating func decodeOptions(
        _ set: RawSpan, _ template: Template, _ source: ExportSource, _ context: RecordContext,
        counters: inout ExportCounters
    ) -> Bool {
        guard set.byteCount >= template.recordLength else {
            if set.byteCount > 0 { counters.count(.truncated) }
            return set.byteCount == 0
        }
        var start = 0
        places = template.places
        while set.byteCount - start >= template.recordLength {
            var length = template.recordLength
            if template.isVariable {
                guard
                    let measured = measureRecord(
                        template.definition.fields, set, at: start, into: &places)
                else {
                    counters.count(.truncated)
                    return false
                }
                length = measured
            }
            let reading = OptionsReading(
                template.definition, version: context.header.version, places: places, set,
                at: start)
            apply(reading, source, received: context.received, counters: &counters)
            counters.optionsRecords += 1
            start += length
        }
        return true
    }

    private mutating func apply(
        _ reading: OptionsReading, _ source: ExportSource, received: UInt64,
        counters: inout ExportCounters
    ) {
        if let systemInit = reading.systemInit {
            if source.systemInit != systemInit { templateChanges &+= 1 }
            source.systemInit = systemInit
        }
        if let exporter = reading.exporter, exporter != source.exporter {
            let known = source.rates[source.exporter] ?? [:]
            source.announcedAddress = exporter
            templateChanges &+= 1
            // Rows bear the new address from now on, so the rates must be known under it too.
            for (subject, interval) in known where source.rates[exporter]?[subject] == nil {
                let fits = announce(
                    subject, interval, source, under: exporter, received: received,
                    counters: &counters)
                if !fits { break }
            }
        }
        let fits = names.note(
            reading, exporter: source.exporter, domain: source.key.domain,
            namesMax: configuration.namesMax)
        if !fits { counters.count(.namesFull) }
        guard let rate = reading.rate else { return }
        let addresses =
            [source.exporter] + (source.announcedAddress == nil ? source.borneAddresses : [])
        for address in addresses {
            for subject in reading.subjects where source.rates[address]?[subject] != rate {
                announce(
                    subject, rate, source, under: address, received: received, counters: &counters)
            }
        }
    }

    /// Makes a source's rates known under the addresses that its records bear (130, 131).
    ///
    /// Where options data name exporters, each has the rates that they say.
    mutating func shareRates(
        of source: ExportSource, rows: Range<Int>, of batch: FlowBatch, _ context: RecordContext,
        counters: inout ExportCounters
    ) {
        guard source.announcedAddress == nil, let column = batch.column(.exporter) else { return }
        let addresses = column.values(as: IPAddress.self)
        var latest = source.exporter
        for row in rows where addresses[row] != latest {
            latest = addresses[row]
            guard latest != source.exporter, source.bear(latest) else { continue }
            for (subject, interval) in source.rates[source.exporter] ?? [:] {
                let fits = announce(
                    subject, interval, source, under: latest, received: context.received,
                    counters: &counters)
                if !fits { break }
            }
        }
    }

    /// Notes a rate; false where there are too many.
    @discardableResult
    private mutating func announce(
        _ subject: SamplingRate.Subject, _ interval: UInt32, _ source: ExportSource,
        under address: IPAddress, received: UInt64, counters: inout ExportCounters
    ) -> Bool {
        guard source.rateCount < configuration.ratesPerExporterMax,
            rateCount < configuration.ratesMax, announced.count < 1 << 16
        else {
            counters.count(.ratesFull)
            return false
        }
        source.rates[address, default: [:]][subject] = interval
        source.rateCount += 1
        rateCount += 1
        announced.append(
            SamplingRate(
                exporter: address, domain: source.key.domain, subject: subject,
                interval: interval, since: received))
        return true
    }
}
