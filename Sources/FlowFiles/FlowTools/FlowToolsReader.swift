public import FlowModel

/// Reads a flow-tools file (stream format 3) piece by piece and hands its flows on as rows.
///
/// Records of NetFlow v1, v5, v6, v7, all fourteen aggregations of v8, and tagged ones (1005), in
/// either byte order, compressed by zlib or not.
public final class FlowToolsReader: FlowFileReader {
    /// Octets that ``feed(_:)`` must be able to get at once.
    public static let bufferBytesMin = FlowToolsHeader.octetsMax

    /// What was found so far.
    public private(set) var counters = FlowFileCounters()
    /// The files say nothing of sampling.
    public var rates: [SamplingRate] { [] }

    private let scatter: RecordScatter
    private var header: FlowToolsHeader?
    private var recordOctets = 1
    private var kind = 0
    private var inflater: Inflater?
    /// Unpacked octets, the first `filled` of them the beginning of a record.
    private var unpacked: [UInt8] = []
    private var filled = 0
    private var hasEnded = false
    private var isDamaged = false
    private var position: UInt64 = 0

    private var exporters: Set<UInt32> = []
    private var lastExporter: UInt32?
    private var exporterAt = 0

    /// Makes a reader for one file.
    public init(appender: BatchAppender) {
        scatter = RecordScatter(appender: appender)
    }

    /// Reads as far as whole records go and answers how many octets that were.
    ///
    /// - Parameter bytes: what of the file was not consumed yet.
    public func feed(_ bytes: RawSpan) throws -> Int {
        var offset = 0
        if header == nil {
            guard let header = try FlowToolsHeader(bytes) else { return 0 }
            try begin(header)
            offset = header.octets
        }
        let rest = bytes.extracting(offset..<bytes.byteCount)
        if inflater != nil {
            try readPacked(rest, at: offset)
            offset = bytes.byteCount
        } else {
            offset += try readRecords(rest)
        }
        position += UInt64(offset)
        return offset
    }

    /// Ends the file, of which `rest` was not consumed.
    public func finish(rest: RawSpan) throws {
        guard let header else {
            throw FlowFileError.headerTruncated(need: 8, have: rest.byteCount)
        }
        let isCut = rest.byteCount > 0 || filled > 0 || (inflater != nil && !hasEnded)
        if isCut, !isDamaged { note(.fileTruncated, "the file ends within a record", at: 0) }
        counters.exporters = UInt64(exporters.count)
        counters.sequenceLost = header.lost
        if isCut || isDamaged, let flows = header.flows, flows > counters.records {
            counters.note(.flowsLost, flows - counters.records)
        }
    }

    private func begin(_ header: FlowToolsHeader) throws(FlowFileError) {
        guard let layout = FlowToolsLayouts.layout(of: header) else {
            throw .recordsUnknown(
                version: header.exportVersion, aggregation: header.aggregation)
        }
        self.header = header
        recordOctets = layout.octets
        exporterAt = layout.copies.first { $0.field == .exporter }?.offset ?? 0
        kind = scatter.enter(layout)
        counters.ident = header.hostName
        guard header.isCompressed else { return }
        inflater = try Inflater()
        unpacked = [UInt8](repeating: 0, count: 1 << 20)
    }

    /// Answers how many octets whole records were.
    private func readRecords(_ bytes: RawSpan) throws -> Int {
        var offset = 0
        while bytes.byteCount - offset >= recordOctets {
            if scatter.isFull { try scatter.flush(bytes) }
            noteExporter(bytes.little32(at: offset + exporterAt))
            scatter.add(kind, at: offset)
            counters.records += 1
            offset += recordOctets
        }
        try scatter.flush(bytes)
        return offset
    }

    private func noteExporter(_ address: UInt32) {
        guard address != lastExporter else { return }
        lastExporter = address
        if exporters.count < 65_536 { exporters.insert(address) }
    }

    private func readPacked(_ bytes: RawSpan, at start: Int) throws {
        guard let inflater else { return }
        var buffer: [UInt8] = []
        swap(&buffer, &unpacked)
        defer { swap(&buffer, &unpacked) }
        var offset = 0
        while !hasEnded, !isDamaged {
            let input = bytes.extracting(offset..<bytes.byteCount)
            var span = buffer.mutableSpan
            var room = unsafe span.mutableBytes
            let (read, written, step) = inflater.step(input, into: &room, after: filled)
            offset += read
            filled += written
            let used = unsafe try readRecords(buffer.span.bytes.extracting(first: filled))
            // The beginning of a record moves to the front.
            for index in used..<filled { buffer[index - used] = buffer[index] }
            filled -= used
            switch step {
            case .ended: hasEnded = true
            case .damaged:
                isDamaged = true
                note(.damagedStreams, "the compressed records go wrong", at: start + offset)
            case .open: if written == 0, read == 0 || offset == bytes.byteCount { return }
            }
        }
    }

    private func note(_ reason: FlowFileCounters.Reason, _ what: String, at offset: Int) {
        counters.note(reason)
        if counters.firstProblem == nil {
            counters.firstProblem = "octet \(position + UInt64(offset)): \(what)"
        }
    }
}
