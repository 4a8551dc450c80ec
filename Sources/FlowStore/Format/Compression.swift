import CZstd
import Synchronization

/// How a chunk's octets lie in the file.
struct Codec: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt8

    /// As they are.
    static let raw = Codec(rawValue: 0)
    /// One or more zstd frames behind each other (RFC 8878), no dictionary.
    static let zstd = Codec(rawValue: 1)
}

/// Compresses chunks, one at a time.
@safe
final class Compressor {
    private let context: OpaquePointer
    private var buffer: EncodedBytes

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

    /// Fills `output` from frames that must hold exactly that much; false where they do not.
    func decompress(_ source: RawSpan, into output: inout MutableRawSpan) -> Bool {
        let waiting = idle.withLock { $0.popLast() }
        guard let context = waiting ?? Self.create() else { return false }
        defer { idle.withLock { $0.append(context) } }
        let written = unsafe output.withUnsafeMutableBytes { output in
            unsafe source.withUnsafeBytes { source in
                unsafe ZSTD_decompressDCtx(
                    context.pointer, output.baseAddress, output.count, source.baseAddress,
                    source.count)
            }
        }
        return ZSTD_isError(written) == 0 && written == output.byteCount
    }

    private static func create() -> Context? {
        unsafe ZSTD_createDCtx().map { unsafe Context(pointer: $0) }
    }
}
