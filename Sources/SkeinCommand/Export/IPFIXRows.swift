import FlowModel

/// The columns of a batch at hand for making records of its rows.
struct IPFIXRows {
    private let columns: [FlowColumn?]
    private let sent: [FlowColumn]
    private let other: OtherElements

    init(_ batch: FlowBatch) {
        var columns: [FlowColumn?] = Array(repeating: nil, count: Field.lastNumber + 1)
        for field in batch.fields { columns[Int(field.rawValue)] = batch.column(field) }
        self.columns = columns
        sent = batch.fields.filter(IPFIXTemplate.isSent).compactMap { batch.column($0) }
        other = batch.other
    }

    func number(_ field: Field, at row: Int) -> UInt64 {
        columns[Int(field.rawValue)]?.number(at: row) ?? 0
    }

    func address(_ field: Field, at row: Int) -> IPAddress? {
        columns[Int(field.rawValue)]?.address(at: row)
    }

    /// What the row has; its elements without a column are put in by the caller.
    func pattern(at row: Int) -> IPFIXPattern {
        var pattern = IPFIXPattern()
        for column in sent where column.isPresent(row) {
            pattern.insert(column.field)
            guard column.width == 16, let address = column.address(at: row), !address.isV4 else {
                continue
            }
            pattern.sixes |= 1 << UInt64(column.field.rawValue)
        }
        let proto = number(.proto, at: row)
        if proto == 1 || proto == 58 {
            pattern.family = proto == 58 ? .v6 : .v4
            pattern.isPortless = number(.dstport, at: row) == 0
        } else if proto == 0, pattern.has(.icmptype) {
            pattern.family = .implied
        }
        if pattern.has(.natevent), pattern.has(.event),
            number(.event, at: row) == number(.natevent, at: row)
        {
            // The NAT event alone says both.
            pattern.low &= ~(1 << UInt64(Field.event.rawValue))
        }
        return pattern
    }

    /// The elements without a column that the row has.
    func elements(at row: Int) -> [OtherElement]? {
        guard row < other.layoutOfRow.count, other.layoutOfRow[row] > 0 else { return nil }
        return other.layouts[Int(other.layoutOfRow[row]) - 1]
    }

    /// Appends a record; of the elements without a column those that `isSent` lets pass.
    func append(
        _ row: Int, _ template: IPFIXTemplate, to record: inout [UInt8],
        where isSent: (OtherElement) -> Bool
    ) {
        for step in template.outer { append(step, row, to: &record) }
        if row < other.layoutOfRow.count, other.layoutOfRow[row] > 0 {
            for (element, octets) in other.elements(at: row) where isSent(element) {
                Self.append(element, octets, to: &record)
            }
        }
        for step in template.steps { append(step, row, to: &record) }
    }

    @inline(__always)
    private func append(_ step: IPFIXTemplate.Step, _ row: Int, to record: inout [UInt8]) {
        switch step {
        case .number(let field, let octets):
            record.append(network: number(field, at: row), octets: octets)
        case .typeAndCode:
            record.append(network: UInt8(truncatingIfNeeded: number(.icmptype, at: row)))
            record.append(network: UInt8(truncatingIfNeeded: number(.icmpcode, at: row)))
        case .v4(let field):
            let address = address(field, at: row) ?? .v4Zero
            record.append(network: UInt32(truncatingIfNeeded: address.low))
        case .v6(let field):
            let address = address(field, at: row) ?? .v6Zero
            record.append(network: address.high)
            record.append(network: address.low)
        }
    }

    private static func append(
        _ element: OtherElement, _ octets: ArraySlice<UInt8>, to record: inout [UInt8]
    ) {
        if element.length == OtherElement.variableLength {
            // RFC 7011 §7: one octet of length, or 255 and two.
            if octets.count < 255 {
                record.append(UInt8(octets.count))
            } else {
                record.append(255)
                record.append(network: UInt16(truncatingIfNeeded: octets.count))
            }
        }
        record.append(contentsOf: octets)
    }
}
