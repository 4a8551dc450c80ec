import FlowModel

/// The records of one layout in a piece of a file: where each begins, and which row it becomes.
///
///     octets   │ A │ B  │ A │ A │ B  │        places of A: offsets 0 9 13, rows 0 2 3,
///     rows       0   1    2   3   4                        runs 0..<1 2..<4
struct RecordPlaces {
    /// Ascending.
    var offsets: [UInt32] = []
    /// Ascending, from the first row of the piece.
    var rows: [UInt16] = []

    mutating func removeAll() {
        offsets.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
    }

    /// The rows that follow each other, moved by `base`.
    func runs(from base: Int) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for row in rows {
            let row = base + Int(row)
            if let last = runs.last, last.upperBound == row {
                runs[runs.count - 1] = last.lowerBound..<row + 1
            } else {
                runs.append(row..<row + 1)
            }
        }
        return runs
    }
}

/// What the loops over one field of one layout's records need.
struct FieldScatter: ~Escapable {
    let bytes: RawSpan
    let offsets: Span<UInt32>
    let rows: Span<UInt16>
    /// The row that ``rows`` are counted from.
    let base: Int
    /// Octets from the first of ``offsets`` on that may be read at each.
    let recordOctets: Int

    /// The one check that the loops rely on.
    @_lifetime(copy bytes, copy offsets, copy rows)
    init(
        bytes: RawSpan, offsets: Span<UInt32>, rows: Span<UInt16>, base: Int, recordOctets: Int
    ) {
        precondition(offsets.count == rows.count && base >= 0)
        if !offsets.isEmpty {
            // Both ascend, so the last ones are the largest.
            precondition(Int(offsets[offsets.count - 1]) + recordOctets <= bytes.byteCount)
            precondition(base + Int(rows[rows.count - 1]) < FlowBatch.capacity)
        }
        self.bytes = bytes
        self.offsets = offsets
        self.rows = rows
        self.base = base
        self.recordOctets = recordOctets
    }

    var count: Int { offsets.count }

    /// Where the record at `index` begins.
    @inline(__always)
    func offset(_ index: Int) -> Int { unsafe Int(offsets[unchecked: index]) }

    /// The row that the record at `index` becomes.
    @inline(__always)
    func row(_ index: Int) -> Int { unsafe base &+ Int(rows[unchecked: index]) }
}
