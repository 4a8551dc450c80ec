import FlowModel
import FlowStore

/// The rates of a block's rows.
enum BlockSampling {
    /// All rows have this one; 0 = unknown.
    case constant(UInt64)
    /// They differ.
    case rows
}

extension BlockScan {
    /// Reads the columns that `quantities` are made of, so that decoding them cannot fail.
    func require(_ quantities: [Quantity]) throws {
        for quantity in quantities {
            for field in quantity.fields { _ = try column(field) }
            guard quantity.usesSampling else { continue }
            if case .field(.sampling) = quantity {} else if plan.raw { continue }
            if case .rows = try blockSampling() { try resolver.require(of: self) }
        }
    }

    /// The rates of this block.
    func blockSampling() throws -> BlockSampling {
        if let sampling { return sampling }
        let found: BlockSampling
        if let rate = plan.rates.constant(forSummariesOf: block) {
            found = .constant(rate)
        } else {
            found = .rows
            resolver.begin()
        }
        sampling = found
        return found
    }

    /// The resolved rate of each row.
    func rates(_ rows: RowSet, into values: Scratch<UInt64>) throws {
        switch try blockSampling() {
        case .constant(let rate):
            var values = values.mutable
            fillNumbers(&values, count: rows.count, with: rate)
        case .rows:
            try resolver.require(of: self)
            resolver.read(rows, of: self, into: values)
        }
    }

    /// The bitmaps of which all must be set where the quantity has a value; nil where it never has.
    func presences(of quantity: Quantity) throws -> [EncodedBytes]? {
        switch quantity {
        case .field(let field):
            if field == .sampling || field.isDense { return [] }
            guard let column = try column(field) else { return nil }
            return column.presenceBits.map { [$0] } ?? []
        case .duration, .pps, .bps:
            guard let start = try column(.start), let end = try column(.end) else { return nil }
            return [start.presenceBits, end.presenceBits].compactMap { $0 }
        case .bpp: return []
        }
    }

    /// Which of `rows` have a value, 1 or 0 each.
    func fillFlags(_ present: [EncodedBytes], _ rows: RowSet, into flags: Scratch<UInt8>) {
        let (selection, listed) = (selection, listed)
        var mutable = flags.mutable
        fillMask(&mutable, at: 0, count: rows.count, with: 1)
        for bits in present {
            let words = bits.values(as: UInt64.self)
            switch rows {
            case .contiguous(let range):
                intersectFlags(words, contiguous: range, into: &mutable)
            case .selected(let range):
                intersectFlags(words, at: selection.span.extracting(range), into: &mutable)
            case .listed(let range):
                intersectFlags(words, at: listed.span.extracting(range), into: &mutable)
            }
        }
    }

    /// base + code of `rows`.
    func read(_ codes: Codes, base: UInt64, _ rows: RowSet, into values: Scratch<UInt64>) {
        let (selection, listed) = (selection, listed)
        var mutable = values.mutable
        switch rows {
        case .contiguous(let range): codes.widen(range, base: base, into: &mutable)
        case .selected(let range):
            codes.gather(selection.span.extracting(range), base: base, into: &mutable)
        case .listed(let range):
            codes.gather(listed.span.extracting(range), base: base, into: &mutable)
        }
    }

    /// A column's numbers as stored; rows without one have any, dense columns that are not there 0.
    func stored(_ field: Field, _ rows: RowSet, into values: Scratch<UInt64>) throws {
        let column = try column(field)
        switch column?.values {
        case .frame(let base, let codes): read(codes, base: base, rows, into: values)
        case .dictionary(let dictionary, let codes):
            read(codes, base: 0, rows, into: values)
            var mutable = values.mutable
            translateCodes(&mutable, count: rows.count, by: dictionary.span)
        case .afterStart(let codes):
            try stored(.start, rows, into: values)
            let offsets = offsets
            read(codes, base: 0, rows, into: offsets)
            var mutable = values.mutable
            addOffsets(offsets.span, to: &mutable, count: rows.count)
        case .addresses, nil:
            var mutable = values.mutable
            fillNumbers(&mutable, count: rows.count, with: 0)
        }
    }

    /// A quantity's numbers, scaled unless raw; rows without one have any.
    func numbers(_ quantity: Quantity, _ rows: RowSet, into values: Scratch<UInt64>) throws {
        switch quantity {
        case .field(.sampling): try rates(rows, into: values)
        case .field(let field):
            try stored(field, rows, into: values)
            if field.isCounter { try scale(values, rows) }
        case .duration: try durations(rows, into: values)
        case .pps, .bps:
            let field: Field = quantity == .pps ? .packets : .bytes
            try stored(field, rows, into: values)
            try scale(values, rows)
            let durations = durations
            try self.durations(rows, into: durations)
            var mutable = values.mutable
            divideNumbers(
                &mutable, count: rows.count, times: quantity == .pps ? 1000 : 8000,
                by: durations.span)
        case .bpp:
            // Both are scaled alike, so the rate does not matter.
            try stored(.bytes, rows, into: values)
            let packets = durations
            try stored(.packets, rows, into: packets)
            var mutable = values.mutable
            divideNumbers(&mutable, count: rows.count, times: 1, by: packets.span)
        }
    }

    /// A counter's numbers, 0 where a row has none.
    func counts(
        _ field: Field, _ rows: RowSet, _ flags: Scratch<UInt8>, into values: Scratch<UInt64>
    ) throws {
        guard let present = try presences(of: .field(field)) else {
            var mutable = values.mutable
            fillNumbers(&mutable, count: rows.count, with: 0)
            return
        }
        try numbers(.field(field), rows, into: values)
        if present.isEmpty { return }
        fillFlags(present, rows, into: flags)
        var mutable = values.mutable
        clearAbsent(&mutable, flags.span, count: rows.count)
    }

    private func scale(_ values: Scratch<UInt64>, _ rows: RowSet) throws {
        if plan.raw { return }
        switch try blockSampling() {
        case .constant(let rate):
            guard rate > 1 else { return }
            var mutable = values.mutable
            scaleNumbers(&mutable, count: rows.count, by: rate)
        case .rows:
            let rateValues = rateValues
            try rates(rows, into: rateValues)
            var mutable = values.mutable
            scaleNumbers(&mutable, count: rows.count, by: rateValues.span)
        }
    }

    private func durations(_ rows: RowSet, into values: Scratch<UInt64>) throws {
        if case .afterStart(let codes)? = try column(.end)?.values {
            read(codes, base: 0, rows, into: values)
            return
        }
        try stored(.end, rows, into: values)
        let starts = starts
        try stored(.start, rows, into: starts)
        var mutable = values.mutable
        subtractStarts(starts.span, from: &mutable, count: rows.count)
    }

    /// The addresses of `rows`; rows without one have any, dense columns that are not there `::`.
    func addresses(
        _ field: Field, _ rows: RowSet, codes scratch: Scratch<UInt64>,
        into addresses: Scratch<IPAddress>
    ) throws {
        guard case .addresses(let dictionary, let codes)? = try column(field)?.values else {
            for row in 0..<rows.count { addresses[row] = .v6Zero }
            return
        }
        read(codes, base: 0, rows, into: scratch)
        let entries = dictionary.storage.values(as: IPAddress.self)
        let last = entries.count - 1
        for row in 0..<rows.count {
            addresses[row] = entries[min(Int(truncatingIfNeeded: scratch[row]), last)]
        }
    }
}

extension RateTable {
    /// The rate of every row, as far as the summaries tell.
    func constant(forSummariesOf block: (any BlockSource)?) -> UInt64? {
        block.flatMap { constant(for: $0) }
    }
}

extension Quantity {
    /// The columns it is made of.
    var fields: [Field] {
        switch self {
        case .field(.end): [.end, .start]  // an end may be kept as an offset to its start
        case .field(let field): [field]
        case .duration: [.start, .end]
        case .pps: [.start, .end, .packets]
        case .bps: [.start, .end, .bytes]
        case .bpp: [.bytes, .packets]
        }
    }
}

/// The rates of the rows of a block where they differ, found once for the whole block.
final class RateResolver {
    private var isResolved = false
    private lazy var rates = Scratch<UInt64>(BlockScan.rowsMax, repeating: 1)
    private lazy var own = Scratch<UInt64>(pieceRows, repeating: 0)
    private lazy var domains = Scratch<UInt64>(pieceRows, repeating: 0)
    private lazy var samplers = Scratch<UInt64>(pieceRows, repeating: 0)
    private lazy var interfaces = Scratch<UInt64>(pieceRows, repeating: 0)
    private lazy var received = Scratch<UInt64>(pieceRows, repeating: 0)
    private lazy var codes = Scratch<UInt64>(pieceRows, repeating: 0)
    private lazy var exporters = Scratch<IPAddress>(pieceRows, repeating: .v6Zero)
    private lazy var flags = (0..<4).map { _ in Scratch<UInt8>(pieceRows, repeating: 0) }
    private var cache = RateCache()

    /// Forgets the last block.
    func begin() { isResolved = false }

    /// Finds the rates of all rows.
    func require(of scan: BlockScan) throws {
        if isResolved { return }
        for piece in scan.pieces(of: scan.rows, { .contiguous($0) }) {
            guard case .contiguous(let rows) = piece else { continue }
            try scan.stored(.sampling, piece, into: own)
            try scan.stored(.domain, piece, into: domains)
            try scan.stored(.samplerid, piece, into: samplers)
            try scan.stored(.inif, piece, into: interfaces)
            try scan.stored(.received, piece, into: received)
            try scan.addresses(.exporter, piece, codes: codes, into: exporters)
            let fields: [Field] = [.sampling, .domain, .samplerid, .inif]
            for (flags, field) in zip(flags, fields) {
                // Not `presences`: for that, the rate is always there.
                if let column = try scan.column(field) {
                    scan.fillFlags(column.presenceBits.map { [$0] } ?? [], piece, into: flags)
                } else {
                    var mutable = flags.mutable
                    fillMask(&mutable, at: 0, count: piece.count, with: 0)
                }
            }
            for index in 0..<piece.count {
                if flags[0][index] != 0 {
                    rates[rows.lowerBound + index] = own[index]
                    continue
                }
                rates[rows.lowerBound + index] = cache.interval(
                    exporter: exporters[index],
                    domain: flags[1][index] == 0
                        ? 0 : UInt32(truncatingIfNeeded: domains[index]),
                    sampler: flags[2][index] == 0 ? nil : samplers[index],
                    interface: flags[3][index] == 0
                        ? nil : UInt32(truncatingIfNeeded: interfaces[index]),
                    received: received[index], in: scan.plan.rates)
            }
        }
        isResolved = true
    }

    /// The rates of some rows.
    func read(_ rows: RowSet, of scan: BlockScan, into values: Scratch<UInt64>) {
        switch rows {
        case .contiguous(let range):
            for (index, row) in range.enumerated() { values[index] = rates[row] }
        case .selected(let range):
            for (index, place) in range.enumerated() {
                values[index] = rates[Int(scan.selection[place])]
            }
        case .listed(let range):
            for (index, place) in range.enumerated() {
                values[index] = rates[Int(scan.listed[place])]
            }
        }
    }
}
