import FlowModel

/// Octets of a column or extra that lie together in a segment.
struct Chunk: Hashable, Sendable {
    /// What a chunk is of its column; numbers are never reused.
    struct Role: RawRepresentable, Hashable, Sendable {
        let rawValue: UInt16
        static let codes = Role(rawValue: 1)
        static let presence = Role(rawValue: 2)
        static let dictionary = Role(rawValue: 3)
        static let layouts = Role(rawValue: 4)
        static let rows = Role(rawValue: 5)
        static let octets = Role(rawValue: 6)
        /// A code for each entry of the dictionary of `srcip`.
        static let codesOfSource = Role(rawValue: 7)
        /// A code for each entry of the dictionary of `dstip`.
        static let codesOfDestination = Role(rawValue: 8)
        /// The rows that have another code, and which.
        static let exceptions = Role(rawValue: 9)
        /// The codes of rows without a rank.
        static let others = Role(rawValue: 10)
        /// The first halves of the addresses of a dictionary.
        static let prefixes = Role(rawValue: 11)
        /// Their second halves.
        static let suffixes = Role(rawValue: 12)
        /// Which entries of the block's shared dictionary of addresses the column has.
        static let members = Role(rawValue: 13)
        /// An extra: the first halves of the addresses that the columns of a block share.
        static let sharedPrefixes = Role(rawValue: 256)
        /// An extra: their second halves.
        static let sharedSuffixes = Role(rawValue: 257)
    }

    /// How values lie in a chunk; numbers are never reused.
    struct Arrangement: RawRepresentable, Hashable, Sendable {
        let rawValue: UInt8
        /// One behind the other.
        static let plain = Arrangement(rawValue: 0)
        /// In byte planes.
        static let planes = Arrangement(rawValue: 1)
        /// As ranks among few, of 1, 2 or 4 bits.
        static let packed = Arrangement(rawValue: 2)
        /// As ranks among the most frequent, an octet each; the others' codes in a chunk of their
        /// own.
        ///
        /// Written until version 2.
        static let ranked = Arrangement(rawValue: 3)
        /// As ranks among the most frequent, four bits each; the others' codes in a chunk of their own.
        static let few = Arrangement(rawValue: 4)
        /// The lower octets; codes that have more in a chunk of their own.
        static let low = Arrangement(rawValue: 5)
    }

    /// Octets of a chunk's record.
    static let recordOctets = 24

    var role: Role
    var codec: Codec
    var arrangement: Arrangement
    var storedOctets: UInt32
    var rawOctets: UInt32
    var checksum: UInt32
    var offset: UInt64

    func write(to output: inout [UInt8]) {
        output.put(role.rawValue)
        output.put(codec.rawValue)
        output.put(arrangement.rawValue)
        output.put(storedOctets)
        output.put(rawOctets)
        output.put(checksum)
        output.put(offset)
    }

    /// - Parameter payload: where chunks may lie in the file.
    init(_ reader: inout ByteReader, payload: Range<UInt64>) throws(Damage) {
        role = Role(rawValue: try reader.next(UInt16.self))
        codec = Codec(rawValue: try reader.next(UInt8.self))
        arrangement = Arrangement(rawValue: try reader.next(UInt8.self))
        storedOctets = try reader.next(UInt32.self)
        rawOctets = try reader.next(UInt32.self)
        checksum = try reader.next(UInt32.self)
        offset = try reader.next(UInt64.self)
        guard payload.contains(offset),
            UInt64(storedOctets) <= payload.upperBound - offset,
            storedOctets <= rawOctets
        else { throw .value(part: "place of a chunk") }
    }

    init(
        role: Role, codec: Codec, arrangement: Arrangement, storedOctets: UInt32,
        rawOctets: UInt32, checksum: UInt32, offset: UInt64
    ) {
        self.role = role
        self.codec = codec
        self.arrangement = arrangement
        self.storedOctets = storedOctets
        self.rawOctets = rawOctets
        self.checksum = checksum
        self.offset = offset
    }
}

/// A column as a block's directory describes it.
struct ColumnEntry: Hashable, Sendable {
    /// How codes become values; numbers are never reused.
    struct Encoding: RawRepresentable, Hashable, Sendable {
        let rawValue: UInt8
        static let frame = Encoding(rawValue: 1)
        static let dictionary = Encoding(rawValue: 2)
        static let addresses = Encoding(rawValue: 3)
        static let afterStart = Encoding(rawValue: 4)
        static let elements = Encoding(rawValue: 5)
    }

    /// Smallest and largest value of the rows that have one.
    enum Extent: Hashable, Sendable {
        case none
        case numbers(ClosedRange<UInt64>)
        case addresses(ClosedRange<IPAddress>)
    }

    var field: Field
    var encoding: Encoding
    var width: Int
    var presentRows: Int
    var dictionaryCount: Int
    var extent: Extent
    /// The sum of the values of all rows; nil where it is not kept.
    var sum: UInt64?
    var chunks: [Chunk]

    func chunk(_ role: Chunk.Role) -> Chunk? { chunks.first { $0.role == role } }

    var summary: ColumnSummary { extent.summary(of: field, presentRows: presentRows, sum: sum) }
}

extension ColumnEntry.Extent {
    fileprivate func summary(of field: Field, presentRows: Int, sum: UInt64?) -> ColumnSummary {
        var numbers: ClosedRange<UInt64>?
        var addresses: ClosedRange<IPAddress>?
        switch self {
        case .none: break
        case .numbers(let range): numbers = range
        case .addresses(let range): addresses = range
        }
        return ColumnSummary(
            field: field, presentRows: presentRows, range: numbers, addressRange: addresses,
            sum: sum)
    }
}

/// What a segment's footer says of one block.
struct BlockDirectory: Hashable, Sendable {
    var rows: Int
    var columns: [ColumnEntry]
    /// What is kept beside the columns; a reader passes over roles that it does not know.
    var extras: [Chunk]

    func entry(_ field: Field) -> ColumnEntry? { columns.first { $0.field == field } }

    func extra(_ role: Chunk.Role) -> Chunk? { extras.first { $0.role == role } }

    func encoded() -> [UInt8] {
        var output: [UInt8] = []
        output.put(UInt32(rows))
        output.put(UInt16(columns.count))
        output.put(UInt16(extras.count))
        for column in columns {
            var record: [UInt8] = []
            column.write(to: &record)
            output.put(UInt16(record.count))
            output += record
        }
        for extra in extras { extra.write(to: &output) }
        return output
    }

    init(rows: Int, columns: [ColumnEntry], extras: [Chunk] = []) {
        self.rows = rows
        self.columns = columns
        self.extras = extras
    }

    init(_ octets: [UInt8], payload: Range<UInt64>) throws(Damage) {
        try self.init(octets, octets.indices, payload: payload)
    }

    init(_ octets: [UInt8], _ range: Range<Int>, payload: Range<UInt64>) throws(Damage) {
        var reader = ByteReader(octets, range)
        let rows = Int(try reader.next(UInt32.self))
        guard (1...FlowBatch.capacity).contains(rows) else { throw .value(part: "number of rows") }
        let columnCount = Int(try reader.next(UInt16.self))
        let extraCount = Int(try reader.next(UInt16.self))
        var columns: [ColumnEntry] = []
        for _ in 0..<columnCount {
            var record = try reader.part(Int(try reader.next(UInt16.self)))
            columns.append(try ColumnEntry(&record, rows: rows, payload: payload))
        }
        var extras: [Chunk] = []
        for _ in 0..<extraCount { extras.append(try Chunk(&reader, payload: payload)) }
        self.init(rows: rows, columns: columns, extras: extras)
    }
}

extension ColumnEntry {
    fileprivate func write(to output: inout [UInt8]) {
        output.put(field.rawValue)
        output.put(encoding.rawValue)
        output.put(UInt8(width))
        output.put(UInt32(presentRows))
        output.put(UInt32(dictionaryCount))
        output.put(UInt16(chunks.count))
        switch extent {
        case .none: output.put(UInt16(0))
        case .numbers(let range):
            output.put(UInt16(1))
            output.put(range.lowerBound)
            output.put(range.upperBound)
        case .addresses(let range):
            output.put(UInt16(2))
            output.put(range.lowerBound)
            output.put(range.upperBound)
        }
        for chunk in chunks { chunk.write(to: &output) }
        if let sum { output.put(sum) }
    }

    fileprivate init(
        _ reader: inout ByteReader, rows: Int, payload: Range<UInt64>
    ) throws(Damage) {
        let head = try Head(&reader, rows: rows)
        field = head.field
        encoding = head.encoding
        width = head.width
        presentRows = head.presentRows
        dictionaryCount = head.dictionaryCount
        extent = head.extent
        chunks = []
        chunks.reserveCapacity(head.chunkCount)
        for _ in 0..<head.chunkCount { chunks.append(try Chunk(&reader, payload: payload)) }
        sum = reader.remaining >= 8 ? try reader.next(UInt64.self) : nil
    }

    /// What a record says of its column, without what it says of chunks.
    static func summary(_ reader: inout ByteReader, rows: Int) throws(Damage) -> ColumnSummary {
        let head = try Head(&reader, rows: rows)
        _ = try reader.part(head.chunkCount * Chunk.recordOctets)
        let sum = reader.remaining >= 8 ? try reader.next(UInt64.self) : nil
        return head.extent.summary(of: head.field, presentRows: head.presentRows, sum: sum)
    }

    /// What stands in a record before its chunks.
    private struct Head {
        let field: Field
        let encoding: Encoding
        let width: Int
        let presentRows: Int
        let dictionaryCount: Int
        let chunkCount: Int
        let extent: Extent

        init(_ reader: inout ByteReader, rows: Int) throws(Damage) {
            field = Field(rawValue: try reader.next(UInt16.self))
            encoding = Encoding(rawValue: try reader.next(UInt8.self))
            width = Int(try reader.next(UInt8.self))
            presentRows = Int(try reader.next(UInt32.self))
            dictionaryCount = Int(try reader.next(UInt32.self))
            chunkCount = Int(try reader.next(UInt16.self))
            let kind = try reader.next(UInt16.self)
            guard rows > 0, (1...rows).contains(presentRows), dictionaryCount <= rows else {
                throw .value(part: "number of rows of \(field.name)")
            }
            switch kind {
            case 1:
                let low = try reader.next(UInt64.self)
                let high = try reader.next(UInt64.self)
                guard low <= high else { throw .value(part: "range of \(field.name)") }
                extent = .numbers(low...high)
            case 2:
                let low = try reader.nextAddress()
                let high = try reader.nextAddress()
                guard low <= high else { throw .value(part: "range of \(field.name)") }
                extent = .addresses(low...high)
            default: extent = .none
            }
        }
    }
}
