import FlowModel

/// Turns an encoded block into the octets and the directory that a segment has of it.
///
/// Not shared between threads.
final class BlockPacker {
    private let codesPacker: CodesPacker

    /// Entries from which on a dictionary of addresses is shared with the block's other columns.
    private static let sharedEntriesMin = 256

    struct PackedBlock {
        let octets: [UInt8]
        let directory: BlockDirectory
        let filter: AddressFilter
    }

    /// - Parameter isForRollups: of sums of flows, which are stored for room before speed.
    init(forRollups isForRollups: Bool = false) {
        codesPacker = CodesPacker(forRollups: isForRollups)
    }

    /// - Parameters:
    ///   - place: where in the file the octets will stand.
    ///   - path: the file, for the error.
    func pack(
        _ block: EncodedBlock, at place: UInt64, path: String
    ) throws(StoreError) -> PackedBlock {
        let chunks = codesPacker.chunks
        chunks.begin(at: place)
        chunks.column = .other
        codesPacker.begin(block)
        let dictionaries = block.columns.compactMap(\.dictionary)
        let large = dictionaries.filter { $0.count >= Self.sharedEntriesMin }
        var extras: [Chunk] = []
        var shared: EncodedBytes?
        if let first = large.first, large.count > 1 {
            let all = large.dropFirst().reduce(first.storage) {
                union($0.values(as: IPAddress.self), $1.storage.values(as: IPAddress.self))
            }
            extras = append(
                packAddresses(all.values(as: IPAddress.self)), .sharedPrefixes, .sharedSuffixes)
            shared = all
        }
        var columns: [ColumnEntry] = []
        for (column, summary) in zip(block.columns, block.summaries) {
            chunks.column = column.field
            columns.append(pack(column, summary, shared))
        }
        chunks.column = .other
        if let summary = block.other.summary {
            columns.append(try pack(block.other, summary, block.rows, path))
        }
        let alone = dictionaries.filter { shared == nil || $0.count < Self.sharedEntriesMin }
        return PackedBlock(
            octets: chunks.output,
            directory: BlockDirectory(rows: block.rows, columns: columns, extras: extras),
            filter: AddressFilter((shared.map { [$0] } ?? []) + alone.map(\.storage)))
    }

    private func pack(
        _ column: EncodedColumn, _ summary: ColumnSummary, _ shared: EncodedBytes?
    ) -> ColumnEntry {
        let codes: Codes
        let encoding: ColumnEntry.Encoding
        var chunks: [Chunk] = []
        var dictionaryCount = 0
        switch column.values {
        case .frame(_, let own):
            codes = own
            encoding = .frame
        case .afterStart(let own):
            codes = own
            encoding = .afterStart
        case .dictionary(let values, let own):
            codes = own
            encoding = .dictionary
            dictionaryCount = values.count
            chunks.append(codesPacker.chunks.append(FlowStore.pack(values), .dictionary))
        case .addresses(let values, let own):
            codes = own
            encoding = .addresses
            dictionaryCount = values.count
            chunks += append(values, shared)
        }
        if case .some(let bits) = column.presence {
            chunks.append(codesPacker.chunks.append(bits.bytes, .presence))
        }
        if codes.width > 0 {
            let isAddress = encoding == .addresses
            chunks += codesPacker.append(
                codes, of: column.field, mayBeRanked: !isAddress && column.field != .end)
        }
        let extent: ColumnEntry.Extent =
            if let range = summary.addressRange {
                .addresses(range)
            } else if let range = summary.range {
                .numbers(range)
            } else {
                .none
            }
        return ColumnEntry(
            field: column.field, encoding: encoding, width: codes.width,
            presentRows: summary.presentRows, dictionaryCount: dictionaryCount, extent: extent,
            sum: summary.sum, chunks: chunks)
    }

    /// A dictionary's chunks; a dictionary of one is the range's bound.
    private func append(_ dictionary: AddressDictionary, _ shared: EncodedBytes?) -> [Chunk] {
        if dictionary.count == 1 { return [] }
        let addresses = dictionary.storage.values(as: IPAddress.self)
        if let shared, dictionary.count >= Self.sharedEntriesMin {
            let bits = members(addresses, of: shared.values(as: IPAddress.self))
            return [codesPacker.chunks.append(bits.bytes, .members)]
        }
        return append(packAddresses(addresses), .prefixes, .suffixes)
    }

    private func append(
        _ packed: PackedAddresses, _ prefixes: Chunk.Role, _ suffixes: Chunk.Role
    ) -> [Chunk] {
        let chunks = codesPacker.chunks
        return [
            chunks.append(packed.prefixes.bytes, prefixes, cutAt: packed.prefixCuts),
            chunks.append(packed.suffixes.bytes, suffixes, cutAt: packed.suffixCuts),
        ]
    }

    private func pack(
        _ other: OtherElements, _ summary: ColumnSummary, _ rows: Int, _ path: String
    ) throws(StoreError) -> ColumnEntry {
        let packed = FlowStore.pack(other, rows: rows)
        var chunks: [Chunk] = []
        for (role, octets) in [
            (Chunk.Role.layouts, packed.layouts), (.rows, packed.rows), (.octets, packed.octets),
        ] {
            guard octets.count <= otherOctetsMax else {
                throw StoreError(path: path, cause: .tooLarge(octets: octets.count))
            }
            chunks.append(unsafe codesPacker.chunks.append(octets.span.bytes, role))
        }
        return ColumnEntry(
            field: .other, encoding: .elements, width: 0, presentRows: summary.presentRows,
            dictionaryCount: 0, extent: .none, chunks: chunks)
    }
}

extension EncodedColumn {
    /// The dictionary of a column of addresses.
    fileprivate var dictionary: AddressDictionary? {
        if case .addresses(let dictionary, _) = values { dictionary } else { nil }
    }
}
