import FlowEnrichment
import FlowModel
import FlowStore
import Synchronization

/// A block whose countries are what the user says, where the user says anything.
///
/// Everything else is the block's own. What a country becomes is found for each entry of the
/// dictionary of addresses, so that rows are looked at only to put their codes together; a column is
/// made when it is first asked for, also for its summary.
final class OverriddenBlock: BlockSource {
    private let base: any BlockSource
    private let overrides: GeoOverrides
    /// Countries, of each side, that were put together already.
    private let made = Mutex<[Field: MadeColumn]>([:])

    private enum MadeColumn {
        case stored
        case column(EncodedColumn?, ColumnSummary?)
    }

    init(_ base: any BlockSource, _ overrides: GeoOverrides) {
        self.base = base
        self.overrides = overrides
    }

    private static func address(of field: Field) -> Field? {
        switch field {
        case .srcgeo: .srcip
        case .dstgeo: .dstip
        default: nil
        }
    }

    var rows: Int { base.rows }

    func summary(of field: Field) -> ColumnSummary? {
        guard Self.address(of: field) != nil else { return base.summary(of: field) }
        do {
            guard case .column(_, let summary) = try made(field) else {
                return base.summary(of: field)
            }
            return summary
        } catch {
            // Nothing can be told before the column is read, which will say what is wrong.
            return ColumnSummary(
                field: field, presentRows: max(rows - 1, 1), range: 0...UInt64(UInt16.max),
                addressRange: nil)
        }
    }

    func column(_ field: Field) throws -> EncodedColumn? {
        guard Self.address(of: field) != nil, case .column(let column, _) = try made(field) else {
            return try base.column(field)
        }
        return column
    }

    func codes(_ field: Field) throws -> ColumnCodes? {
        guard Self.address(of: field) != nil else { return try base.codes(field) }
        return try column(field).map {
            ColumnCodes(presence: $0.presence, codes: $0.values.codes)
        }
    }

    func ranks(_ field: Field) throws -> RankedColumn? {
        Self.address(of: field) == nil ? try base.ranks(field) : nil
    }

    func otherElements() throws -> OtherElements { try base.otherElements() }

    func addressDictionary(_ field: Field) throws -> AddressDictionary? {
        try base.addressDictionary(field)
    }

    func addresses(_ field: Field, at places: [Int]) throws -> AddressDictionary? {
        try base.addresses(field, at: places)
    }

    func scanning() -> any BlockSource { OverriddenBlock(base.scanning(), overrides) }

    func mayContain(_ ranges: [ClosedRange<IPAddress>]) -> Bool { base.mayContain(ranges) }

    func addressCodes(
        _ field: Field, in ranges: [ClosedRange<IPAddress>]
    ) throws -> CodeMatches? {
        try base.addressCodes(field, in: ranges)
    }

    // MARK: Putting a column together

    private func made(_ field: Field) throws -> MadeColumn {
        if let known = made.withLock({ $0[field] }) { return known }
        let column = try make(field)
        made.withLock { $0[field] = column }
        return column
    }

    private func make(_ field: Field) throws -> MadeColumn {
        guard let side = Self.address(of: field),
            let range = base.summary(of: side)?.addressRange,
            overrides.ranges.contains(where: { $0.overlaps(range) }),
            case .addresses(let dictionary, let codes)? = try base.column(side)?.values
        else { return .stored }
        let addresses = dictionary.storage.values(as: IPAddress.self)
        guard let verdicts = overrides.verdicts(on: addresses, within: times) else {
            return .stored
        }
        let sides = try base.column(side)?.presence ?? .all
        let stored = try base.column(field)
        let starts = verdicts.contains(.byTime) ? try self.starts() : nil
        var values = [UInt16](repeating: 0, count: rows)
        var present = [UInt64](repeating: 0, count: (rows + 63) / 64)
        var count = 0
        var low = UInt16.max
        var high: UInt16 = 0
        for row in 0..<rows {
            var country = stored?.number(at: row).map { CountryCode(rawValue: UInt16($0)) }
            if sides.has(row) {
                guard let code = Int(exactly: codes.code(at: row)), code < verdicts.count else {
                    throw DamagedBlock()
                }
                switch verdicts[code] {
                case .stored: break
                case .country(let other): country = other
                case .byTime:
                    if let rule = overrides.rule(for: addresses[code], at: starts?[row] ?? 0) {
                        country = rule.country
                    }
                }
            }
            guard let country else { continue }
            values[row] = country.rawValue
            present[row >> 6] |= 1 << UInt64(row & 63)
            count += 1
            low = min(low, country.rawValue)
            high = max(high, country.rawValue)
        }
        guard count > 0 else { return .column(nil, nil) }
        return .column(
            EncodedColumn(
                field: field, rows: rows,
                presence: count == rows ? .all : .some(EncodedBytes(present)),
                values: .frame(
                    base: 0, Codes(width: 2, storage: EncodedBytes(values)))),
            ColumnSummary(
                field: field, presentRows: count, range: UInt64(low)...UInt64(high),
                addressRange: nil))
    }

    /// The time that the flows of the block are placed in: their start, else their arrival.
    private var times: ClosedRange<UInt64> {
        let starts = base.summary(of: .start)
        let arrivals = base.summary(of: .received)?.range ?? 0...0
        guard let starts, let range = starts.range, starts.presentRows > 0 else { return arrivals }
        if starts.presentRows == rows { return range }
        return min(
            range.lowerBound, arrivals.lowerBound)...max(
                range.upperBound, arrivals.upperBound)
    }

    private func starts() throws -> [UInt64] {
        let starts = try base.column(.start)
        let arrivals = try base.column(.received)
        return (0..<rows).map { starts?.number(at: $0) ?? arrivals?.number(at: $0) ?? 0 }
    }
}

extension Presence {
    /// Whether a row has a value.
    func has(_ row: Int) -> Bool {
        switch self {
        case .all: true
        case .some(let bits): bits.values(as: UInt64.self)[row >> 6] >> UInt64(row & 63) & 1 != 0
        }
    }
}

extension EncodedBytes {
    /// A copy of numbers.
    convenience init<Number: FixedWidthInteger & BitwiseCopyable>(_ numbers: [Number]) {
        let width = MemoryLayout<Number>.stride
        self.init(count: numbers.count * width)
        var target = mutableBytes
        for (place, number) in numbers.enumerated() {
            target.storeBytes(of: number, toByteOffset: place * width, as: Number.self)
        }
    }
}
