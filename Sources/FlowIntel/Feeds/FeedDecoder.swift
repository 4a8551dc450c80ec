/// Reads a feed that comes in pieces, and bounds what it may cost.
///
/// Lists are read line by line as they come; documents are read when all of them is there. Where no
/// format is given it is recognised by the first octets.
///
///     var decoder = FeedDecoder()
///     while let piece = … { try decoder.consume(piece.span) }
///     let contents = try decoder.finish()
public struct FeedDecoder {
    private enum Way {
        /// Too little has come to know.
        case unknown
        case list(LineFeed)
        case document
    }

    private let limits: FeedLimits
    private let format: FeedFormat?
    private var way = Way.unknown
    /// What has come and is not read yet: the start of a line, or of a document.
    private var pending: [UInt8] = []
    private var bytes = 0
    /// The first octets, until it is known whether they are gzip's; nil afterwards.
    private var opening: [UInt8]? = []
    private var gzip: GzipBody?
    private var compressedBytes = 0

    /// Octets by which a format is recognised.
    private static let probeBytes = 16 << 10

    /// Makes a decoder of one feed.
    public init(format: FeedFormat? = nil, limits: FeedLimits = FeedLimits()) {
        self.format = format
        self.limits = limits
    }

    /// Reads on; what is compressed with gzip is decompressed, within the same bounds.
    public mutating func consume(_ piece: Span<UInt8>) throws(FeedError) {
        compressedBytes += piece.count
        guard compressedBytes <= limits.listBytesMax else {
            throw .tooLarge(bytesMax: limits.listBytesMax)
        }
        guard var first = opening else { return try pass(piece) }
        for index in piece.indices { first.append(piece[index]) }
        opening = first
        guard first.count >= GzipBody.mark.count else { return }
        try open(first)
    }

    private mutating func open(_ first: [UInt8]) throws(FeedError) {
        opening = nil
        if first.starts(with: GzipBody.mark) { gzip = try GzipBody() }
        try pass(first.span)
    }

    private mutating func pass(_ piece: Span<UInt8>) throws(FeedError) {
        guard var body = gzip else { return try take(piece) }
        try body.consume(piece) { octets throws(FeedError) in try take(octets) }
        gzip = body
    }

    private mutating func take(_ piece: Span<UInt8>) throws(FeedError) {
        bytes += piece.count
        guard bytes <= limits.listBytesMax else { throw .tooLarge(bytesMax: limits.listBytesMax) }
        pending.reserveCapacity(pending.count + piece.count)
        for index in piece.indices { pending.append(piece[index]) }
        if case .unknown = way {
            guard pending.count >= Self.probeBytes else { return }
            try start()
        }
        try readOn(isLast: false)
    }

    /// What the feed held.
    public consuming func finish() throws(FeedError) -> FeedContents {
        if let first = opening { try open(first) }
        try gzip?.finish()
        if case .unknown = way { try start() }
        try readOn(isLast: true)
        if case .list(let lines) = way { return try lines.finish() }
        return try readDocument(pending.span, as: format, limits: limits)
    }

    private mutating func start() throws(FeedError) {
        if let what = Recognition.impossible(pending) { throw .notAFeed(what) }
        if pending.starts(with: [0xef, 0xbb, 0xbf]) { pending.removeFirst(3) }
        if let format = format ?? Recognition.list(pending), !isDocument(format) {
            way = .list(LineFeed(format, limits: limits))
        } else {
            way = .document
        }
    }

    /// Whether all of it must be there before it can be read.
    private func isDocument(_ format: FeedFormat) -> Bool {
        switch format {
        case .misp, .mispManifest, .warningList, .stix, .otx: true
        // Its CSV and what its API answers have the same name.
        case .threatfox: Recognition.isJSON(pending)
        default: false
        }
    }

    /// Reads all whole lines, and the rest where nothing more comes.
    private mutating func readOn(isLast: Bool) throws(FeedError) {
        guard case .list(var lines) = way else {
            guard pending.count <= limits.documentBytesMax else {
                throw .tooLarge(bytesMax: limits.documentBytesMax)
            }
            return
        }
        way = .unknown
        defer { way = .list(lines) }
        let used = try lines.read(pending.span, isLast: isLast)
        pending.removeFirst(used)
    }
}

/// Reads a whole feed.
public func readFeed(
    _ octets: Span<UInt8>, format: FeedFormat? = nil, limits: FeedLimits = FeedLimits()
) throws(FeedError) -> FeedContents {
    var decoder = FeedDecoder(format: format, limits: limits)
    try decoder.consume(octets)
    return try decoder.finish()
}

/// Reads a whole feed that lies in an array.
public func readFeed(
    _ octets: [UInt8], format: FeedFormat? = nil, limits: FeedLimits = FeedLimits()
) throws(FeedError) -> FeedContents {
    try readFeed(octets.span, format: format, limits: limits)
}

/// A list's lines, on their way to the reader of its format.
struct LineFeed {
    private var builder: FeedBuilder
    private var reader: Reader
    private var number = 0
    /// Whether the rest of a line that is too long is being passed over.
    private var isSkipping = false

    private enum Reader {
        case plain(PlainReader)
        case hosts(HostsReader)
        case dshield
        case table(TableReader)
        case zeek(ZeekReader)
        case rows(RowReader)
        case none
    }

    init(_ format: FeedFormat, limits: FeedLimits) {
        builder = FeedBuilder(format, limits: limits)
        reader =
            switch format {
            case .hosts: .hosts(HostsReader())
            case .dshield: .dshield
            case .feodo: .table(.feodo)
            case .sslbl: .table(.sslbl)
            case .threatfox: .table(.threatfox)
            case .csv(let columns): .table(TableReader(columns))
            case .zeek: .zeek(ZeekReader())
            case .spamhaus: .rows(RowReader())
            case .mispHashes: .none
            default: .plain(PlainReader())
            }
    }

    /// Reads whole lines and says how many octets they were.
    mutating func read(_ octets: Span<UInt8>, isLast: Bool) throws(FeedError) -> Int {
        // A reader is taken out once a piece, so that no line pays for the enum around it.
        switch reader {
        case .plain(var plain):
            defer { reader = .plain(plain) }
            return try forEachLine(octets, isLast, &plain)
        case .hosts(var hosts):
            defer { reader = .hosts(hosts) }
            return try forEachLine(octets, isLast, &hosts)
        case .dshield:
            var dshield = DShieldReader()
            return try forEachLine(octets, isLast, &dshield)
        case .table(var table):
            defer { reader = .table(table) }
            return try forEachLine(octets, isLast, &table)
        case .zeek(var zeek):
            defer { reader = .zeek(zeek) }
            return try forEachLine(octets, isLast, &zeek)
        case .rows(var rows):
            defer { reader = .rows(rows) }
            return try forEachLine(octets, isLast, &rows)
        case .none:
            return octets.count
        }
    }

    consuming func finish() throws(FeedError) -> FeedContents {
        builder.contents.counts.lines = number
        return try builder.finish()
    }

    private mutating func forEachLine<Reader: LineReader>(
        _ octets: Span<UInt8>, _ isLast: Bool, _ reader: inout Reader
    ) throws(FeedError) -> Int {
        var first = 0
        var end = 0
        while true {
            while end < octets.count, octets[end] != UInt8(ascii: "\n") { end += 1 }
            let isWhole = end < octets.count
            if !isWhole {
                if octets.count - first > builder.limits.lineBytesMax { try skip(); first = end }
                guard isLast, first < end else { return first }
            }
            if isSkipping {
                isSkipping = !isWhole
            } else if end - first > builder.limits.lineBytesMax {
                number += 1
                try builder.addBad(.long, line: number)
            } else {
                number += 1
                let line = octets.extracting(first..<end).trimmed()
                if line.count > 0 { try reader.read(line, number: number, into: &builder) }
            }
            first = min(end + 1, octets.count)
            end = first
        }
    }

    private mutating func skip() throws(FeedError) {
        guard !isSkipping else { return }
        isSkipping = true
        number += 1
        try builder.addBad(.long, line: number)
    }
}

/// What reads a format line by line; lines come without blanks at either end, and never empty.
protocol LineReader {
    mutating func read(
        _ line: Span<UInt8>, number: Int, into builder: inout FeedBuilder
    ) throws(FeedError)
}
