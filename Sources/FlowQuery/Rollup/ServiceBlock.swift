import FlowModel
import FlowStore

/// A block with one column more: `service`, which is made of protocol and ports when it is read.
final class ServiceBlock: BlockSource {
    let block: any BlockSource

    init(_ block: any BlockSource) { self.block = block }

    var rows: Int { block.rows }

    func summary(of field: Field) -> ColumnSummary? {
        guard field == .service else { return block.summary(of: field) }
        return ColumnSummary(
            field: .service, presentRows: block.rows, range: 0...0xff_ffff, addressRange: nil)
    }

    func column(_ field: Field) throws -> EncodedColumn? {
        field == .service ? try Service.column(of: block) : try block.column(field)
    }

    func otherElements() throws -> OtherElements { try block.otherElements() }

    func addressDictionary(_ field: Field) throws -> AddressDictionary? {
        try block.addressDictionary(field)
    }

    func addresses(_ field: Field, at places: [Int]) throws -> AddressDictionary? {
        try block.addresses(field, at: places)
    }

    func scanning() -> any BlockSource { ServiceBlock(block.scanning()) }

    func mayContain(_ ranges: [ClosedRange<IPAddress>]) -> Bool { block.mayContain(ranges) }

    func addressCodes(
        _ field: Field, in ranges: [ClosedRange<IPAddress>]
    ) throws -> CodeMatches? {
        try block.addressCodes(field, in: ranges)
    }

    func codes(_ field: Field) throws -> ColumnCodes? {
        field == .service
            ? try column(field).map { ColumnCodes(presence: $0.presence, codes: $0.values.codes) }
            : try block.codes(field)
    }

    func ranks(_ field: Field) throws -> RankedColumn? {
        field == .service ? nil : try block.ranks(field)
    }

    func picking(_ rows: [UInt16]) -> (any BlockSource)? {
        block.picking(rows).map(ServiceBlock.init)
    }
}

extension BlockSource {
    /// Whether rows are sums over flows, of which `flows` says how many, and not flows.
    var isRollup: Bool {
        self is RollupBlock || (self as? ServiceBlock)?.block is RollupBlock
    }
}

extension QueryRequest {
    /// Whether something asks for a field by its name.
    func mentions(_ field: Field) -> Bool {
        var quantities = FilterPlan(self).leaves.map(\.quantity)
        var keys = distinct
        switch kind {
        case .total: break
        case .groups(let by, _, _), .series(_, let by): keys += by
        case .flows(let outputs, let sort, _):
            for case .quantity(let quantity) in outputs { quantities.append(quantity) }
            if let sort { quantities.append(sort.quantity) }
        }
        quantities += statistics.map(\.quantity)
        return quantities.contains(.field(field)) || keys.contains { $0.field == field }
    }
}
