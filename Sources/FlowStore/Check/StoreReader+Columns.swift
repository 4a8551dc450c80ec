public import FlowModel

extension StoreReader {
    /// Octets that each column takes in the segments, in the order of the columns' numbers; what is
    /// left of ``octets`` are headers and directories.
    public var columnOctets: [(field: Field, octets: UInt64)] {
        var sums = [UInt64](repeating: 0, count: Field.table.count)
        for block in blocks {
            guard let block = block as? SegmentBlock else { continue }
            for (index, info) in Field.table.enumerated() {
                sums[index] += UInt64(block.storedOctets(of: info.field))
            }
        }
        return zip(Field.table, sums).filter { $1 > 0 }.map { ($0.field, $1) }
    }
}
