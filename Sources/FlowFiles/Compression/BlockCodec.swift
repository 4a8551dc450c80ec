import CBZip2
import CLZ4
import CZstd

/// How the blocks of an nfdump file are compressed; the numbers are those of layout 2.
struct BlockCodec: RawRepresentable, Hashable {
    let rawValue: UInt8

    static let none = BlockCodec(rawValue: 0)
    static let lzo = BlockCodec(rawValue: 1)
    static let bzip2 = BlockCodec(rawValue: 2)
    static let lz4 = BlockCodec(rawValue: 3)
    static let zstd = BlockCodec(rawValue: 4)

    var isKnown: Bool { rawValue <= Self.zstd.rawValue }

    /// Fills `output` from one block and answers how many octets that were; nil where the block is
    /// damaged or holds more than there is room for.
    func decompress(_ block: RawSpan, into output: inout MutableRawSpan) -> Int? {
        switch self {
        case .lzo: return try? LZO1X.decompress(block, into: &output)
        case .lz4: return Self.lz4(block, into: &output)
        case .bzip2: return Self.bzip2(block, into: &output)
        case .zstd: return Self.zstd(block, into: &output)
        default: return nil
        }
    }

    private static func lz4(_ block: RawSpan, into output: inout MutableRawSpan) -> Int? {
        guard let length = CInt(exactly: block.byteCount),
            let room = CInt(exactly: output.byteCount)
        else { return nil }
        let written = unsafe output.withUnsafeMutableBytes { target in
            unsafe block.withUnsafeBytes { source in
                unsafe LZ4_decompress_safe(
                    source.bindMemory(to: CChar.self).baseAddress,
                    target.bindMemory(to: CChar.self).baseAddress, length, room)
            }
        }
        return written > 0 ? Int(written) : nil
    }

    private static func bzip2(_ block: RawSpan, into output: inout MutableRawSpan) -> Int? {
        guard let length = CUnsignedInt(exactly: block.byteCount),
            var written = CUnsignedInt(exactly: output.byteCount)
        else { return nil }
        let status = unsafe output.withUnsafeMutableBytes { target in
            unsafe block.withUnsafeBytes { source in
                // The library takes its input as mutable and does not write to it.
                unsafe BZ2_bzBuffToBuffDecompress(
                    target.bindMemory(to: CChar.self).baseAddress, &written,
                    UnsafeMutablePointer(
                        mutating: source.bindMemory(to: CChar.self).baseAddress),
                    length, 0, 0)
            }
        }
        return status == BZ_OK ? Int(written) : nil
    }

    private static func zstd(_ block: RawSpan, into output: inout MutableRawSpan) -> Int? {
        let written = unsafe output.withUnsafeMutableBytes { target in
            unsafe block.withUnsafeBytes { source in
                unsafe ZSTD_decompress(
                    target.baseAddress, target.count, source.baseAddress, source.count)
            }
        }
        return ZSTD_isError(written) == 0 ? written : nil
    }
}
