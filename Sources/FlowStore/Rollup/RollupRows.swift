import FlowModel

/// The rows of a block in the order of their buckets, and their counters scaled.
///
///     rows    0 1 2 3 4 5        start  12:01 12:00 12:01 12:00 12:00 12:02
///     order   1 3 4 | 0 2 | 5    groups 12:00 · 12:01 · 12:02
///
/// Rows whose rate is not known, and rows without a start, which count where they were received, make
/// groups of their own.
final class RollupRows {
    /// Rows of one bucket and kind.
    struct Group {
        var bucket: UInt64
        var kind: RollupKind
        var rows: Range<Int>
    }

    /// In ascending order of kind and bucket.
    private(set) var groups: [Group] = []
    /// Whether some row has counters of the reverse direction.
    private(set) var hasReverse = false
    /// Whether ``order`` is that of the block.
    private(set) var isInOrder = true

    private let order = EncodedBytes(count: FlowBatch.capacity * 2)
    private let groupOfRow = EncodedBytes(count: FlowBatch.capacity * 2)
    private let places = EncodedBytes(count: FlowBatch.capacity * 8)
    private let kinds = EncodedBytes(count: FlowBatch.capacity)
    private let rates = EncodedBytes(count: FlowBatch.capacity * 8)
    private let sorted = EncodedBytes(count: FlowBatch.capacity * 2)
    let packets = EncodedBytes(count: FlowBatch.capacity * 8)
    let bytes = EncodedBytes(count: FlowBatch.capacity * 8)
    private(set) lazy var reversePackets = EncodedBytes(count: FlowBatch.capacity * 8)
    private(set) lazy var reverseBytes = EncodedBytes(count: FlowBatch.capacity * 8)

    /// Reads a block.
    func begin(_ block: any BlockSource, rates table: RateTable, _ scratch: RollupScratch) throws {
        let rows = block.rows
        try readPlaces(block)
        let constant = table.constant(for: block)
        if constant == nil {
            try RollupRates(block, table).resolve(scratch, into: rates)
        }
        var hasKinds = false
        try readKinds(block, constant, &hasKinds)
        sort(rows, hasKinds: hasKinds)
        try read(.packets, of: block, constant, scratch, into: packets)
        try read(.bytes, of: block, constant, scratch, into: bytes)
        hasReverse =
            block.summary(of: .rpackets)?.presentRows ?? 0 > 0
            || block.summary(of: .rbytes)?.presentRows ?? 0 > 0
        if hasReverse {
            try read(.rpackets, of: block, constant, scratch, into: reversePackets)
            try read(.rbytes, of: block, constant, scratch, into: reverseBytes)
        }
    }

    /// Codes of two octets a row, in the order of the groups.
    func inOrder(_ codes: EncodedBytes) -> EncodedBytes {
        if isInOrder { return codes }
        let (sorted, order) = (sorted, order)
        let rows = groups.last?.rows.upperBound ?? 0
        var output = sorted.mutableValues(as: UInt16.self, first: rows)
        gather(codes.values(as: UInt16.self), order.values(as: UInt16.self), into: &output)
        return sorted
    }

    /// The first start and the last end of each group.
    func times(of block: any BlockSource, _ scratch: RollupScratch) throws -> [RollupTimes] {
        var times = [RollupTimes](repeating: RollupTimes(), count: groups.count)
        let (memory, values) = (order, scratch.first)
        let order = memory.values(as: UInt16.self)
        let start = try block.column(.start)
        for field in [Field.start, .end] {
            guard let column = field == .start ? start : try block.column(field) else { continue }
            var output = values.mutableValues(as: UInt64.self)
            column.decodeNumbers(into: &output, start: start)
            if case .some(let bits) = column.presence {
                let words = bits.values(as: UInt64.self)
                let absent: UInt64 = field == .start ? .max : 0
                for row in 0..<block.rows where words[row >> 6] >> UInt64(row & 63) & 1 == 0 {
                    output[row] = absent
                }
            }
            for (index, group) in groups.enumerated() {
                let range = extremes(
                    values.values(as: UInt64.self), order.extracting(group.rows))
                if field == .start {
                    times[index].first = range.low
                } else {
                    times[index].last = range.high
                }
            }
        }
        return times
    }

    // MARK: Where rows belong

    private func readPlaces(_ block: any BlockSource) throws {
        let places = places
        var output = places.mutableValues(as: UInt64.self)
        let start = try block.column(.start)
        if let start {
            start.decodeNumbers(into: &output)
            guard case .some(let bits) = start.presence else { return }
            guard let received = try block.column(.received) else { return }
            let words = bits.values(as: UInt64.self)
            for row in 0..<block.rows where words[row >> 6] >> UInt64(row & 63) & 1 == 0 {
                output[row] = received.number(at: row) ?? 0
            }
        } else if let received = try block.column(.received) {
            received.decodeNumbers(into: &output)
        } else {
            for row in 0..<block.rows { output[row] = 0 }
        }
    }

    private func readKinds(
        _ block: any BlockSource, _ constant: UInt64?, _ hasKinds: inout Bool
    ) throws {
        let start = try block.column(.start)
        let (kinds, rateMemory) = (kinds, rates)
        var output = kinds.mutableValues(as: UInt8.self)
        var kind = RollupKind.plain
        if constant == 0 { kind.formUnion(.ofUnknownRate) }
        if start == nil { kind.formUnion(.withoutStart) }
        for row in 0..<block.rows { output[row] = kind.rawValue }
        hasKinds = false
        if case .some(let bits)? = start?.presence {
            let words = bits.values(as: UInt64.self)
            for row in 0..<block.rows where words[row >> 6] >> UInt64(row & 63) & 1 == 0 {
                output[row] |= RollupKind.withoutStart.rawValue
                hasKinds = true
            }
        }
        if constant == nil {
            let rates = rateMemory.values(as: UInt64.self)
            for row in 0..<block.rows where rates[row] == 0 {
                output[row] |= RollupKind.ofUnknownRate.rawValue
                hasKinds = true
            }
        }
        if kind != .plain { hasKinds = true }
    }

    /// Finds the groups and the order.
    private func sort(_ rows: Int, hasKinds: Bool) {
        let (placeMemory, kindMemory, groupOfRow) = (places, kinds, groupOfRow)
        let places = placeMemory.values(as: UInt64.self).extracting(0..<rows)
        let kinds = kindMemory.values(as: UInt8.self).extracting(0..<rows)
        let step = RollupStep.minute.milliseconds
        let range = extremes(places)
        let (first, last) = (range.low / step, range.high / step)
        var numbers = groupOfRow.mutableValues(as: UInt16.self, first: rows)
        groups.removeAll(keepingCapacity: true)
        let span = last - first + 1
        if first == last, !hasKinds {
            groups = [Group(bucket: first * step, kind: .plain, rows: 0..<rows)]
            isInOrder = true
            identity(rows)
            return
        }
        isInOrder = false
        if span <= 8192 {
            numberByBucket(places, kinds, first: first, span: Int(span), into: &numbers)
            for kind in 0..<UInt8(hasKinds ? 4 : 1) {
                for bucket in 0..<span {
                    groups.append(
                        Group(
                            bucket: (first + bucket) * step, kind: RollupKind(rawValue: kind),
                            rows: 0..<0))
                }
            }
        } else {
            // Clocks gone wild: not often, so not fast.
            struct Place: Hashable {
                var kind: UInt8
                var bucket: UInt64
            }
            var distinct: Set<Place> = []
            for row in 0..<rows {
                distinct.insert(Place(kind: kinds[row], bucket: places[row] / step))
            }
            let ordered = distinct.sorted { ($0.kind, $0.bucket) < ($1.kind, $1.bucket) }
            let numberOf = Dictionary(
                uniqueKeysWithValues: ordered.enumerated().map { ($1, UInt16($0)) })
            for row in 0..<rows {
                numbers[row] =
                    numberOf[Place(kind: kinds[row], bucket: places[row] / step)] ?? 0
            }
            groups = ordered.map {
                Group(
                    bucket: $0.bucket * step, kind: RollupKind(rawValue: $0.kind), rows: 0..<0)
            }
        }
        arrange(rows)
    }

    private func identity(_ rows: Int) {
        let order = order
        var output = order.mutableValues(as: UInt16.self)
        for row in 0..<rows { output[row] = UInt16(truncatingIfNeeded: row) }
    }

    /// A counting sort by the groups' numbers.
    private func arrange(_ rows: Int) {
        let (groupOfRow, order) = (groupOfRow, order)
        let numbers = groupOfRow.values(as: UInt16.self).extracting(0..<rows)
        var places = [Int](repeating: 0, count: groups.count)
        for row in 0..<rows { places[Int(numbers[row])] &+= 1 }
        var next = 0
        for index in groups.indices {
            let count = places[index]
            groups[index].rows = next..<next + count
            places[index] = next
            next += count
        }
        var output = order.mutableValues(as: UInt16.self)
        for row in 0..<rows {
            let group = Int(numbers[row])
            output[places[group]] = UInt16(truncatingIfNeeded: row)
            places[group] &+= 1
        }
        groups.removeAll { $0.rows.isEmpty }
    }

    // MARK: Counters

    private func read(
        _ field: Field, of block: any BlockSource, _ constant: UInt64?, _ scratch: RollupScratch,
        into memory: EncodedBytes
    ) throws {
        let rows = block.rows
        let (decoded, rates, order) = (scratch.first, rates, order)
        var values = decoded.mutableValues(as: UInt64.self)
        guard let column = try block.column(field) else {
            var output = memory.mutableValues(as: UInt64.self)
            for row in 0..<rows { output[row] = 0 }
            return
        }
        column.decodeNumbers(into: &values)
        if case .some(let bits) = column.presence {
            let words = bits.values(as: UInt64.self)
            for row in 0..<rows where words[row >> 6] >> UInt64(row & 63) & 1 == 0 {
                values[row] = 0
            }
        }
        if let constant {
            if constant > 1 { multiply(&values, count: rows, by: constant) }
        } else {
            multiply(&values, count: rows, by: rates.values(as: UInt64.self))
        }
        var output = memory.mutableValues(as: UInt64.self, first: rows)
        gather(decoded.values(as: UInt64.self), order.values(as: UInt16.self), into: &output)
    }
}

/// What sets rows of a bucket apart from others.
struct RollupKind: OptionSet, Hashable, Sendable {
    let rawValue: UInt8
    static let plain: RollupKind = []
    /// The sampler's rate is not known, so the counters are not scaled.
    static let ofUnknownRate = RollupKind(rawValue: 1)
    /// The flow has no start and counts where it was received.
    static let withoutStart = RollupKind(rawValue: 2)
}

private func extremes(
    _ values: Span<UInt64>, _ rows: Span<UInt16>
) -> (low: UInt64, high: UInt64) {
    var (low, high) = (UInt64.max, UInt64(0))
    for index in rows.indices {
        let value = values[Int(rows[index])]
        low = min(low, value)
        high = max(high, value)
    }
    return (low, high)
}

private func numberByBucket(
    _ places: Span<UInt64>, _ kinds: Span<UInt8>, first: UInt64, span: Int,
    into numbers: inout MutableSpan<UInt16>
) {
    precondition(places.count == numbers.count && kinds.count == numbers.count && span <= 8192)
    let base = first * RollupStep.minute.milliseconds
    for row in numbers.indices {
        let bucket = unsafe (places[unchecked: row] &- base) / RollupStep.minute.milliseconds
        let kind = unsafe Int(kinds[unchecked: row])
        unsafe numbers[unchecked: row] = UInt16(
            truncatingIfNeeded: Int(truncatingIfNeeded: bucket) &+ kind &* span)
    }
}

private func gather<Value: BitwiseCopyable>(
    _ values: Span<Value>, _ order: Span<UInt16>, into output: inout MutableSpan<Value>
) {
    precondition(
        order.count >= output.count && values.count == FlowBatch.capacity
            || values.count >= output.count)
    for index in output.indices {
        output[index] = values[Int(unsafe order[unchecked: index])]
    }
}

private func multiply(_ values: inout MutableSpan<UInt64>, count: Int, by factor: UInt64) {
    for row in 0..<count {
        let (product, overflow) = values[row].multipliedReportingOverflow(by: factor)
        values[row] = overflow ? .max : product
    }
}

/// A rate that is not known, 0, leaves the counter as it is.
private func multiply(_ values: inout MutableSpan<UInt64>, count: Int, by factors: Span<UInt64>) {
    precondition(count <= values.count && count <= factors.count)
    for row in 0..<count {
        let (product, overflow) = values[row].multipliedReportingOverflow(by: max(factors[row], 1))
        values[row] = overflow ? .max : product
    }
}
