import CZlib
import FlowQuery

/// A question whose answer is compressed (RFC 1952), piece by piece: what is written can be read at once.
struct CompressedQuery: ServedQuery {
    private let query: any ServedQuery

    init(_ query: any ServedQuery) { self.query = query }

    var contentType: String { query.contentType }

    func run(stop: QueryStop, write: @escaping ([UInt8]) throws -> Void) throws {
        let stream = try GzipStream()
        try query.run(stop: stop) { try write(stream.compress($0)) }
        try write(stream.compress([], isLast: true))
    }
}

/// Compresses octets as they come.
final class GzipStream {
    private var stream = z_stream()

    /// There is no memory for it.
    struct Failure: Error {}

    init() throws {
        // 16 beside the window's size asks for gzip's header (zlib.h); the lowest level is fast enough for a
        // loopback, and most of the gain.
        guard
            deflateInit2_(
                &stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                CInt(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw Failure() }
    }

    deinit { deflateEnd(&stream) }

    /// The octets by which a reader has all that was put in so far.
    func compress(_ octets: [UInt8], isLast: Bool = false) throws -> [UInt8] {
        var input = octets
        var output: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 32_768)
        try input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            repeat {
                let (status, count) = room.withUnsafeMutableBufferPointer { target in
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(target.count)
                    let status = deflate(&stream, isLast ? Z_FINISH : Z_SYNC_FLUSH)
                    return (status, target.count - Int(stream.avail_out))
                }
                // Z_BUF_ERROR only says that nothing was left to do.
                guard status != Z_STREAM_ERROR else { throw Failure() }
                output += room.prefix(count)
            } while stream.avail_out == 0
        }
        return output
    }
}
