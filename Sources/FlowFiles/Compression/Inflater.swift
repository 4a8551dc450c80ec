import CZlib

/// Decompresses one stream of zlib (RFC 1950) or gzip (RFC 1952) piece by piece.
@safe
package final class Inflater {
    /// What is around the compressed octets.
    package enum Wrapping: Sendable {
        case zlib
        case gzip
    }

    /// How a step ended.
    package enum Step {
        /// More input is needed, or more room.
        case open
        /// The stream has ended.
        case ended
        /// The stream is damaged: nothing behind can be read.
        case damaged
    }

    // The library keeps its address.
    private let stream: UnsafeMutablePointer<z_stream>

    package init(_ wrapping: Wrapping = .zlib) throws(FlowFileError) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // The largest window; 16 more stands for gzip.
        let status = unsafe inflateInit2_(
            stream, wrapping == .gzip ? 15 + 16 : 15, ZLIB_VERSION,
            CInt(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            unsafe stream.deallocate()
            throw .noMemory
        }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Reads from `input` into `output` behind its first `filled` octets, until one of them is used up.
    ///
    /// - Returns: octets read and written, and how it ended.
    package func step(
        _ input: RawSpan, into output: inout MutableRawSpan, after filled: Int
    ) -> (read: Int, written: Int, step: Step) {
        let room = output.byteCount - filled
        guard let length = UInt32(exactly: input.byteCount), let space = UInt32(exactly: room)
        else { return (0, 0, .damaged) }
        let status = unsafe output.withUnsafeMutableBytes { target in
            unsafe input.withUnsafeBytes { source in
                // The library takes its input as mutable and does not write to it.
                unsafe stream.pointee.next_in = UnsafeMutablePointer(
                    mutating: source.bindMemory(to: UInt8.self).baseAddress)
                unsafe stream.pointee.avail_in = length
                unsafe stream.pointee.next_out =
                    UnsafeMutableRawBufferPointer(rebasing: target[filled...])
                    .bindMemory(to: UInt8.self).baseAddress
                unsafe stream.pointee.avail_out = space
                return unsafe inflate(stream, Z_NO_FLUSH)
            }
        }
        let read = unsafe input.byteCount - Int(stream.pointee.avail_in)
        let written = unsafe room - Int(stream.pointee.avail_out)
        switch status {
        case Z_OK, Z_BUF_ERROR: return (read, written, .open)
        case Z_STREAM_END: return (read, written, .ended)
        default: return (read, written, .damaged)
        }
    }
}
