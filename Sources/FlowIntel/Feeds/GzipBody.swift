import FlowFiles

/// A feed that is compressed with gzip (RFC 1952), on its way out of it: one stream, or several behind each
/// other.
///
/// What comes out is handed on in small pieces, so that a bomb ends at the bounds of whoever takes them.
struct GzipBody {
    private var inflater: Inflater
    private var isAtStart = true
    private var isWhole = false

    /// The first two octets of each stream.
    static let mark: [UInt8] = [0x1f, 0x8b]

    init() throws(FeedError) { inflater = try Self.stream() }

    private static func stream() throws(FeedError) -> Inflater {
        do throws(FlowFileError) {
            return try Inflater(.gzip)
        } catch {
            throw .notAFeed("there is no memory to decompress it")
        }
    }

    /// Reads on.
    mutating func consume(
        _ piece: Span<UInt8>, _ take: (Span<UInt8>) throws(FeedError) -> Void
    ) throws(FeedError) {
        var output = [UInt8](repeating: 0, count: 1 << 16)
        var place = 0
        while place < piece.count {
            if isWhole {
                // Some tools fill the last block with zeros.
                if isAtStart, piece[place] == 0 {
                    place += 1
                    continue
                }
                inflater = try Self.stream()
                isWhole = false
            }
            let rest = unsafe piece.extracting(place...).bytes
            var target = output.mutableSpan
            var bytes = unsafe target.mutableBytes
            let (read, written, step) = inflater.step(rest, into: &bytes, after: 0)
            place += read
            isAtStart = step == .ended
            isWhole = step == .ended
            if step == .damaged { throw .notAFeed("its gzip is damaged") }
            if written > 0 { try take(output.span.extracting(..<written)) }
            if read == 0, written == 0, step == .open {
                throw .notAFeed("its gzip is damaged")
            }
        }
        // What there was no room for.
        while !isWhole {
            var target = output.mutableSpan
            var bytes = unsafe target.mutableBytes
            let (_, written, step) = inflater.step(RawSpan(), into: &bytes, after: 0)
            if step == .damaged { throw .notAFeed("its gzip is damaged") }
            isWhole = step == .ended
            isAtStart = isWhole
            if written == 0 { break }
            try take(output.span.extracting(..<written))
        }
    }

    /// Ends; what is cut short is not taken for what it was.
    func finish() throws(FeedError) {
        guard isWhole else { throw .notAFeed("its gzip is cut short") }
    }
}
