import FlowModel
import FlowQuery
import FlowStore
import Glibc

extension ExportCommand {
    /// Writes a file, or standard output.
    func write(_ reader: StoreReader, _ plan: Plan, to path: String) throws {
        if !form.isText && path == "-" && isatty(STDOUT_FILENO) == 1 {
            throw StoreProblem(description: "IPFIX is not for a terminal; name a file with --out")
        }
        let file = try ExportFile(path: path, overwrites: force)
        switch form {
        case .csv, .ndjson: try writeText(reader, plan, to: file)
        case .ipfix: try writeMessages(reader, plan, to: file)
        case .codeswarm: try writeEvents(reader, plan, to: file)
        case .graphviz, .afterglow:
            try writeGraph(plan.request, engine(over: reader), to: file)
        }
    }

    private func writeEvents(_ reader: StoreReader, _ plan: Plan, to file: ExportFile) throws {
        var request = plan.request
        request.kind = .flows(
            fields: CodeSwarmWriter.fields.map { .quantity(.field($0)) },
            sort: FlowSort(.field(.start), descending: false), limit: 0)
        let length = try bucket.map {
            try SwarmCommand.milliseconds($0, of: "--bucket", bare: nil)
        }
        let writer = CodeSwarmWriter(
            bucket: length ?? CodeSwarmWriter.bucketDefault, write: file.write)
        try engine(over: reader).run(request, into: writer)
        try file.finish()
        StandardStreams.say("\(file.name): \(writer.events) events")
    }

    private func engine(over reader: StoreReader) throws -> QueryEngine {
        let times = TimeText(zone: utc ? .utc : .local)
        return QueryEngine(reader).knowing(try override.knowledge(times))
    }

    private func writeText(_ reader: StoreReader, _ plan: Plan, to file: ExportFile) throws {
        var request = plan.request
        request.kind = .flows(
            fields: plan.outputs ?? Self.fields(of: reader), sort: nil, limit: 0)
        let writer = (form == .csv ? OutputFormat.csv : .ndjson).writer(
            to: AnswerOutput(write: file.write), times: TimeText(zone: .utc),
            note: StandardStreams.say)
        try engine(over: reader).run(request, into: writer)
        try file.finish()
    }

    /// The columns of which some flow has a value, in the order of the vocabulary.
    private static func fields(of reader: StoreReader) -> [FlowOutput] {
        Field.table.map(\.field).filter { field in
            field.isDense
                || reader.blocks.contains { $0.summary(of: field)?.presentRows ?? 0 > 0 }
        }.map { $0 == .other ? .other : .quantity(.field($0)) }
    }

    private func writeMessages(_ reader: StoreReader, _ plan: Plan, to file: ExportFile) throws {
        var waiting: [UInt8] = []
        let exporter = IPFIXExporter(
            .file, rates: reader.rates,
            exportTime: { UInt32(truncatingIfNeeded: $0 / 1000) },
            emit: { message in
                waiting += message.octets
                guard waiting.count >= 1 << 20 else { return }
                try file.write(waiting)
                waiting.removeAll(keepingCapacity: true)
            })
        var progress = ProgressBar(name: file.name, total: nil)
        let footing = try engine(over: reader).batches(plan.request) { batch in
            let before = exporter.octets
            try exporter.add(batch)
            progress.advance(by: Int(exporter.octets - before))
        }
        try file.write(waiting)
        try file.finish()
        progress.clear()
        report(exporter, footing, to: file.name)
    }

    /// Sends datagrams to a collector.
    func send(_ reader: StoreReader, _ plan: Plan, to collector: CollectorArgument) throws {
        let sink = try DatagramSink(to: collector, sockets: 1)
        var style = IPFIXExporter.Style.datagrams
        style.endsWithSecond = speed != nil
        let pace = ReplayPace(
            speed: speed, flowsPerSecond: (rate?.flowsPerSecond ?? Self.defaultRate))
        let exporter = IPFIXExporter(
            style, rates: reader.rates,
            exportTime: { _ in UInt32(truncatingIfNeeded: Clock.millisecondsSince1970() / 1000) },
            emit: { message in
                pace.wait(for: message)
                try sink.send(message.octets[...], from: 0)
            })
        let footing = try engine(over: reader).batches(plan.request, exporter.add)
        report(exporter, footing, to: "\(collector)")
        if UInt64(sink.refused) * 2 > exporter.messages {
            throw SinkError.nobodyListens("\(collector)")
        }
    }

    private func report(_ exporter: IPFIXExporter, _ footing: Footing, to name: String) {
        StandardStreams.say(
            "\(name): \(exporter.flows) flows in \(exporter.messages) messages, "
                + "\(exporter.octets) octets")
        if exporter.valuesLeftOut > 0 {
            StandardStreams.say(
                "\(exporter.valuesLeftOut) values of elements that IPFIX cannot carry without their "
                    + "exporter's templates were left out")
        }
        footing.notes.forEach(StandardStreams.say)
    }
}
