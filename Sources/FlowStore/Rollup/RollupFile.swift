public import FlowModel

/// A block of a rollup: its rows are sums over flows, of which `flows` says how many.
///
/// To a query it is a block of a segment: `start` is the bucket's, so windows, filters by key and groups
/// mean what they mean for flows.
public final class RollupBlock: BlockSource {
    /// What its rows tell apart.
    public let dimension: RollupDimension
    /// What its rows are.
    public let part: RollupPart
    private let block: any BlockSource

    init(_ block: any BlockSource, _ dimension: RollupDimension, _ part: RollupPart) {
        self.block = block
        self.dimension = dimension
        self.part = part
    }

    /// Rows in the block.
    public var rows: Int { block.rows }
    /// What is known of a column without reading it.
    public func summary(of field: Field) -> ColumnSummary? { block.summary(of: field) }
    /// Reads a column; nil where no row has a value.
    public func column(_ field: Field) throws -> EncodedColumn? { try block.column(field) }
    /// None.
    public func otherElements() throws -> OtherElements { try block.otherElements() }
    /// Reads only the dictionary of a column of addresses.
    public func addressDictionary(_ field: Field) throws -> AddressDictionary? {
        try block.addressDictionary(field)
    }

    /// Reads some entries of a column's dictionary.
    public func addresses(_ field: Field, at places: [Int]) throws -> AddressDictionary? {
        try block.addresses(field, at: places)
    }
    /// The same block for one scan.
    public func scanning() -> any BlockSource {
        RollupBlock(block.scanning(), dimension, part)
    }
    /// Whether any column of addresses may have one of the ranges; false is certain.
    public func mayContain(_ ranges: [ClosedRange<IPAddress>]) -> Bool { block.mayContain(ranges) }
}

extension RollupInfo {
    /// Opens a rollup; blocks of dimensions and parts that this build does not know are passed over.
    func open(
        _ directory: StoreDirectory, keepOpen: Bool, cache: BlockCache? = nil
    ) throws(StoreError) -> [RollupBlock] {
        let path = directory.rollup(self)
        let (blocks, footer) = try SegmentFile.open(
            path, info: file, keepOpen: keepOpen, cache: cache)
        return zip(blocks, footer.blocks).compactMap { block, record in
            guard let mark = record.mark,
                let dimension = RollupDimension.all.first(where: { $0.number == mark.dimension })
            else { return nil }
            return RollupBlock(block, dimension, mark.part)
        }
    }
}

extension StoreReader {
    /// Opens a rollup, which may be gone where the store was changed since.
    public func blocks(of rollup: RollupInfo) throws(StoreError) -> [RollupBlock] {
        try rollup.open(directory, keepOpen: true, cache: cache)
    }

    /// Whether a rollup was counted with the sampling rates as they are known now.
    ///
    /// - Parameter blocks: its blocks.
    public func isCurrent(_ rollup: RollupInfo, _ blocks: [RollupBlock]) throws -> Bool {
        try rollup.isCurrent(blocks, rates)
    }
}

extension RollupInfo {
    /// Whether it was counted with these sampling rates.
    func isCurrent(_ blocks: [RollupBlock], _ rates: SamplingRates) throws -> Bool {
        var exporters: Set<IPAddress> = []
        if !rates.isEmpty {
            for block in blocks where block.dimension.number == 2 && block.part == .keys {
                guard let dictionary = try block.addressDictionary(.exporter) else { continue }
                let addresses = dictionary.storage.values(as: IPAddress.self)
                for index in addresses.indices { exporters.insert(addresses[index]) }
            }
        }
        return RollupStamp(rates, exporters: exporters, received: received).holds(for: self)
    }
}
