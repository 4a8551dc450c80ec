import FlowModel
import FlowQuery

/// Answers requests row by row from batches, as plainly as it can be said.
struct EngineReference {
    struct Row {
        let batch: FlowBatch
        let row: Int
    }

    let rows: [Row]
    let rates: SamplingRates
    /// Whether answers have columns of the reverse direction.
    var hasReverse = false

    init(_ batches: [FlowBatch], rates: SamplingRates) {
        rows = batches.flatMap { batch in (0..<batch.count).map { Row(batch: batch, row: $0) } }
        self.rates = rates
    }

    // MARK: Values

    func rate(_ row: Row) -> UInt64 {
        if let own = row.batch.number(.sampling, at: row.row) { return own }
        return UInt64(
            rates.interval(
                exporter: row.batch.address(.exporter, at: row.row) ?? .v6Zero,
                domain: UInt32(row.batch.number(.domain, at: row.row) ?? 0),
                sampler: row.batch.number(.samplerid, at: row.row),
                interface: row.batch.number(.inif, at: row.row).map { UInt32($0) },
                received: row.batch.number(.received, at: row.row) ?? 0))
    }

    func number(_ field: Field, _ row: Row, raw: Bool) -> UInt64? {
        if field == .sampling { return rate(row) }
        guard let value = row.batch.number(field, at: row.row) else { return nil }
        guard [.packets, .bytes, .rpackets, .rbytes].contains(field), !raw else { return value }
        let (product, overflow) = value.multipliedReportingOverflow(by: max(1, rate(row)))
        return overflow ? .max : product
    }

    func ratio(_ count: UInt64, _ factor: UInt64, _ divisor: UInt64) -> UInt64 {
        if divisor == 0 { return 0 }
        let exact = Double(count) * Double(factor) / Double(divisor)
        if exact > 1.9e19 { return .max }
        return UInt64(
            clamping: UInt128(count) * UInt128(factor) / UInt128(divisor))
    }

    func number(_ quantity: Quantity, _ row: Row, raw: Bool) -> UInt64? {
        func duration() -> UInt64? {
            guard let start = number(.start, row, raw: raw), let end = number(.end, row, raw: raw)
            else { return nil }
            return end < start ? 0 : end - start
        }
        switch quantity {
        case .field(let field): return number(field, row, raw: raw)
        case .duration: return duration()
        case .pps:
            return duration().map { ratio(number(.packets, row, raw: raw) ?? 0, 1000, $0) }
        case .bps: return duration().map { ratio(number(.bytes, row, raw: raw) ?? 0, 8000, $0) }
        case .bpp:
            return ratio(
                number(.bytes, row, raw: true) ?? 0, 1, number(.packets, row, raw: true) ?? 0)
        }
    }

    func cell(_ quantity: Quantity, _ row: Row, raw: Bool) -> Cell {
        if case .field(let field) = quantity {
            if field == .other {
                let elements = row.batch.other.elements(at: row.row).map {
                    OtherElements.Named(element: $0.element, octets: Array($0.octets))
                }
                return elements.isEmpty ? .null : .elements(elements)
            }
            if field.storage == .address {
                return row.batch.address(field, at: row.row).map { .address($0) } ?? .null
            }
        }
        return number(quantity, row, raw: raw).map { .number($0) } ?? .null
    }

    // MARK: Filter

    func passes(_ expression: FlowExpression, _ row: Row, raw: Bool) -> Bool {
        switch expression {
        case .constant(let value): return value
        case .and(let operands): return operands.allSatisfy { passes($0, row, raw: raw) }
        case .or(let operands): return operands.contains { passes($0, row, raw: raw) }
        case .not(let operand): return !passes(operand, row, raw: raw)
        case .test(let quantity, let condition):
            let cell = cell(quantity, row, raw: raw)
            switch (condition, cell) {
            case (_, .null): return false
            case (.isPresent, _): return true
            case (.inRanges(let ranges), .number(let number)):
                return ranges.contains { $0.contains(number) }
            case (.masked(let mask, let value), .number(let number)):
                return number & mask == value
            case (.equals(let other), .number(let number)):
                return self.number(other, row, raw: raw) == number
            case (.inAddresses(let ranges), .address(let address)):
                return ranges.contains { $0.contains(address) }
            default: return false
            }
        }
    }

    func place(_ row: Row) -> UInt64 {
        number(.start, row, raw: true) ?? number(.received, row, raw: true) ?? 0
    }

    func matching(_ request: QueryRequest) -> [Row] {
        rows.filter { row in
            let place = place(row)
            if request.overlap {
                let end = number(.end, row, raw: true) ?? place
                if let to = request.to, place >= to { return false }
                if let from = request.from, end < from { return false }
            } else {
                if let from = request.from, place < from { return false }
                if let to = request.to, place >= to { return false }
            }
            return passes(request.filter, row, raw: request.raw)
        }
    }

    // MARK: Answers

    struct Sums {
        var flows: UInt64 = 0
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        var reversePackets: UInt64 = 0
        var reverseBytes: UInt64 = 0
        var first: UInt64?
        var last: UInt64?
    }

    func cells(_ sums: Sums) -> [Cell] {
        let numbers =
            [sums.flows, sums.packets, sums.bytes]
            + (hasReverse ? [sums.reversePackets, sums.reverseBytes] : [])
        return numbers.map { .number($0) }
    }

    func sums(_ rows: [Row], raw: Bool) -> Sums {
        func add(_ a: UInt64, _ b: UInt64) -> UInt64 {
            let (sum, overflow) = a.addingReportingOverflow(b)
            return overflow ? .max : sum
        }
        var sums = Sums()
        for row in rows {
            sums.flows += 1
            sums.packets = add(sums.packets, number(.packets, row, raw: raw) ?? 0)
            sums.bytes = add(sums.bytes, number(.bytes, row, raw: raw) ?? 0)
            sums.reversePackets = add(
                sums.reversePackets, number(.rpackets, row, raw: raw) ?? 0)
            sums.reverseBytes = add(sums.reverseBytes, number(.rbytes, row, raw: raw) ?? 0)
            if let start = number(.start, row, raw: raw) {
                sums.first = min(sums.first ?? .max, start)
            }
            if let end = number(.end, row, raw: raw) { sums.last = max(sums.last ?? 0, end) }
        }
        return sums
    }

    func total(_ request: QueryRequest) -> [[Cell]] {
        let rows = matching(request)
        let sums = sums(rows, raw: request.raw)
        return [
            cells(sums) + [
                sums.first.map { .number($0) } ?? .null, sums.last.map { .number($0) } ?? .null,
            ] + details(rows, request)
        ]
    }

    // MARK: Distinct values and statistics

    func distinct(_ rows: [Row], _ request: QueryRequest) -> UInt64 {
        let values = rows.map { row in request.distinct.map { key($0, row, raw: request.raw) } }
        return UInt64(Set(values.filter { !$0.contains(.null) }).count)
    }

    func details(_ rows: [Row], _ request: QueryRequest) -> [Cell] {
        var cells: [Cell] = []
        if !request.distinct.isEmpty {
            cells += [.number(distinct(rows, request)), .number(0)]
        }
        for wanted in request.statistics {
            let values = rows.compactMap { number(wanted.quantity, $0, raw: request.raw) }.sorted()
            cells += wanted.statistics.map { statistic($0, of: values) }
        }
        return cells
    }

    func statistic(_ statistic: ValueStatistics.Statistic, of values: [UInt64]) -> Cell {
        guard let least = values.first, let greatest = values.last else { return .null }
        switch statistic {
        case .least: return .number(least)
        case .greatest: return .number(greatest)
        case .mean:
            let sum = values.reduce(UInt64(0)) { sum, value in
                let (next, overflow) = sum.addingReportingOverflow(value)
                return overflow ? .max : next
            }
            return .real(Double(sum) / Double(values.count))
        case .percentile(let thousandths):
            let rank = max((values.count * Int(thousandths) + 99_999) / 100_000, 1)
            if rank == 1 { return .number(least) }
            if rank >= values.count { return .number(greatest) }
            let value = values[rank - 1]
            if value < 64 { return .number(value) }
            var width: UInt64 = 1
            while value / width >= 128 { width *= 2 }
            let middle = value / width * width + (width - 1) / 2
            // What the documents promise, too.
            let error = middle > value ? middle - value : value - middle
            precondition(error <= value / 100)
            return .number(min(max(middle, least), greatest))
        }
    }

    func key(_ key: GroupKey, _ row: Row, raw: Bool) -> Cell {
        switch key {
        case .field(let field): return cell(.field(field), row, raw: raw)
        case .bucket(let field, let step):
            return number(field, row, raw: raw).map { .number($0 / step * step) } ?? .null
        case .prefix(let field, let v4, let v6):
            guard let address = row.batch.address(field, at: row.row) else { return .null }
            guard let length = address.isV4 ? v4 : v6,
                let prefix = IPPrefix(address, length: length)
            else { return .address(address) }
            return .prefix(prefix)
        }
    }

    func groups(
        _ request: QueryRequest, _ keys: [GroupKey], _ order: GroupOrder, _ top: Int
    )
        -> [[Cell]]
    {
        var groups: [[Cell]: [Row]] = [:]
        for row in matching(request) {
            groups[keys.map { key($0, row, raw: request.raw) }, default: []].append(row)
        }
        let all = groups.map { key, rows in
            let sums = sums(rows, raw: request.raw)
            let time = sums.first.flatMap { first in
                sums.last.map { $0 < first ? 0 : $0 - first }
            }
            let value: UInt64 =
                switch order {
                case .flows: sums.flows
                case .packets: sums.packets
                case .bytes: sums.bytes
                case .pps: ratio(sums.packets, 1000, time ?? 0)
                case .bps: ratio(sums.bytes, 8000, time ?? 0)
                case .bpp: ratio(sums.bytes, 1, sums.packets)
                case .distinct: distinct(rows, request)
                }
            let shared: UInt64 =
                order == .flows ? sums.flows : order == .packets ? sums.packets : sums.bytes
            return (
                key: key, sums: sums, value: value, shared: shared,
                details: details(rows, request)
            )
        }
        let whole = all.reduce(UInt64(0)) { sum, group in
            let (next, overflow) = sum.addingReportingOverflow(group.shared)
            return overflow ? .max : next
        }
        let sorted = all.sorted {
            $0.value != $1.value ? $0.value > $1.value : precedes($0.key, $1.key)
        }
        return (top == 0 ? sorted[...] : sorted.prefix(top)).map { group in
            group.key + cells(group.sums)
                + ([.pps, .bps, .bpp].contains(order) ? [.number(group.value)] : [])
                + group.details
                + [.real(whole == 0 ? 0 : Double(group.shared) / Double(whole))]
        }
    }

    func series(_ request: QueryRequest, _ step: UInt64, _ keys: [GroupKey]) -> [[Cell]] {
        var groups: [[Cell]: [Row]] = [:]
        for row in matching(request) {
            let bucket = Cell.number(place(row) / step * step)
            groups[[bucket] + keys.map { key($0, row, raw: request.raw) }, default: []].append(row)
        }
        var rows = groups.map {
            $0.key + cells(sums($0.value, raw: request.raw)) + details($0.value, request)
        }
        if keys.isEmpty {
            var places = groups.keys.compactMap { key in
                if case .number(let number) = key[0] { number } else { nil }
            }
            if let from = request.from, request.to != nil || !places.isEmpty {
                places.append(from / step * step)
            }
            if let to = request.to, to > 0, request.from != nil || !groups.isEmpty {
                places.append((to - 1) / step * step)
            }
            if let first = places.min(), let last = places.max(), first <= last {
                for place in stride(from: first, through: last, by: Int(step))
                where groups[[.number(place)]] == nil {
                    rows.append([.number(place)] + cells(Sums()) + details([], request))
                }
            }
        }
        return rows.sorted { precedes($0, $1) }
    }

    func flows(
        _ request: QueryRequest, _ fields: [FlowOutput], _ sort: FlowSort?, _ limit: Int
    )
        -> [[Cell]]
    {
        var found = matching(request)
        // Elements have no order.
        if let sort, sort.quantity != .field(.other) {
            let order = found.enumerated().sorted { a, b in
                let x = cell(sort.quantity, a.element, raw: request.raw)
                let y = cell(sort.quantity, b.element, raw: request.raw)
                if x == y { return a.offset < b.offset }
                if x == .null || y == .null { return y == .null }
                return sort.descending ? precedes([y], [x]) : precedes([x], [y])
            }
            found = order.map(\.element)
        }
        return (limit == 0 ? found[...] : found.prefix(limit)).map { row in
            fields.map { output in
                switch output {
                case .other: cell(.field(.other), row, raw: request.raw)
                case .quantity(let quantity): cell(quantity, row, raw: request.raw)
                }
            }
        }
    }

    /// Orders keys: null first, then by value.
    func precedes(_ a: [Cell], _ b: [Cell]) -> Bool {
        func rank(_ cell: Cell) -> (Int, IPAddress) {
            switch cell {
            case .number(let number): (1, IPAddress(high: 0, low: number))
            case .address(let address): (1, address)
            case .prefix(let prefix): (1, prefix.address)
            case .null, .real, .elements: (0, .v6Zero)
            }
        }
        for (x, y) in zip(a, b) where x != y { return rank(x) < rank(y) }
        return false
    }
}
