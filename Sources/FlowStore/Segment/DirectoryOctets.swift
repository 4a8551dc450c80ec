import FlowModel

/// A block's directory as it lies in the file, held against its checksum and not taken apart.
///
/// Most blocks are only asked for the summaries of a few columns, and then passed over.
struct DirectoryOctets: Sendable {
    /// The directories of a segment.
    let octets: [UInt8]
    /// Where this one is.
    let range: Range<Int>
    /// Where it is in the file.
    let place: UInt64
    /// Where its chunks may lie in the file.
    let payload: Range<UInt64>
    let rows: Int

    /// Takes all of it apart.
    func directory() throws(Damage) -> BlockDirectory {
        let directory = try BlockDirectory(octets, range, payload: payload)
        guard directory.rows == rows else { throw .value(part: "block directory") }
        return directory
    }

    /// What it says of a column; nil where it has none of that number.
    func summary(of field: Field) throws(Damage) -> ColumnSummary? {
        guard let record = try record(of: field) else { return nil }
        var reader = ByteReader(octets, record)
        return try ColumnEntry.summary(&reader, rows: rows)
    }

    /// Where the record of a column is.
    private func record(of field: Field) throws(Damage) -> Range<Int>? {
        let bytes = unsafe octets.span.bytes.extracting(range)
        func pair(_ offset: Int) -> Int {
            precondition(offset >= 0 && offset + 2 <= bytes.byteCount)
            return unsafe Int(
                bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self))
        }
        guard bytes.byteCount >= 8 else { throw .value(part: "block directory") }
        var offset = 8
        for _ in 0..<pair(4) {
            guard offset + 4 <= bytes.byteCount else { throw .value(part: "block directory") }
            let end = offset + 2 + pair(offset)
            guard end <= bytes.byteCount else { throw .value(part: "block directory") }
            if pair(offset + 2) == Int(field.rawValue) {
                return range.lowerBound + offset + 2..<range.lowerBound + end
            }
            offset = end
        }
        return nil
    }
}
