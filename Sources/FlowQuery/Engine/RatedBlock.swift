import FlowModel
import FlowStore
import Synchronization

/// A block whose `sampling` is what the user says, for the exporters of which the user says anything.
///
/// Everything else is the block's own: rows of other exporters have the rate that they bear, or none,
/// and then what was announced holds. The column is made when it is first asked for, also for its
/// summary.
final class RatedBlock: BlockSource {
    private let base: any BlockSource
    private let overrides: RateOverrides
    private let made = Mutex<Made?>(nil)

    private struct Made {
        var column: EncodedColumn?
        var summary: ColumnSummary?
    }

    init(_ base: any BlockSource, _ overrides: RateOverrides) {
        self.base = base
        self.overrides = overrides
    }

    var rows: Int { base.rows }

    func summary(of field: Field) -> ColumnSummary? {
        guard field == .sampling else { return base.summary(of: field) }
        do {
            return try sampling().summary
        } catch {
            // Nothing can be told before the column is read, which will say what is wrong.
            return ColumnSummary(
                field: field, presentRows: max(rows - 1, 1), range: 0...UInt64(UInt32.max),
                addressRange: nil)
        }
    }

    func column(_ field: Field) throws -> EncodedColumn? {
        field == .sampling ? try sampling().column : try base.column(field)
    }

    func codes(_ field: Field) throws -> ColumnCodes? {
        guard field == .sampling else { return try base.codes(field) }
        return try column(field).map {
            ColumnCodes(presence: $0.presence, codes: $0.values.codes)
        }
    }

    func ranks(_ field: Field) throws -> RankedColumn? {
        field == .sampling ? nil : try base.ranks(field)
    }

    func otherElements() throws -> OtherElements { try base.otherElements() }

    func addressDictionary(_ field: Field) throws -> AddressDictionary? {
        try base.addressDictionary(field)
    }

    func addresses(_ field: Field, at places: [Int]) throws -> AddressDictionary? {
        try base.addresses(field, at: places)
    }

    func scanning() -> any BlockSource { RatedBlock(base.scanning(), overrides) }

    func picking(_ rows: [UInt16]) -> (any BlockSource)? {
        base.picking(rows).map { RatedBlock($0, overrides) }
    }

    func mayContain(_ ranges: [ClosedRange<IPAddress>]) -> Bool { base.mayContain(ranges) }

    func addressCodes(
        _ field: Field, in ranges: [ClosedRange<IPAddress>]
    ) throws -> CodeMatches? {
        try base.addressCodes(field, in: ranges)
    }

    // MARK: Putting the column together

    private func sampling() throws -> Made {
        if let known = made.withLock({ $0 }) { return known }
        let column = try make()
        made.withLock { $0 = column }
        return column
    }

    private func make() throws -> Made {
        if let interval = constant() {
            return Made(
                column: EncodedColumn(
                    field: .sampling, rows: rows, presence: .all,
                    values: .frame(
                        base: interval, Codes(width: 0, storage: EncodedBytes(count: 0)))),
                summary: ColumnSummary(
                    field: .sampling, presentRows: rows, range: interval...interval,
                    addressRange: nil))
        }
        let exporters = try ExporterReader(base, overrides)
        let domains = try base.column(.domain)
        let stored = try base.column(.sampling)
        var values = [UInt32](repeating: 0, count: rows)
        var present = [UInt64](repeating: 0, count: (rows + 63) / 64)
        var count = 0
        var (low, high) = (UInt32.max, UInt32(0))
        var last: (exporter: IPAddress, domain: UInt32, interval: UInt32?)?
        for row in 0..<rows {
            var interval = stored?.number(at: row).map { UInt32(truncatingIfNeeded: $0) }
            if let exporter = try exporters.exporter(row) {
                let domain = UInt32(truncatingIfNeeded: domains?.number(at: row) ?? 0)
                if last?.exporter != exporter || last?.domain != domain {
                    last = (
                        exporter, domain, overrides.interval(exporter: exporter, domain: domain)
                    )
                }
                interval = last?.interval ?? interval
            }
            guard let interval else { continue }
            values[row] = interval
            present[row >> 6] |= 1 << UInt64(row & 63)
            count += 1
            low = min(low, interval)
            high = max(high, interval)
        }
        guard count > 0 else { return Made(column: nil, summary: nil) }
        return Made(
            column: EncodedColumn(
                field: .sampling, rows: rows,
                presence: count == rows ? .all : .some(EncodedBytes(present)),
                values: .frame(base: 0, Codes(width: 4, storage: EncodedBytes(values)))),
            summary: ColumnSummary(
                field: .sampling, presentRows: count, range: UInt64(low)...UInt64(high),
                addressRange: nil))
    }

    /// The rate of all rows, where the summaries tell that they are of one domain of one exporter.
    private func constant() -> UInt64? {
        guard let exporters = base.summary(of: .exporter), exporters.presentRows == rows,
            let range = exporters.addressRange, range.lowerBound == range.upperBound
        else { return nil }
        var domain: UInt64 = 0
        if let domains = base.summary(of: .domain), domains.presentRows > 0 {
            guard domains.presentRows == rows, let range = domains.range,
                range.lowerBound == range.upperBound
            else { return nil }
            domain = range.lowerBound
        }
        return overrides.interval(
            exporter: range.lowerBound, domain: UInt32(truncatingIfNeeded: domain)
        ).map { UInt64($0) }
    }
}

/// The exporters of a block's rows of which rules speak, told by the entries of its dictionary.
private struct ExporterReader {
    private let presence: Presence
    private let codes: Codes?
    /// For each entry of the dictionary; nil where no rule speaks of it.
    private var exporters: [IPAddress?] = []
    private let ofNobody: IPAddress?

    init(_ block: any BlockSource, _ overrides: RateOverrides) throws {
        ofNobody = overrides.speak(of: .v6Zero) ? .v6Zero : nil
        guard let column = try block.column(.exporter),
            case .addresses(let dictionary, let codes) = column.values
        else {
            (presence, codes) = (.all, nil)
            return
        }
        (presence, self.codes) = (column.presence, codes)
        let addresses = dictionary.storage.values(as: IPAddress.self)
        for index in addresses.indices {
            let address = addresses[index]
            exporters.append(overrides.speak(of: address) ? address : nil)
        }
    }

    /// Nil where no rule speaks of the row's.
    func exporter(_ row: Int) throws -> IPAddress? {
        guard let codes, presence.has(row) else { return ofNobody }
        guard let code = Int(exactly: codes.code(at: row)), code < exporters.count else {
            throw DamagedBlock()
        }
        return exporters[code]
    }
}
