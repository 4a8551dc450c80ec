public import FlowModel

/// Reads an nfdump file piece by piece and hands its flows on as rows.
///
/// Layouts 1 (nfdump 1.6) and 2 (nfdump 1.7), compressed or not. What is damaged or unknown is counted
/// and left out; only a file that is none at all is an error.
public final class NfdumpReader: FlowFileReader {
    /// Octets that ``feed(_:)`` must be able to get at once.
    public static let bufferBytesMin = NfdumpBlockHeader.octets + NfdumpBlockHeader.sizeMax

    /// What was found so far.
    public private(set) var counters = FlowFileCounters()

    private enum Phase { case header, blocks, lost }

    private let appender: BatchAppender
    private let scatter: RecordScatter
    private var phase = Phase.header
    private var codec = BlockCodec.none
    private var version: UInt16 = 2
    private var sources = NfdumpSources()
    private var statistics: NfdumpStatistics?
    /// Octets consumed, to say where something is wrong.
    private var position: UInt64 = 0
    private var unpacked: [UInt8] = []
    private var isDamaged = false

    private var shapes: [NfdumpShape] = []
    private var maps = NfdumpExtensionMaps()
    /// The shapes of the last two records that differed: IPv4 and IPv6, as a rule.
    private var recent = (0, 0)

    /// Makes a reader for one file.
    public init(appender: BatchAppender) {
        self.appender = appender
        scatter = RecordScatter(appender: appender)
    }

    /// The rates that samplers announced in the file.
    public var rates: [SamplingRate] { sources.rates.all }

    /// Reads as far as whole blocks go and answers how many octets that were.
    ///
    /// - Parameter bytes: what of the file was not consumed yet.
    public func feed(_ bytes: RawSpan) throws -> Int {
        var offset = 0
        if phase == .header {
            guard let header = try NfdumpHeader(bytes) else { return 0 }
            begin(header)
            offset = header.octets
        }
        while phase == .blocks, bytes.byteCount - offset >= NfdumpBlockHeader.octets {
            guard let block = NfdumpBlockHeader(bytes, at: offset) else {
                note(.damagedRests, "no block can begin", at: offset)
                phase = .lost
                break
            }
            let start = offset + NfdumpBlockHeader.octets
            guard bytes.byteCount - start >= block.size else { break }
            try read(block, bytes.extracting(start..<start + block.size), at: offset)
            offset = start + block.size
        }
        if phase == .lost { offset = bytes.byteCount }
        position += UInt64(offset)
        return offset
    }

    /// Ends the file, of which `rest` was not consumed.
    public func finish(rest: RawSpan) throws {
        if phase == .header {
            throw FlowFileError.headerTruncated(
                need: NfdumpHeader.layout2Octets, have: rest.byteCount)
        }
        if rest.byteCount > 0 {
            note(.fileTruncated, "the file ends within a block", at: 0)
        }
        counters.exporters = UInt64(sources.exporters.count)
        guard let statistics else { return }
        counters.sequenceFailures = statistics.sequenceFailures
        if isDamaged, statistics.flows > counters.records {
            counters.note(.flowsLost, statistics.flows - counters.records)
        }
    }

    private func begin(_ header: NfdumpHeader) {
        phase = .blocks
        codec = header.codec
        version = header.version
        sources.created = header.created.multipliedReportingOverflow(by: 1000).partialValue
        counters.ident = header.ident
        statistics = header.statistics
        isAnonymised = header.isAnonymised
    }

    /// Whether layout 1 says so of all flows.
    private var isAnonymised = false

    // MARK: - Blocks

    private func read(_ block: NfdumpBlockHeader, _ octets: RawSpan, at offset: Int) throws {
        switch block.type {
        case 1: return counters.note(.oldBlocks)
        case 2, 3: break
        // Arrays: databases of addresses, no flows.
        case 4: return counters.note(.otherRecords)
        default: return note(.unknownBlocks, "a block of type \(block.type)", at: offset)
        }
        if codec == .none || block.isRaw { return try readRecords(octets, at: offset) }
        if unpacked.isEmpty {
            unpacked = [UInt8](repeating: 0, count: NfdumpBlockHeader.sizeMax)
        }
        var buffer: [UInt8] = []
        swap(&buffer, &unpacked)
        defer { swap(&buffer, &unpacked) }
        var room = buffer.mutableSpan
        var target = unsafe room.mutableBytes
        guard let count = codec.decompress(octets, into: &target) else {
            return note(.damagedBlocks, "a block does not decompress", at: offset)
        }
        try unsafe readRecords(buffer.span.bytes.extracting(first: count), at: offset)
    }

    private func readRecords(_ block: RawSpan, at blockOffset: Int) throws {
        var offset = 0
        while offset < block.byteCount {
            guard block.byteCount - offset >= 4 else { break }
            let size = block.little16(at: offset + 2)
            guard size >= 4, Int(size) <= block.byteCount - offset else {
                note(.damagedBlocks, "a block's records do not fill it", at: blockOffset)
                break
            }
            let type = NfdumpRecordType(rawValue: block.little16(at: offset))
            if type == .flow3 {
                try readFlow(block, at: offset, size: size, blockOffset)
            } else {
                try readOther(type, block, offset..<offset + Int(size), blockOffset)
            }
            offset += Int(size)
        }
        try flush(block)
    }

    private func flush(_ block: RawSpan) throws {
        try scatter.flush(block, exporters: sources.exporters)
    }

    // MARK: - Flows of 1.7

    /// Layouts at most before all are forgotten: payloads come in all lengths.
    private static let shapesMax = 512

    private func readFlow(
        _ block: RawSpan, at offset: Int, size: UInt16, _ blockOffset: Int
    ) throws {
        if scatter.isFull { try flush(block) }
        counters.records += 1
        guard let shape = try shape(block, at: offset, size: size) else {
            return note(.damagedRecords, "a record's extensions do not fit it", at: blockOffset)
        }
        let flags = block.octet(at: offset + NfdumpRecord3.flagsAt)
        counters.anonymisedFlows += UInt64(flags & NfdumpRecord3.anonymised) >> 2
        if shapes[shape].unknown > 0 { counters.note(.unknownExtensions, shapes[shape].unknown) }
        if shapes[shape].unused > 0 { counters.note(.unusedExtensions, shapes[shape].unused) }
        scatter.add(shapes[shape].number, at: offset)
    }

    /// The index of the record's shape; nil where the record has none.
    private func shape(_ block: RawSpan, at offset: Int, size: UInt16) throws -> Int? {
        guard Int(size) >= NfdumpRecord3.headerOctets else { return nil }
        if recent.0 < shapes.count, shapes[recent.0].fits(block, at: offset, size: size) {
            return recent.0
        }
        if recent.1 < shapes.count, shapes[recent.1].fits(block, at: offset, size: size) {
            recent = (recent.1, recent.0)
            return recent.0
        }
        var found = shapes.firstIndex { $0.fits(block, at: offset, size: size) }
        if found == nil {
            if scatter.layouts >= Self.shapesMax { try forgetLayouts(block) }
            let record = block.extracting(offset..<offset + Int(size))
            guard let shape = NfdumpShape(record, enter: scatter.enter) else { return nil }
            found = shapes.count
            shapes.append(shape)
        }
        if let found { recent = (found, recent.0) }
        return found
    }

    private func forgetLayouts(_ block: RawSpan) throws {
        try flush(block)
        scatter.forgetLayouts()
        shapes.removeAll(keepingCapacity: true)
        maps.forgetLayouts()
    }

    // MARK: - Other records

    private func readOther(
        _ type: NfdumpRecordType, _ block: RawSpan, _ range: Range<Int>, _ blockOffset: Int
    ) throws {
        let record = block.extracting(range)
        switch type {
        case .flow1, .flow1Old: try readOldFlow(block, range, type, blockOffset)
        case .extensionMap:
            if !maps.enter(record) { damagedRecord(blockOffset) }
        case .exporter:
            // Records before this one may have named another exporter by its number.
            try flush(block)
            if !sources.enterExporter(record) { damagedRecord(blockOffset) }
        case .sampler:
            if !sources.enterSampler(record) { damagedRecord(blockOffset) }
        case .samplerOld:
            if !sources.enterOldSampler(record) { damagedRecord(blockOffset) }
        case .ident:
            let ident = record.text(at: 4, count: record.byteCount - 4)
            if ident != "none" { counters.ident = ident }
        case .statistics:
            statistics = NfdumpStatistics(record.extracting(4..<record.byteCount))
        case .exporterStatistics, .slack: break
        case .portHistogram, .sizeHistogram, .applicationNames, .interfaceNames, .vrfNames:
            counters.note(.otherRecords)
        default: note(.unknownRecords, "a record of type \(type.rawValue)", at: blockOffset)
        }
    }

    private func readOldFlow(
        _ block: RawSpan, _ range: Range<Int>, _ type: NfdumpRecordType, _ blockOffset: Int
    ) throws {
        if scatter.isFull { try flush(block) }
        if scatter.layouts >= Self.shapesMax { try forgetLayouts(block) }
        counters.records += 1
        let record = block.extracting(range)
        switch maps.layout(of: record, type, enter: scatter.enter) {
        case .layout(let layout):
            if layout.unknown > 0 { counters.note(.unknownExtensions, layout.unknown) }
            if isAnonymised { counters.anonymisedFlows += 1 }
            scatter.add(layout.number, at: range.lowerBound)
        case .mapMissing: note(.extensionMapMissing, "a flow without its map", at: blockOffset)
        case .tooShort: damagedRecord(blockOffset)
        }
    }

    // MARK: - Counting

    private func damagedRecord(_ blockOffset: Int) {
        note(.damagedRecords, "a record is shorter than its kind", at: blockOffset)
    }

    private func note(_ reason: FlowFileCounters.Reason, _ what: String, at offset: Int) {
        isDamaged = true
        counters.note(reason)
        if counters.firstProblem == nil {
            counters.firstProblem = "octet \(position + UInt64(offset)): \(what)"
        }
    }
}
