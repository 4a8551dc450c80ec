import FlowEnrichment
import FlowFiles
import FlowMeter
import FlowModel
import FlowStore
import FlowWire
import Glibc

/// Reads input files into a store: all of them or, after an error, none.
final class ImportSession {
    /// How the user wants files to be taken.
    enum Choice: String, CaseIterable {
        case auto, exports, traffic, nfdump
        case flowTools = "flow-tools"
        case csv
    }

    let writer: StoreWriter
    let appender: BatchAppender
    /// One for all files: rotated captures go on with the templates of the file before.
    private let decoder: ExportDecoder
    let choice: Choice
    private let meterOptions: MeterOptions
    let csvOptions: CSVOptions
    private let importsAgain: Bool
    /// UDP datagrams of the file at hand that are no exports.
    private var datagramsOfOthers: UInt64 = 0

    init(
        store: String, choice: Choice, meterOptions: MeterOptions,
        csvOptions: CSVOptions = CSVOptions(), enricher: FlowEnricher? = nil, importsAgain: Bool
    ) throws {
        let writer = try StoreOption.making(store) { path throws(StoreError) in
            try StoreWriter.adding(to: path)
        }
        for notice in writer.notices { StandardStreams.say("\(notice)") }
        self.writer = writer
        appender = BatchAppender { batch in
            enricher?.enrich(batch)
            return try writer.exchange(batch)
        }
        decoder = ExportDecoder(appender: appender)
        // Templates outlive the command: the next of a row of rotated captures may lack them.
        if let state = try writer.exporterState() { decoder.restoreExporters(state.span.bytes) }
        self.choice = choice
        self.meterOptions = meterOptions
        self.csvOptions = csvOptions
        self.importsAgain = importsAgain
    }

    /// Makes everything that was added part of the store.
    func finish() throws {
        try appender.flush()
        try writer.publish()
        if decoder.counters.datagrams > 0 {
            try writer.replaceExporterState(decoder.exporterSnapshot())
        }
        try writer.finish()
    }

    /// Lets the store go; without ``finish()`` it is left as it was.
    func close() { writer.abandon() }

    /// Adds one file.
    ///
    /// - Throws: ``InputError`` where the file cannot be used, `StoreError` where the store cannot.
    func add(_ path: String) throws -> FileSummary {
        let file = try InputFile(path: path)
        let size = file.size
        let fingerprint = file.fingerprint()
        if let fingerprint, !importsAgain, writer.hasImported(fingerprint: fingerprint) {
            var summary = FileSummary(path: path, kind: .exports)
            summary.isKnown = true
            return summary
        }
        var buffer = InputBuffer(file, capacity: Self.bufferBytes)
        var progress = ProgressBar(name: path, total: size)
        defer { progress.clear() }
        progress.advance(by: try buffer.refill())
        let summary: FileSummary
        do {
            if let format = try flowFileFormat(of: buffer.pending, path: buffer.path) {
                summary = try addFlowFile(&buffer, as: format, &progress)
            } else {
                summary = try addWire(&buffer, &progress)
            }
        } catch let error as CaptureError {
            throw InputError(path: buffer.path, problem: "\(error)")
        } catch let error as FlowFileError {
            throw InputError(path: buffer.path, problem: "\(error)")
        } catch let error as CSVError {
            throw InputError(path: buffer.path, problem: "\(error)")
        }
        advise(on: summary)
        writer.note(decoder.takeRates())
        if let fingerprint { writer.noteImport(fingerprint: fingerprint) }
        if summary.truncatedOctets > 0 {
            StandardStreams.say(
                "\(buffer.path): the file ends within a packet; all before it was imported")
        }
        return summary
    }

    /// Octets that the parser of any kind of file can ask for at once.
    private static let bufferBytes = max(
        2 * CaptureParser.bufferBytesMin, NfdumpReader.bufferBytesMin,
        FlowToolsReader.bufferBytesMin, 2 * CSVReader.lineBytesMax)

    private func addWire(
        _ buffer: inout InputBuffer, _ progress: inout ProgressBar
    ) throws -> FileSummary {
        let format = CaptureFormat.detect(buffer.pending)
        try Self.check(format, choice, path: buffer.path)
        switch format {
        case .pcap, .pcapng:
            let kind = try chooseKind(buffer.pending, path: buffer.path)
            return try addCapture(&buffer, as: kind, &progress)
        default: return try addMessages(&buffer, &progress)
        }
    }

    /// Refuses a file that cannot be opened, or whose first octets show that it cannot be read, so
    /// that no store is made for its sake.
    static func check(_ path: String, _ choice: Choice) throws(InputError) {
        // A pipe can be opened only once, and what is not there says so when it is opened.
        guard path != "-", InputFile.isRegular(path) ?? true else { return }
        let file = try InputFile(path: path)
        guard let first = file.first(CaptureFormat.detectionBytes) else { return }
        if try flowFileFormat(of: first.span.bytes, choice, path: file.path) != nil { return }
        try check(CaptureFormat.detect(first.span.bytes), choice, path: file.path)
    }

    private static func check(
        _ format: CaptureFormat, _ choice: Choice, path: String
    ) throws(InputError) {
        switch format {
        case .pcap, .pcapng: return
        case .ipfix where choice != .traffic: return
        default:
            throw InputError(
                path: path, problem: advice(on: format) ?? "\(CaptureError.formatUnknown(format))")
        }
    }

    /// What to say of a file that cannot be used, at least not as it is; nil where the format's name
    /// says it.
    private static func advice(on format: CaptureFormat) -> String? {
        switch format {
        case .gzip, .zstd, .xz, .bzip2:
            "is compressed by \(format.rawValue); unpack it on the way: "
                + "\(format.rawValue) -dc FILE | skein import -"
        case .ipfix: "holds IPFIX messages, not packets to meter; use --as exports"
        case .unknown: "is neither a pcap or pcapng capture nor an IPFIX file"
        default: nil
        }
    }

    /// Says so where a file that the user put a name to holds something else.
    private func advise(on summary: FileSummary) {
        guard choice == .exports, summary.kind == .exports, summary.exports.datagrams == 0,
            summary.packets ?? 0 > 0
        else { return }
        StandardStreams.say(
            "\(summary.path): there are no flow exports in it; --as traffic meters its packets")
    }

    private func chooseKind(_ first: RawSpan, path: String) throws -> FileSummary.Kind {
        switch choice {
        case .exports: return .exports
        case .traffic: return .traffic
        default: break
        }
        let census = try CaptureCensus(first)
        if census.looksLikeExports { return .exports }
        if census.exports > 0 {
            StandardStreams.say(
                "\(path): taken as traffic; \(census.exports) of its first \(census.packets) packets "
                    + "are flow exports, which --as exports would decode")
        }
        return .traffic
    }

    private func addCapture(
        _ buffer: inout InputBuffer, as kind: FileSummary.Kind, _ progress: inout ProgressBar
    ) throws -> FileSummary {
        var summary = FileSummary(path: buffer.path, kind: kind)
        let rowsBefore = rowsWritten
        var parser = CaptureParser()
        switch kind {
        case .exports:
            let before = decoder.counters
            var extractor = DatagramExtractor()
            datagramsOfOthers = 0
            try drain(&buffer, &progress) { bytes in
                try parser.feed(bytes) { frame, info in
                    try extractor.add(frame: frame, info: info, self.decode)
                }
            }
            extractor.finish()
            try noteExports(since: before, in: &summary)
            let lost = extractor.counters
            summary.note("notAnExport", datagramsOfOthers)
            summary.note("cutDatagrams", lost.cutDatagrams)
            summary.note("incompletePackets", lost.incompletePackets)
            summary.note("brokenConnections", lost.brokenConnections)
        case .traffic:
            let meter = FlowMeter(options: meterOptions, appender: appender)
            try drain(&buffer, &progress) { bytes in
                try parser.feed(bytes) { frame, info in
                    try meter.add(
                        frame: frame, linkType: info.linkType, timestamp: info.timestamp,
                        originalLength: info.originalLength)
                }
            }
            try meter.finish()
            let counters = meter.counters
            summary.note("otherPackets", counters.otherPackets)
            summary.note("orphanFragments", counters.orphanFragments)
            summary.note("evictedFlows", counters.evictedFlows)
        case .nfdump, .flowTools, .csv: preconditionFailure("\(kind) is no capture")
        }
        summary.packets = parser.packets
        summary.flows = UInt64(rowsWritten - rowsBefore)
        if case .truncated(let octets, _) = try parser.finish(rest: buffer.pendingCount) {
            guard parser.packets > 0 else {
                throw InputError(
                    path: buffer.path,
                    problem:
                        "the file ends within its header or first packet; there is nothing in it")
            }
            summary.truncatedOctets = octets
            summary.note("captureTruncated", 1)
        }
        return summary
    }

    private func addMessages(
        _ buffer: inout InputBuffer, _ progress: inout ProgressBar
    ) throws -> FileSummary {
        var summary = FileSummary(path: buffer.path, kind: .exports)
        let rowsBefore = rowsWritten
        let before = decoder.counters
        var splitter = IPFIXMessageSplitter()
        // RFC 5655 §7.1: the file does not say who exported.
        let nobody = ExporterEndpoint(address: .v6Zero, port: 0)
        try drain(&buffer, &progress) { bytes in
            try splitter.feed(bytes) { message in
                // What arrived when is not in the file either: the export time stands for it.
                try self.decoder.decode(
                    message, from: nobody,
                    received: IPFIXMessageSplitter.exportTime(message) * 1000,
                    over: .stream)
            }
        }
        try noteExports(since: before, in: &summary)
        summary.flows = UInt64(rowsWritten - rowsBefore)
        if case .truncated(let octets, _) = splitter.finish(rest: buffer.pendingCount) {
            summary.truncatedOctets = octets
            summary.note("captureTruncated", 1)
        }
        return summary
    }

    private func decode(
        _ payload: RawSpan, from source: ExporterEndpoint, received: UInt64,
        over transport: DatagramExtractor.Transport
    ) throws {
        guard transport == .tcp || ExportDecoder.recognise(payload) != nil else {
            datagramsOfOthers += 1
            return
        }
        try decoder.decode(
            payload, from: source, received: received,
            over: transport == .tcp ? .stream : .datagram)
    }

    private func noteExports(since before: ExportCounters, in summary: inout FileSummary) throws {
        try decoder.finish()
        summary.exports = decoder.counters.since(before)
        for (reason, count) in summary.exports.undecoded { summary.note(reason.rawValue, count) }
    }

    var rowsWritten: Int { appender.rowsEmitted + appender.batch.count }

    func drain(
        _ buffer: inout InputBuffer, _ progress: inout ProgressBar,
        _ feed: (RawSpan) throws -> Int
    ) throws {
        repeat {
            buffer.consume(try feed(buffer.pending))
            let count = try buffer.refill()
            progress.advance(by: count)
            if count == 0 { return }
        } while true
    }
}
