import FlowModel

/// A flow record of nfdump 1.7: a header, then extensions, each after its type and length.
///
///     type:16 size:16 extensions:16 engineType:8 engine:8 exporter:16 flags:8 version:8
///     { type:16 length:16 … } …
enum NfdumpRecord3 {
    static let headerOctets = 12
    static let engineAt = 6
    static let exporterAt = 8
    static let flagsAt = 10

    /// Extensions of a record at most: there are 42 kinds, and none is there twice.
    static let extensionsMax: UInt16 = 128

    /// Bits of the flags: the counters are multiplied already; addresses are anonymised.
    static let scaled: UInt8 = 2
    static let anonymised: UInt8 = 4
}

/// How the extensions of a record lie in it: what one layout holds for.
struct NfdumpShape {
    private let size: UInt16
    private let extensions: UInt16
    /// Where the extensions' headers lie, and the headers.
    private let headers: [(offset: UInt16, word: UInt32)]
    /// Extensions that are left out.
    let unknown: UInt64
    let unused: UInt64
    /// The layout's number.
    let number: Int

    /// Whether the record at `offset`, all of which is in `bytes`, has this shape.
    @inline(__always)
    func fits(_ bytes: RawSpan, at offset: Int, size: UInt16) -> Bool {
        guard size == self.size, bytes.little16(at: offset &+ 4) == extensions else { return false }
        for header in headers
        where bytes.little32(at: offset &+ Int(header.offset)) != header.word { return false }
        return true
    }

    /// Takes the shape of a record; nil where its extensions do not fit into it.
    init?(_ record: RawSpan, enter: (RecordLayout) -> Int) {
        size = UInt16(truncatingIfNeeded: record.byteCount)
        extensions = record.little16(at: 4)
        guard extensions <= NfdumpRecord3.extensionsMax else { return nil }
        var headers: [(offset: UInt16, word: UInt32)] = []
        var builder = NfdumpLayoutBuilder(octets: record.byteCount)
        var offset = NfdumpRecord3.headerOctets
        for _ in 0..<extensions {
            guard offset + 4 <= record.byteCount else { return nil }
            let type = record.little16(at: offset)
            let length = Int(record.little16(at: offset + 2))
            guard length >= 4, offset + length <= record.byteCount else { return nil }
            headers.append((UInt16(offset), record.little32(at: offset)))
            builder.add(type, at: offset + 4, octets: length - 4)
            offset += length
        }
        self.headers = headers
        unknown = builder.unknown
        unused = builder.unused
        number = enter(builder.finish())
    }
}
