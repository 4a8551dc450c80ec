/// Decompression of LZO1X, from the description of the stream in the Linux kernel's documentation
/// (`Documentation/staging/lzo.rst`, bitstream version 0).
///
/// An instruction copies octets from what was written before, then 0 to 3 literals; how many it was
/// (4 = a run of literals) decides what the smallest opcodes mean next.
enum LZO1X {
    /// Why a stream is no stream.
    enum Failure: Error {
        /// It ends within an instruction, or goes on behind its end.
        case length
        /// It copies from before the beginning.
        case distance
        /// It holds more than there is room for.
        case room
    }

    /// Fills `output` from `input` and answers how many octets that were.
    static func decompress(
        _ input: RawSpan, into output: inout MutableRawSpan
    ) throws(Failure) -> Int {
        var reader = Reader(bytes: input)
        var writer = Writer(position: 0)
        var state = 0
        guard input.byteCount >= 3 else { throw .length }
        if input.octet(at: 0) > 17 {
            let count = Int(try reader.next()) - 17
            try copyLiterals(count, from: &reader, to: &output, &writer)
            state = min(count, 4)
        }
        while true {
            let opcode = Int(try reader.next())
            let length: Int
            let distance: Int
            let literals: Int
            switch opcode {
            case 0..<16 where state == 0:
                let count = opcode == 0 ? try reader.extended(18) : opcode + 3
                try copyLiterals(count, from: &reader, to: &output, &writer)
                state = 4
                continue
            case 0..<16:
                let upper = Int(try reader.next()) << 2
                length = state == 4 ? 3 : 2
                distance = upper + opcode >> 2 + (state == 4 ? 2049 : 1)
                literals = opcode & 3
            case 16..<32:
                length = 2 + (opcode & 7 == 0 ? try reader.extended(7) : opcode & 7)
                let pair = try reader.pair()
                distance = 16384 + (opcode & 8) << 11 + pair >> 2
                literals = pair & 3
                if distance == 16384 {
                    guard length == 3, reader.isAtEnd else { throw .length }
                    return writer.position
                }
            case 32..<64:
                length = 2 + (opcode & 31 == 0 ? try reader.extended(31) : opcode & 31)
                let pair = try reader.pair()
                distance = pair >> 2 + 1
                literals = pair & 3
            default:
                let upper = Int(try reader.next()) << 3
                length = opcode < 128 ? 3 + opcode >> 5 & 1 : 5 + opcode >> 5 & 3
                distance = upper + opcode >> 2 & 7 + 1
                literals = opcode & 3
            }
            try copyMatch(length, distance, in: &output, &writer)
            try copyLiterals(literals, from: &reader, to: &output, &writer)
            state = literals
        }
    }

    private struct Reader: ~Escapable {
        let bytes: RawSpan
        var position = 0

        @_lifetime(copy bytes)
        init(bytes: RawSpan) { self.bytes = bytes }

        var isAtEnd: Bool { position == bytes.byteCount }

        @_lifetime(self: copy self)
        @inline(__always)
        mutating func next() throws(Failure) -> UInt8 {
            guard position < bytes.byteCount else { throw .length }
            defer { position &+= 1 }
            return unsafe bytes.unsafeLoad(
                fromUncheckedByteOffset: position, as: UInt8.self)
        }

        /// Two octets, the first one lower.
        @_lifetime(self: copy self)
        mutating func pair() throws(Failure) -> Int {
            let low = Int(try next())
            return Int(try next()) << 8 | low
        }

        /// `base` plus 255 for every zero octet plus the octet behind them.
        @_lifetime(self: copy self)
        mutating func extended(_ base: Int) throws(Failure) -> Int {
            var length = base
            while true {
                let octet = try next()
                if octet != 0 { return length + Int(octet) }
                length += 255
            }
        }
    }

    private struct Writer {
        var position: Int
    }

    @inline(__always)
    private static func copyLiterals(
        _ count: Int, from reader: inout Reader, to output: inout MutableRawSpan,
        _ writer: inout Writer
    ) throws(Failure) {
        guard count > 0 else { return }
        guard count <= reader.bytes.byteCount - reader.position else { throw .length }
        guard count <= output.byteCount - writer.position else { throw .room }
        let from = reader.position
        let to = writer.position
        unsafe reader.bytes.withUnsafeBytes { source in
            unsafe output.withUnsafeMutableBytes { target in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[to..<to + count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + count]))
            }
        }
        reader.position += count
        writer.position += count
    }

    /// Source and target may overlap: what was just written is then copied again.
    @inline(__always)
    private static func copyMatch(
        _ length: Int, _ distance: Int, in output: inout MutableRawSpan, _ writer: inout Writer
    ) throws(Failure) {
        guard distance <= writer.position else { throw .distance }
        guard length <= output.byteCount - writer.position else { throw .room }
        let to = writer.position
        unsafe output.withUnsafeMutableBytes { octets in
            if distance >= length {
                unsafe UnsafeMutableRawBufferPointer(rebasing: octets[to..<to + length])
                    .copyMemory(
                        from: UnsafeRawBufferPointer(
                            rebasing: octets[to - distance..<to - distance + length]))
            } else {
                for index in to..<to + length { unsafe octets[index] = octets[index - distance] }
            }
        }
        writer.position += length
    }
}
