import FlowModel
import FlowStore

/// A block in memory, encoded as the store does: frames of reference and address dictionaries.
final class MemoryBlock: BlockSource {
    let rows: Int
    private let columns: [Field: EncodedColumn]
    private let summaries: [Field: ColumnSummary]

    init(_ flows: [SyntheticFlow]) {
        rows = flows.count
        var columns: [Field: EncodedColumn] = [:]
        var summaries: [Field: ColumnSummary] = [:]
        func add(_ field: Field, _ values: [UInt64]) {
            let least = values.min() ?? 0
            let most = values.max() ?? 0
            columns[field] = EncodedColumn(
                field: field, rows: values.count, presence: .all,
                values: .frame(base: least, Self.pack(values.map { $0 - least })))
            summaries[field] = ColumnSummary(
                field: field, presentRows: values.count, range: least...most, addressRange: nil)
        }
        func add(_ field: Field, _ values: [IPAddress]) {
            let entries = Set(values).sorted()
            let place = Dictionary(
                uniqueKeysWithValues: entries.enumerated().map { ($1, UInt64($0)) })
            let storage = EncodedBytes(count: entries.count * 16)
            var bytes = storage.mutableBytes
            for (index, entry) in entries.enumerated() {
                bytes.storeBytes(of: entry.high, toByteOffset: index * 16, as: UInt64.self)
                bytes.storeBytes(of: entry.low, toByteOffset: index * 16 + 8, as: UInt64.self)
            }
            columns[field] = EncodedColumn(
                field: field, rows: values.count, presence: .all,
                values: .addresses(
                    AddressDictionary(storage: storage),
                    Self.pack(values.map { place[$0] ?? 0 })))
            summaries[field] = ColumnSummary(
                field: field, presentRows: values.count, range: nil,
                addressRange: entries[0]...entries[entries.count - 1])
        }
        add(.start, flows.map(\.start))
        add(.srcip, flows.map(\.source))
        add(.dstip, flows.map(\.destination))
        add(.srcport, flows.map { UInt64($0.sourcePort) })
        add(.dstport, flows.map { UInt64($0.destinationPort) })
        add(.proto, flows.map { UInt64($0.proto) })
        add(.packets, flows.map(\.packets))
        add(.bytes, flows.map(\.bytes))
        add(.received, flows.map { $0.start + $0.duration })
        add(.exporter, flows.map { _ in IPAddress(v4: 0xc000_0201) })
        let durations = flows.map(\.duration)
        columns[.end] = EncodedColumn(
            field: .end, rows: rows, presence: .all, values: .afterStart(Self.pack(durations)))
        let ends = flows.map { $0.start + $0.duration }
        summaries[.end] = ColumnSummary(
            field: .end, presentRows: rows, range: (ends.min() ?? 0)...(ends.max() ?? 0),
            addressRange: nil)
        self.columns = columns
        self.summaries = summaries
    }

    func summary(of field: Field) -> ColumnSummary? { summaries[field] }
    func column(_ field: Field) throws -> EncodedColumn? { columns[field] }
    func otherElements() throws -> OtherElements { OtherElements() }

    private static func pack(_ codes: [UInt64]) -> Codes {
        let most = codes.max() ?? 0
        let width =
            most == 0 ? 0 : most <= 0xff ? 1 : most <= 0xffff ? 2 : most <= 0xffff_ffff ? 4 : 8
        let storage = EncodedBytes(count: codes.count * width)
        var bytes = storage.mutableBytes
        for (row, code) in codes.enumerated() where width > 0 {
            let place = row * width
            switch width {
            case 1:
                bytes.storeBytes(
                    of: UInt8(truncatingIfNeeded: code), toByteOffset: place, as: UInt8.self)
            case 2:
                bytes.storeBytes(
                    of: UInt16(truncatingIfNeeded: code), toByteOffset: place, as: UInt16.self)
            case 4:
                bytes.storeBytes(
                    of: UInt32(truncatingIfNeeded: code), toByteOffset: place, as: UInt32.self)
            default: bytes.storeBytes(of: code, toByteOffset: place, as: UInt64.self)
            }
        }
        return Codes(width: width, storage: storage)
    }
}
