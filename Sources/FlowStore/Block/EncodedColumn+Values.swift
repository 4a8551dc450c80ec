public import FlowModel

// Values out of encoded columns, one row at a time or all at once; for filters see the codes.

extension EncodedColumn {
    /// Whether `row` has a value.
    public func isPresent(_ row: Int) -> Bool {
        precondition(row >= 0 && row < rows)
        switch presence {
        case .all: return true
        case .some(let bits):
            return bits.values(as: UInt64.self)[row >> 6] >> UInt64(row & 63) & 1 != 0
        }
    }

    /// The number at `row`; nil where absent, and for columns of addresses.
    ///
    /// - Parameter start: the block's `start` column, which `end` may be relative to.
    public func number(at row: Int, start: EncodedColumn? = nil) -> UInt64? {
        guard isPresent(row) else { return nil }
        switch values {
        case .frame(let base, let codes): return base &+ codes.code(at: row)
        case .dictionary(let dictionary, let codes): return dictionary[Int(codes.code(at: row))]
        case .afterStart(let codes):
            return start?.number(at: row).map { $0 &+ codes.code(at: row) }
        case .addresses: return nil
        }
    }

    /// The address at `row`; nil where absent, and for columns of numbers.
    public func address(at row: Int) -> IPAddress? {
        guard isPresent(row), case .addresses(let dictionary, let codes) = values else {
            return nil
        }
        return dictionary.storage.values(as: IPAddress.self)[Int(codes.code(at: row))]
    }

    /// Writes the numbers of all rows; what stands for rows without a value means nothing.
    ///
    /// For columns of numbers. `output` has at least ``rows`` elements.
    ///
    /// - Parameter start: the block's `start` column, which `end` may be relative to.
    public func decodeNumbers(into output: inout MutableSpan<UInt64>, start: EncodedColumn? = nil) {
        precondition(output.count >= rows)
        switch values {
        case .frame(let base, let codes): codes.widen(rows: rows, base: base, into: &output)
        case .dictionary(let dictionary, let codes):
            switch codes.width {
            case 1:
                lookUp(
                    codes.storage.values(as: UInt8.self), in: dictionary.span, into: &output)
            case 2:
                lookUp(
                    codes.storage.values(as: UInt16.self), in: dictionary.span, into: &output)
            default:
                for row in 0..<rows { output[row] = dictionary[Int(codes.code(at: row))] }
            }
        case .afterStart(let codes):
            guard let start else { preconditionFailure("end is relative to start") }
            start.decodeNumbers(into: &output)
            codes.add(to: &output)
        case .addresses: preconditionFailure("\(field.name) is a column of addresses")
        }
    }
}

extension EncodedColumn {
    /// Writes the lowest 16 bits of the numbers of all rows, as ``decodeNumbers(into:start:)`` does.
    ///
    /// For columns of numbers but `end`. `output` has ``rows`` elements.
    func decodeNarrow(into output: inout MutableSpan<UInt16>) {
        precondition(output.count == rows)
        switch values {
        case .frame(let base, let codes):
            let base = UInt16(truncatingIfNeeded: base)
            switch codes.width {
            case 1: narrow(codes.storage.values(as: UInt8.self), plus: base, into: &output)
            case 2: narrow(codes.storage.values(as: UInt16.self), plus: base, into: &output)
            default:
                for row in 0..<rows {
                    output[row] = base &+ UInt16(truncatingIfNeeded: codes.code(at: row))
                }
            }
        case .dictionary(let dictionary, let codes):
            let table = dictionary.map { UInt16(truncatingIfNeeded: $0) }
            switch codes.width {
            case 1: lookUp(codes.storage.values(as: UInt8.self), in: table.span, into: &output)
            case 2: lookUp(codes.storage.values(as: UInt16.self), in: table.span, into: &output)
            default: for row in 0..<rows { output[row] = table[Int(codes.code(at: row))] }
            }
        case .afterStart, .addresses:
            preconditionFailure("\(field.name) is no column of small numbers")
        }
    }
}

extension Codes {
    /// The code at `row`.
    public func code(at row: Int) -> UInt64 {
        switch width {
        case 1: UInt64(storage.values(as: UInt8.self)[row])
        case 2: UInt64(storage.values(as: UInt16.self)[row])
        case 4: UInt64(storage.values(as: UInt32.self)[row])
        case 8: storage.values(as: UInt64.self)[row]
        default: 0
        }
    }

    fileprivate func add(to output: inout MutableSpan<UInt64>) {
        switch width {
        case 1: FlowStore.add(storage.values(as: UInt8.self), to: &output)
        case 2: FlowStore.add(storage.values(as: UInt16.self), to: &output)
        case 4: FlowStore.add(storage.values(as: UInt32.self), to: &output)
        case 8: FlowStore.add(storage.values(as: UInt64.self), to: &output)
        default: break
        }
    }

    fileprivate func widen(rows: Int, base: UInt64, into output: inout MutableSpan<UInt64>) {
        switch width {
        case 1: FlowStore.widen(storage.values(as: UInt8.self), base: base, into: &output)
        case 2: FlowStore.widen(storage.values(as: UInt16.self), base: base, into: &output)
        case 4: FlowStore.widen(storage.values(as: UInt32.self), base: base, into: &output)
        case 8: FlowStore.widen(storage.values(as: UInt64.self), base: base, into: &output)
        default:
            for row in 0..<rows { output[row] = base }
        }
    }
}
