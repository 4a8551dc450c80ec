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
@safe
final class Compressor {
    private let context: OpaquePointer
    private var buffer: EncodedBytes
    /// Octets that it has compressed and that take time to get back; what repeats takes next to none.
    private(set) var slowOctets = 0

    init() {
        guard let context = unsafe ZSTD_createCCtx() else {
            preconditionFailure("no memory for a compressor")
        }
        // Columns are mostly numbers in which short matches are chance. Without them frames are a few
        // per cent smaller and a tenth faster to read.
        unsafe _ = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1)
        unsafe _ = ZSTD_CCtx_setParameter(context, ZSTD_c_minMatch, 7)
        unsafe self.context = unsafe context
        buffer = EncodedBytes(unfilled: 1 << 20)
    }

    deinit { unsafe _ = ZSTD_freeCCtx(context) }

    /// Appends `source` to `output`, compressed where that makes it smaller.
    ///
    /// A frame is compressed where that saves a sixth, and stored otherwise: what compresses by less
    /// costs more time to read than its room is worth.
    ///
    /// - Parameter cuts: where frames end besides at the end; each has statistics of its own.
    func append(
        _ source: RawSpan, cutAt cuts: [Int], to output: inout [UInt8]
    ) -> Codec {
        let start = output.count
        var from = 0
        var isWorth = false
        for to in cuts + [source.byteCount] where to > from {
            let piece = source.extracting(from..<to)
            let bound = ZSTD_compressBound(piece.byteCount)
            if buffer.count < bound { buffer = EncodedBytes(unfilled: bound) }
            let buffer = buffer
            var room = buffer.mutableBytes
            let written = unsafe room.withUnsafeMutableBytes { room in
                unsafe piece.withUnsafeBytes { piece in
                    unsafe ZSTD_compress2(
                        context, room.baseAddress, room.count, piece.baseAddress, piece.count)
                }
            }
            // With room enough it fails only for want of memory; then the octets stay as they are.
            guard ZSTD_isError(written) == 0 else {
                return keepRaw(source, in: &output, at: start)
            }
            if written <= piece.byteCount - piece.byteCount / 6 {
                output.put(buffer.bytes.extracting(0..<written))
                isWorth = true
                if written > piece.byteCount / 32 { slowOctets += piece.byteCount }
            } else {
                output.putFrame(storing: piece)
            }
            from = to
        }
        if isWorth, output.count - start < source.byteCount { return .zstd }
        return keepRaw(source, in: &output, at: start)
    }

    private func keepRaw(_ source: RawSpan, in output: inout [UInt8], at start: Int) -> Codec {
        output.removeSubrange(start...)
        output.put(source)
        return .raw
    }
}

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
