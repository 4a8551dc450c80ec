import CZstd
import Synchronization

/// How a chunk's octets lie in the file.
struct Codec: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt8

    /// As they are.
    static let raw = Codec(rawValue: 0)
    /// One or more zstd frames behind each other (RFC 8878), no dictionary.
    static let zstd = Codec(rawValue: 1)
    /// Frames of 4,096 rows with a table in front, each as it is or of zstd frames.
    static let frames = Codec(rawValue: 2)
    /// The same of 16,384 rows: a zstd frame has statistics of its own, which take time to read.
    static let largeFrames = Codec(rawValue: 3)
}

/// Compresses chunks, one at a time.
final class Compressor {
    private let matches = FrameEncoder(.matches)
    private let literals = FrameEncoder(.literals)
    private var choices = FrameChoices()
    /// Octets that it has compressed and that take time to get back; what repeats takes next to none.
    private(set) var slowOctets = 0

    /// Appends `source` to `output`, compressed where that makes it smaller.
    ///
    /// - Parameters:
    ///   - piece: whose chunk it is, for what was best in the blocks before.
    ///   - cuts: where frames end besides at the end; each has statistics of its own.
    func append(
        _ source: RawSpan, of piece: FrameChoices.Piece, cutAt cuts: [Int],
        to output: inout [UInt8]
    ) -> Codec {
        let start = output.count
        var from = 0
        var isWorth = false
        var piece = piece
        for to in cuts + [source.byteCount] where to > from {
            let octets = source.extracting(from..<to)
            if let encoder = encoder(for: octets, of: piece) {
                encoder.write(to: &output)
                isWorth = true
                if encoder.written > octets.byteCount / 32 { slowOctets += octets.byteCount }
            } else {
                output.putFrame(storing: octets)
            }
            from = to
            piece.number += 1
        }
        if isWorth, output.count - start < source.byteCount { return .zstd }
        output.removeSubrange(start...)
        output.put(source)
        return .raw
    }

    /// The encoder whose frame of some octets is worth storing; nil where none is.
    private func encoder(for octets: RawSpan, of piece: FrameChoices.Piece) -> FrameEncoder? {
        let count = octets.byteCount
        let most = count - count / 6
        let isSmall = count < FrameChoices.octetsMin
        switch isSmall ? .matches : choices.next(piece) {
        case .stored: return nil
        case .matches: return matches.encode(octets) <= most ? matches : nil
        case .literals: return literals.encode(octets) <= most ? literals : nil
        case nil:
            let (withMatches, without) = (matches.encode(octets), literals.encode(octets))
            guard min(withMatches, without) <= most else {
                choices.note(.stored, for: piece)
                return nil
            }
            // Made and read in half the time: worth some room.
            let isWithout = without <= withMatches + withMatches / 64
            choices.note(isWithout ? .literals : .matches, for: piece)
            return isWithout ? literals : matches
        }
    }
}

/// Makes frames in one way; keeps its memory.
@safe
private final class FrameEncoder {
    private let context: OpaquePointer
    private var buffer = EncodedBytes(unfilled: 1 << 16)
    /// Octets of the frame that was made last.
    private(set) var written = 0

    init(_ mode: FrameMode) {
        guard let context = unsafe ZSTD_createCCtx() else {
            preconditionFailure("no memory for a compressor")
        }
        switch mode {
        case .literals:
            // The fastest level looks at the first octets only. It leaves literals as they are, unless
            // told otherwise; a library that does not know how makes frames that are never the best.
            unsafe _ = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ZSTD_minCLevel())
            unsafe _ = ZSTD_CCtx_setParameter(context, literalCompressionMode, 1)
        default:
            unsafe _ = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1)
        }
        // Columns are mostly numbers in which short matches are chance. Without them frames are a few
        // per cent smaller and a tenth faster to read.
        unsafe _ = ZSTD_CCtx_setParameter(context, ZSTD_c_minMatch, 7)
        unsafe self.context = unsafe context
    }

    deinit { unsafe _ = ZSTD_freeCCtx(context) }

    /// Appends the frame that was made last.
    func write(to output: inout [UInt8]) {
        let buffer = buffer
        output.put(buffer.bytes.extracting(0..<written))
    }

    /// Makes a frame and answers its octets; more than there can be where that failed.
    func encode(_ octets: RawSpan) -> Int {
        let bound = ZSTD_compressBound(octets.byteCount)
        if buffer.count < bound { buffer = EncodedBytes(unfilled: bound) }
        let buffer = buffer
        var room = buffer.mutableBytes
        let result = unsafe room.withUnsafeMutableBytes { room in
            unsafe octets.withUnsafeBytes { octets in
                unsafe ZSTD_compress2(
                    context, room.baseAddress, room.count, octets.baseAddress, octets.count)
            }
        }
        // With room enough it fails only for want of memory; then the octets stay as they are.
        if ZSTD_isError(result) != 0 { return .max }
        written = result
        return result
    }
}

/// What zstd.h calls `ZSTD_c_literalCompressionMode` for programs that link it statically; 1 says that
/// literals are compressed at any level.
private let literalCompressionMode = ZSTD_c_experimentalParam5

extension [UInt8] {
    /// Appends a frame of blocks that are not compressed (RFC 8878 §3.1.1).
    fileprivate mutating func putFrame(storing source: RawSpan) {
        put(0xfd2f_b528 as UInt32)
        // One segment, whose length follows in four octets.
        put(0b1010_0000 as UInt8)
        put(UInt32(source.byteCount))
        var from = 0
        repeat {
            let to = Swift.min(from + 1 << 17, source.byteCount)
            let header = UInt32(to - from) << 3 | (to == source.byteCount ? 1 : 0)
            for shift in [0, 8, 16] as [UInt32] { put(UInt8(truncatingIfNeeded: header >> shift)) }
            put(source.extracting(from..<to))
            from = to
        } while from < source.byteCount
    }
}

/// Decompresses chunks from any number of threads.
@safe
final class Decompressors: Sendable {
    static let shared = Decompressors()

    // Sendable: a context belongs to whoever took it out of the list.
    @safe private struct Context: @unchecked Sendable { let pointer: OpaquePointer }
    private let idle = Mutex<[Context]>([])

    /// Fills a part of `output` from frames that must hold exactly that much; false where they do not.
    func decompress(_ source: RawSpan, into output: EncodedBytes, _ place: Range<Int>) -> Bool {
        precondition(place.lowerBound >= 0 && place.upperBound <= output.count)
        let waiting = idle.withLock { $0.popLast() }
        guard let context = waiting ?? Self.create() else { return false }
        defer { idle.withLock { $0.append(context) } }
        var room = output.mutableBytes
        let written = unsafe room.withUnsafeMutableBytes { room in
            unsafe source.withUnsafeBytes { source in
                let part = unsafe UnsafeMutableRawBufferPointer(rebasing: room[place])
                return unsafe ZSTD_decompressDCtx(
                    context.pointer, part.baseAddress, part.count, source.baseAddress,
                    source.count)
            }
        }
        return ZSTD_isError(written) == 0 && written == place.count
    }

    /// The octets of the first frame alone; nil where it does not say how many they are, or more than
    /// `most`.
    func decompressFirst(_ source: RawSpan, atMost most: Int) -> EncodedBytes? {
        let (length, content) = unsafe source.withUnsafeBytes { source in
            unsafe (
                ZSTD_findFrameCompressedSize(source.baseAddress, source.count),
                ZSTD_getFrameContentSize(source.baseAddress, source.count)
            )
        }
        // Errors, and a length that the frame does not say, are numbers near the largest.
        guard ZSTD_isError(length) == 0, length <= source.byteCount, content <= UInt64(most)
        else { return nil }
        let output = EncodedBytes(unfilled: Int(content))
        let frame = source.extracting(0..<length)
        return decompress(frame, into: output, 0..<output.count) ? output : nil
    }

    private static func create() -> Context? {
        unsafe ZSTD_createDCtx().map { unsafe Context(pointer: $0) }
    }
}
