import FlowModel
import FlowQuery
import FlowStore

/// Batches, their blocks and requests, all from one seed.
struct EngineWorld {
    var random: SeededNumbers
    let batches: [FlowBatch]
    let blocks: [any BlockSource]
    let rates: SamplingRates

    static let time: UInt64 = 1_780_000_000_000
    static let v4: [IPAddress] = (0..<24).map {
        IPAddress(v4: 0x0a00_0001 &+ UInt32($0 % 4) << 16 &+ UInt32($0) * 7)
    }
    static let v6: [IPAddress] = (0..<8).map {
        IPAddress(high: 0x2001_0db8_0000_0000 | UInt64($0 % 3) << 8, low: UInt64($0) * 1000)
    }
    static let addresses = v4 + v6
    static let sparse: [Field] = [
        .start, .end, .flags, .tos, .rpackets, .rbytes, .flows, .inif, .outif, .srcas, .srcmask,
        .nexthop, .srcvlan, .domain, .samplerid, .sampling, .srcmac, .minttl, .maxttl, .mpls(2),
        .tunsrcip, .srcgeo, .srcip, .dstip,
    ]

    init(seed: UInt64) {
        random = SeededNumbers(seed: seed)
        var batches: [FlowBatch] = []
        var blocks: [any BlockSource] = []
        for _ in 0..<(1 + random.below(5)) {
            let batch = Self.batch(&random)
            batches.append(batch)
            blocks.append(EngineBlock(batch, seed: random.next()))
        }
        var rates = SamplingRates()
        if random.chance(60) {
            for _ in 0..<(1 + random.below(8)) {
                let subject: SamplingRate.Subject =
                    switch random.below(3) {
                    case 0: .domain
                    case 1: .sampler(UInt64(random.below(3)))
                    default: .interface(UInt32(random.below(4)))
                    }
                rates.note(
                    SamplingRate(
                        exporter: random.pick(Array(Self.v4[0..<3])),
                        domain: UInt32(random.below(2)), subject: subject,
                        interval: UInt32(1 + random.below(1000)),
                        since: Self.time + UInt64(random.below(600_000))))
            }
        }
        self.batches = batches
        self.blocks = blocks
        self.rates = rates
    }

    private static func batch(_ random: inout SeededNumbers) -> FlowBatch {
        let batch = FlowBatch()
        let count = random.pick([1, 2, 63, 64, 65, 100, 200, 300, random.chance(15) ? 4200 : 150])
        var fields: [(field: Field, presence: Int, kind: Int)] = []
        for info in Field.table where info.isDense {
            fields.append((info.field, 100, random.below(4)))
        }
        for field in sparse where random.chance(75) {
            let usual =
                field == .samplerid || field == .sampling ? [0, 0, 100, 60] : [100, 100, 70, 5]
            fields.append((field, random.pick(usual), random.below(4)))
        }
        let exporters = random.chance(50) ? 1 : 3
        for row in 0..<count {
            let start = time + UInt64(random.below(600_000))
            for (field, presence, kind) in fields where random.chance(presence) {
                let column = batch.columnForWriting(field)
                switch field {
                case .exporter: column.set(v4[random.below(exporters)], at: row)
                case .start: column.set(start, at: row)
                case .end:
                    let skew: UInt64 = kind == 0 && random.chance(10) ? 5000 : 0
                    let length = random.pick([0, 0, 1, 1000, 1 + random.next() % 60_000])
                    column.set(start + length - skew, at: row)
                case .received: column.set(time + UInt64(random.below(700_000)), at: row)
                case .packets, .bytes, .rpackets, .rbytes:
                    let small = UInt64(random.below(2000))
                    column.set(
                        kind == 3 && random.chance(20) ? random.next() : small * UInt64(kind + 1),
                        at: row)
                case .sampling: column.set(UInt64(random.pick([0, 1, 1, 10, 100])), at: row)
                case .samplerid, .domain, .inif: column.set(UInt64(random.below(3)), at: row)
                case .srcmac: column.set(0x0200_0000_0000 + UInt64(random.below(5)), at: row)
                default:
                    if column.width == 16 {
                        column.set(random.pick(addresses), at: row)
                    } else {
                        let bound = [2, 5, 200, 40_000][kind]
                        column.set(UInt64(random.below(bound)), at: row)
                    }
                }
            }
        }
        if random.chance(30),
            let layout = batch.other.layout([OtherElement(enterprise: 9, id: 12, length: 2)])
        {
            for row in 0..<count where random.chance(30) {
                let octets: [UInt8] = [UInt8(row & 0xff), 7]
                batch.other.set(row: row, layout: layout, octets: octets.span.bytes)
            }
        }
        batch.advance(by: count)
        return batch
    }

    // MARK: Requests

    mutating func quantity() -> Quantity {
        switch random.below(10) {
        case 0: .duration
        case 1: random.pick([.pps, .bps, .bpp])
        case 2: .field(random.pick([.packets, .bytes, .rbytes]))
        case 3: .field(random.pick([.srcport, .dstport, .proto]))
        case 4: .field(random.pick([.srcip, .dstip, .exporter]))
        default:
            .field(
                random.pick(
                    Self.sparse + [
                        .received, .other, .dstas, .sampling, Field(rawValue: 900),
                    ]))
        }
    }

    /// A number that the quantity has in some row, or near it.
    private mutating func number(_ quantity: Quantity) -> UInt64 {
        let batch = random.pick(batches)
        let row = EngineReference.Row(batch: batch, row: random.below(batch.count))
        let found =
            EngineReference([], rates: rates).number(quantity, row, raw: random.chance(30)) ?? 0
        switch random.below(6) {
        case 0: return found &+ UInt64(random.below(20))
        case 1: return found > 20 ? found - UInt64(random.below(20)) : 0
        case 2: return UInt64(random.below(300))
        case 3: return random.chance(10) ? .max : found
        default: return found
        }
    }

    private mutating func ranges(_ quantity: Quantity) -> [ClosedRange<UInt64>] {
        var result: [ClosedRange<UInt64>] = []
        let count = random.pick([0, 1, 1, 1, 1, 2, 3, 7, 20])
        let ends = (0..<(count * 2)).map { _ in number(quantity) }.sorted()
        for index in 0..<count {
            let next = ends[2 * index]...(random.chance(50) ? ends[2 * index] : ends[2 * index + 1])
            if let last = result.last, next.lowerBound <= last.upperBound &+ 1 { continue }
            if result.last?.upperBound == .max { break }
            result.append(next)
        }
        return result
    }

    private mutating func addressRanges() -> [ClosedRange<IPAddress>] {
        var result: [ClosedRange<IPAddress>] = []
        let count = random.pick([0, 1, 1, 1, 2, 5, 12])
        for address in Set((0..<count).map { _ in random.pick(Self.addresses) }).sorted() {
            let length = random.pick([32, 32, 24, 16])
            guard let prefix = IPPrefix(address, length: address.isV4 ? length : length * 4)
            else { continue }
            if let last = result.last, prefix.address <= last.upperBound { continue }
            result.append(prefix.address...prefix.last)
        }
        return result
    }

    mutating func expression(depth: Int) -> FlowExpression {
        if depth > 0, random.chance(60) {
            let operands = (0..<(2 + random.below(3))).map { _ in expression(depth: depth - 1) }
            switch random.below(5) {
            case 0, 1: return .and(operands)
            case 2, 3: return .or(operands)
            default: return .not(operands[0])
            }
        }
        if random.chance(4) { return .constant(random.chance(70)) }
        let quantity = quantity()
        switch random.below(10) {
        case 0: return .test(quantity, .isPresent)
        case 1:
            let mask: UInt64 = random.pick([1, 2, 3, 0x12, 0xff00, ~0])
            let value = random.chance(80) ? number(quantity) & mask : number(quantity)
            return .test(quantity, .masked(mask: mask, value: value))
        case 2:
            let others: [Field] = [.minttl, .maxttl, .srcport, .dstport, .bytes, .inif, .srcip]
            let other = random.pick(others)
            return .test(quantity, .equals(other))
        case 3: return .test(quantity, .inAddresses(addressRanges()))
        default:
            if case .field(let field) = quantity, field.storage == .address {
                return .test(quantity, .inAddresses(addressRanges()))
            }
            return .test(quantity, .inRanges(ranges(quantity)))
        }
    }

    private mutating func key() -> GroupKey {
        switch random.below(6) {
        case 0: return .prefix(random.pick([.srcip, .dstip, .nexthop]), v4: 16, v6: nil)
        case 1:
            return .prefix(
                random.pick([.srcip, .exporter]), v4: random.pick([nil, 8, 24, 32]), v6: 48)
        case 2:
            return .bucket(
                random.pick([.start, .end, .received, .srcport, .bytes]),
                step: random.pick([1, 7, 1000, 60_000]))
        default:
            let field = quantity()
            if case .field(let field) = field, field != .other, field.info != nil {
                return .field(field)
            }
            return .field(.proto)
        }
    }

    private mutating func statistics() -> [ValueStatistics] {
        let quantities: [Quantity] = [
            .field(.bytes), .field(.rpackets), .field(.dstport), .duration, .bps, .bpp,
            .field(.sampling), .field(.inif),
        ]
        return Set((0..<(1 + random.below(2))).map { _ in random.pick(quantities) }).map {
            let quantity = $0
            if random.chance(50) { return ValueStatistics(quantity) }
            return ValueStatistics(
                quantity,
                (0..<(1 + random.below(3))).map { _ in
                    switch random.below(6) {
                    case 0: .least
                    case 1: .greatest
                    case 2: .mean
                    default: .percentile(thousandths: UInt32(random.below(100_001)))
                    }
                })
        }
    }

    mutating func request() -> QueryRequest {
        let keys = (0..<(1 + random.below(random.chance(20) ? 4 : 2))).map { _ in key() }
        let distinct = random.chance(30) ? (0..<(1 + random.below(2))).map { _ in key() } : []
        let kind: QueryRequest.Kind
        switch random.below(7) {
        case 0, 1: kind = .total
        case 2, 3:
            let orders = GroupOrder.allCases.filter { $0 != .distinct || !distinct.isEmpty }
            kind = .groups(
                by: keys, order: random.pick(orders), top: random.pick([0, 0, 1, 3, 20]))
        case 4:
            kind = .series(
                step: random.pick([1000, 60_000, 86_400_000]), by: random.chance(50) ? [] : keys)
        default:
            let fields = (0..<(1 + random.below(4))).map { _ in
                random.chance(10) ? FlowOutput.other : .quantity(quantity())
            }
            kind = .flows(
                fields: fields,
                sort: random.chance(50)
                    ? FlowSort(quantity(), descending: random.chance(50)) : nil,
                limit: random.pick([0, 1, 10, 100]))
        }
        var request = QueryRequest(
            filter: random.chance(15) ? .constant(true) : expression(depth: 3), kind: kind)
        let from = Self.time + UInt64(random.below(600_000))
        if random.chance(25) { request.from = from }
        if random.chance(25) { request.to = from + UInt64(1 + random.below(200_000)) }
        request.overlap = random.chance(30)
        request.raw = random.chance(30)
        if case .flows = kind { return request }
        request.distinct = distinct
        if random.chance(30) { request.statistics = statistics() }
        return request
    }
}
