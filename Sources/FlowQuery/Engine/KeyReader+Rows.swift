import FlowModel
import FlowStore

extension KeyReader {
    /// Reads the values of `rows`.
    func read(_ scan: BlockScan, _ rows: RowSet) throws {
        let (flags, values) = (flags, values)
        if isAbsent {
            var values = values.mutable
            FlowQuery.fillNumbers(&values, count: rows.count, with: 0)
            var flags = flags.mutable
            fillMask(&flags, at: 0, count: rows.count, with: 0)
            return
        }
        switch plan.kind {
        case .number where isJoined: try scan.services(rows, into: values)
        case .number(let field): try scan.numbers(.field(field), rows, into: values)
        case .bucket(let field, let step):
            try scan.numbers(.field(field), rows, into: values)
            var values = values.mutable
            cutNumbers(&values, count: rows.count, to: step)
        case .placed(let step): try readPlaces(scan, rows, step: step)
        case .sketched(let quantity):
            try scan.numbers(quantity, rows, into: values)
            var values = values.mutable
            sketchNumbers(&values, count: rows.count)
        case .address(let field, _, _): try codes.read(field, scan, rows, into: values)
        }
        // Only now: reading the values may use the flags.
        scan.fillFlags(present, rows, into: flags)
        if !present.isEmpty {
            var values = values.mutable
            clearAbsent(&values, flags.span, count: rows.count)
        }
    }

    private func readPlaces(_ scan: BlockScan, _ rows: RowSet, step: UInt64) throws {
        if let start = try scan.presences(of: .field(.start)) {
            try scan.stored(.start, rows, into: values)
            if !start.isEmpty {
                try scan.stored(.received, rows, into: scan.starts)
                scan.fillFlags(start, rows, into: flags)
                for row in 0..<rows.count where flags[row] == 0 { values[row] = scan.starts[row] }
            }
        } else {
            try scan.stored(.received, rows, into: values)
        }
        let table = values
        var values = table.mutable
        cutNumbers(&values, count: rows.count, to: step)
    }

    /// Sets the key's bits in the packed records of the rows last read, and notes the rows whose key
    /// is none of the small layout.
    func setSmall(_ part: KeyLayout.Part, into piece: GroupPiece) {
        let (flags, values, packed) = (flags, values, piece.packed)
        let stride = piece.layout.stride(.packed)
        var records = packed.mutable
        setBits(
            &records, values.span, count: piece.count, at: part.start >> 6, stride: stride,
            shift: UInt64(64 - part.start & 63 - part.bits), mask: ~0 >> UInt64(64 - part.bits))
        let forms = piece.forms
        var mutable = forms.mutable
        if part.isAddress { markFull(&mutable, values.span, count: piece.count) }
        if let present = part.present {
            setFlags(
                &records, flags.span, count: piece.count, at: present >> 6, stride: stride,
                shift: UInt64(63 - present & 63))
        } else if part.isAddress {
            markAbsent(&mutable, flags.span, count: piece.count)
        }
    }

    /// Sets the key's bits in full, in a record for each of the rows listed.
    func setFull(
        _ part: KeyLayout.Part, into table: Scratch<UInt64>, stride: Int, _ rows: Span<UInt16>
    ) {
        let (flags, values) = (flags, values)
        var records = table.mutable
        let keys = FullKeys(part: part, stride: stride, rows: rows)
        if part.isAddress {
            codes.setKeys(keys, values.span, flags.span, in: &records)
        } else {
            keys.set(values.span, flags.span, in: &records)
        }
    }
}

/// Where the values of one key go in the full records of listed rows.
private struct FullKeys: ~Escapable {
    let part: KeyLayout.Part
    let stride: Int
    let rows: Span<UInt16>

    @_lifetime(copy rows)
    init(part: KeyLayout.Part, stride: Int, rows: Span<UInt16>) {
        self.part = part
        self.stride = stride
        self.rows = rows
    }

    /// Sets numbers.
    func set(_ values: Span<UInt64>, _ flags: Span<UInt8>, in records: inout MutableSpan<UInt64>) {
        for index in 0..<rows.count {
            let row = Int(rows[index])
            if flags[row] == 0 { continue }
            let key = index &* stride
            if let present = part.present { setKeyBits(&records, key, present, 1, to: 1) }
            setKeyBits(&records, key, part.start, part.bits, to: values[row])
        }
    }

    /// Sets addresses.
    @inline(__always)
    func set(
        _ values: Span<UInt64>, _ flags: Span<UInt8>, in records: inout MutableSpan<UInt64>,
        _ address: (UInt64) -> IPAddress
    ) {
        for index in 0..<rows.count {
            let row = Int(rows[index])
            if flags[row] == 0 { continue }
            let key = index &* stride
            if let present = part.present { setKeyBits(&records, key, present, 1, to: 1) }
            let address = address(values[row])
            setKeyBits(&records, key, part.start, 64, to: address.high)
            setKeyBits(&records, key, part.start &+ 64, 64, to: address.low)
        }
    }
}

func cutNumbers(_ values: inout MutableSpan<UInt64>, count: Int, to step: UInt64) {
    precondition(count <= values.count && step > 0)
    if step == 1 { return }
    for row in 0..<count { unsafe values[unchecked: row] -= values[unchecked: row] % step }
}

private func setFlags(
    _ records: inout MutableSpan<UInt64>, _ flags: Span<UInt8>, count: Int, at word: Int,
    stride: Int, shift: UInt64
) {
    precondition(count <= flags.count && word < stride && count * stride <= records.count)
    for row in 0..<count {
        unsafe records[unchecked: word &+ row &* stride] |= UInt64(flags[unchecked: row]) << shift
    }
}

/// Notes the rows whose value is not an IPv4 address.
private func markFull(_ forms: inout MutableSpan<UInt8>, _ values: Span<UInt64>, count: Int) {
    precondition(count <= forms.count && count <= values.count)
    for row in 0..<count {
        unsafe forms[unchecked: row] |= UInt8(
            truncatingIfNeeded: values[unchecked: row] >> 62 & 2)
    }
}

private func markAbsent(_ forms: inout MutableSpan<UInt8>, _ flags: Span<UInt8>, count: Int) {
    precondition(count <= forms.count && count <= flags.count)
    for row in 0..<count { unsafe forms[unchecked: row] |= (flags[unchecked: row] ^ 1) << 1 }
}

/// The addresses of one column of a block, cut to the prefixes of a key, as numbers.
///
///     IPv4   the address
///     other  [ 1 ][ place in the dictionary ]
///
/// Where many rows are read, the dictionary is translated once for the block.
struct AddressCodes {
    private var v4Mask: UInt64 = 0
    private var v6Mask = IPAddress.v6Zero
    private var column: EncodedColumn?
    private var isTranslated = false
    private let table = Scratch<UInt64>(unwritten: BlockScan.rowsMax)

    private static let otherFlag: UInt64 = 1 << 63

    /// The number where a dense column is not there: `::`.
    static let absent = otherFlag

    /// Forgets the last block.
    mutating func begin(_ plan: KeyPlan) {
        column = nil
        isTranslated = false
        guard case .address(_, let v4, let v6) = plan.kind else { return }
        v4Mask = IPAddress.mask(v4).low & 0xffff_ffff
        v6Mask = IPAddress.mask(v6)
    }

    /// Writes the addresses of `rows`.
    mutating func read(
        _ field: Field, _ scan: BlockScan, _ rows: RowSet, into values: Scratch<UInt64>
    ) throws {
        guard case .addresses(let dictionary, let codes)? = try fetch(field, scan) else {
            // A dense column that is not there has `::` in all rows.
            var values = values.mutable
            fillNumbers(&values, count: rows.count, with: Self.absent)
            return
        }
        let entries = dictionary.storage.values(as: IPAddress.self)
        let table = table
        scan.read(codes, base: 0, rows, into: values)
        var numbers = values.mutable
        if !isTranslated, scan.selectedCount >= entries.count, entries.count <= table.count {
            var table = table.mutable
            translateDictionary(entries, mask: v4Mask, into: &table)
            isTranslated = true
        }
        if isTranslated {
            translateCodes(
                &numbers, count: rows.count, by: table.span.extracting(0..<entries.count))
        } else {
            lookUpAddresses(&numbers, count: rows.count, entries, mask: v4Mask)
        }
    }

    /// The column of the block; nil where there is none.
    mutating func fetch(_ field: Field, _ scan: BlockScan) throws -> EncodedColumn.Values? {
        if column == nil { column = try scan.addressColumn(field) }
        return column?.values
    }

    /// The dictionary of the column that was fetched; nil where there is none.
    var dictionary: AddressDictionary? {
        if case .addresses(let dictionary, _)? = column?.values { dictionary } else { nil }
    }

    /// Replaces codes of the column by numbers.
    func lookUp(_ values: inout MutableSpan<UInt64>, count: Int) {
        guard case .addresses(let dictionary, _)? = column?.values else { return }
        lookUpAddresses(
            &values, count: count, dictionary.storage.values(as: IPAddress.self), mask: v4Mask)
    }

    /// Sets the addresses that numbers stand for.
    fileprivate func setKeys(
        _ keys: FullKeys, _ values: Span<UInt64>, _ flags: Span<UInt8>,
        in records: inout MutableSpan<UInt64>
    ) {
        guard case .addresses(let dictionary, _)? = column?.values else {
            keys.set(values, flags, in: &records) { _ in .v6Zero }
            return
        }
        let entries = dictionary.storage.values(as: IPAddress.self)
        let mask = v6Mask
        keys.set(values, flags, in: &records) { number in
            if number & Self.otherFlag == 0 {
                return IPAddress(v4: UInt32(truncatingIfNeeded: number))
            }
            let address = entries[Int(truncatingIfNeeded: number & ~Self.otherFlag)]
            return IPAddress(high: address.high & mask.high, low: address.low & mask.low)
        }
    }

    @inline(__always)
    fileprivate static func number(_ address: IPAddress, at place: Int, _ mask: UInt64) -> UInt64 {
        address.isV4 ? address.low & mask : otherFlag | UInt64(truncatingIfNeeded: place)
    }
}

private func translateDictionary(
    _ entries: Span<IPAddress>, mask: UInt64, into table: inout MutableSpan<UInt64>
) {
    precondition(entries.count <= table.count)
    for place in 0..<entries.count {
        unsafe table[unchecked: place] = AddressCodes.number(
            entries[unchecked: place], at: place, mask)
    }
}

/// Replaces codes by numbers; a code beyond the dictionary reads as its last entry.
private func lookUpAddresses(
    _ values: inout MutableSpan<UInt64>, count: Int, _ entries: Span<IPAddress>, mask: UInt64
) {
    precondition(count <= values.count && !entries.isEmpty)
    let last = entries.count - 1
    for row in 0..<count {
        let place = unsafe min(Int(truncatingIfNeeded: values[unchecked: row]), last)
        unsafe values[unchecked: row] = AddressCodes.number(
            entries[unchecked: place], at: place, mask)
    }
}
