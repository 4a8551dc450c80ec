/// Records in a temporary file.
struct GroupExtent {
    /// Where they begin, in octets.
    var offset: UInt64
    var words: Int
    /// How they are written.
    var form: GroupLayout.Form
}

extension TemporaryFile {
    /// Appends records.
    func append(_ words: Span<UInt64>, _ form: GroupLayout.Form) throws -> GroupExtent {
        let extent = GroupExtent(offset: length, words: words.count, form: form)
        try unsafe append(words.bytes)
        return extent
    }

    /// Reads an extent in pieces of whole records.
    func read(
        _ extent: GroupExtent, stride: Int, by buffer: Scratch<UInt64>,
        _ body: (Span<UInt64>) -> Void
    ) throws {
        let piece = buffer.count / max(stride, 1) * stride
        var done = 0
        while done < extent.words {
            let count = min(piece, extent.words - done)
            try read(extent.offset + UInt64(done * 8), words: count, into: buffer)
            body(buffer.span.extracting(0..<count))
            done += count
        }
    }

    /// Reads words to the beginning of a buffer.
    func read(_ offset: UInt64, words: Int, into buffer: Scratch<UInt64>) throws {
        var all = buffer.mutable
        var octets = unsafe all.mutableBytes
        try read(words * 8, into: &octets, at: offset)
    }
}
