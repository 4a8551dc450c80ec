import FlowModel
import FlowQuery
import FlowStore

/// Numbers that depend on the seed only (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<T>(_ from: [T]) -> T { from[below(from.count)] }
}

struct UnreadableColumn: Error {}

/// A batch encoded in memory, each column in an encoding that the seed chose among those possible.
final class EngineBlock: BlockSource {
    let rows: Int
    let damaged: Set<Field>
    private let columns: [Field: EncodedColumn]
    private let summaries: [Field: ColumnSummary]
    private let other: OtherElements

    init(_ batch: FlowBatch, damaged: Set<Field> = [], seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        var columns: [Field: EncodedColumn] = [:]
        var summaries: [Field: ColumnSummary] = [:]
        rows = batch.count
        self.damaged = damaged
        other = batch.other
        for field in batch.fields {
            let rows = (0..<batch.count).filter { batch.column(field)?.isPresent($0) ?? false }
            if rows.isEmpty { continue }
            if field.storage == .address {
                let values = (0..<batch.count).map { batch.address(field, at: $0) }
                columns[field] = Self.encode(addresses: values, field, &numbers)
                let present = values.compactMap { $0 }.sorted()
                summaries[field] = ColumnSummary(
                    field: field, presentRows: rows.count, range: nil,
                    addressRange: present[0]...present[present.count - 1])
            } else {
                let values = (0..<batch.count).map { batch.number(field, at: $0) }
                let present = values.compactMap { $0 }.sorted()
                // A dense column of zeros may be left out.
                if field.isDense, present.last == 0, numbers.chance(50) { continue }
                let starts = (0..<batch.count).map { batch.number(.start, at: $0) }
                columns[field] = Self.encode(
                    numbers: values, field, after: field == .end ? starts : nil, &numbers)
                summaries[field] = ColumnSummary(
                    field: field, presentRows: rows.count,
                    range: present[0]...present[present.count - 1], addressRange: nil)
            }
        }
        let withElements = other.layoutOfRow.count { $0 > 0 }
        if withElements > 0 {
            summaries[.other] = ColumnSummary(
                field: .other, presentRows: withElements, range: nil, addressRange: nil)
        }
        self.columns = columns
        self.summaries = summaries
    }

    func summary(of field: Field) -> ColumnSummary? { summaries[field] }

    func column(_ field: Field) throws -> EncodedColumn? {
        if damaged.contains(field) { throw UnreadableColumn() }
        return columns[field]
    }

    func otherElements() throws -> OtherElements {
        if damaged.contains(.other) { throw UnreadableColumn() }
        return other
    }

    // MARK: Encoding

    private static func encode(
        numbers values: [UInt64?], _ field: Field, after starts: [UInt64?]?,
        _ random: inout SeededNumbers
    ) -> EncodedColumn {
        let present = values.compactMap { $0 }.sorted()
        let presence = presence(values.map { $0 != nil })
        let rows = values.count
        if let starts, random.chance(60),
            zip(values, starts).allSatisfy({ end, start in
                guard let end else { return true }
                guard let start else { return false }
                return end >= start
            })
        {
            let codes = zip(values, starts).map { end, start in end.map { $0 - (start ?? 0) } ?? 7 }
            return EncodedColumn(
                field: field, rows: rows, presence: presence,
                values: .afterStart(pack(codes, &random)))
        }
        let distinct = present.reduce(into: [UInt64]()) { list, value in
            if list.last != value { list.append(value) }
        }
        if random.chance(40), distinct.count <= 65_536 {
            let place = Dictionary(
                uniqueKeysWithValues: distinct.enumerated().map { ($1, UInt64($0)) })
            let codes = values.map { value in
                value.flatMap { place[$0] } ?? UInt64(random.below(distinct.count))
            }
            return EncodedColumn(
                field: field, rows: rows, presence: presence,
                values: .dictionary(distinct, pack(codes, most: 2, &random)))
        }
        let base = random.chance(30) ? 0 : present[0]
        let span = present[present.count - 1] - base
        let codes = values.map { value in
            value.map { $0 - base } ?? (span == 0 ? 0 : random.next() % span)
        }
        return EncodedColumn(
            field: field, rows: rows, presence: presence,
            values: .frame(base: base, pack(codes, &random)))
    }

    private static func encode(
        addresses values: [IPAddress?], _ field: Field, _ random: inout SeededNumbers
    ) -> EncodedColumn {
        let distinct = Set(values.compactMap { $0 }).sorted()
        let place = Dictionary(
            uniqueKeysWithValues: distinct.enumerated().map { ($1, UInt64($0)) })
        let codes = values.map { value in
            value.flatMap { place[$0] } ?? UInt64(random.below(distinct.count))
        }
        let storage = EncodedBytes(count: distinct.count * 16)
        var bytes = storage.mutableBytes
        for (index, address) in distinct.enumerated() {
            bytes.storeBytes(of: address.high, toByteOffset: index * 16, as: UInt64.self)
            bytes.storeBytes(of: address.low, toByteOffset: index * 16 + 8, as: UInt64.self)
        }
        return EncodedColumn(
            field: field, rows: values.count, presence: presence(values.map { $0 != nil }),
            values: .addresses(
                AddressDictionary(storage: storage), pack(codes, most: 2, &random)))
    }

    /// The narrowest codes that fit, or by chance wider ones.
    private static func pack(
        _ codes: [UInt64], most: Int = 8, _ random: inout SeededNumbers
    ) -> Codes {
        let largest = codes.max() ?? 0
        let needed = [0, 1, 2, 4, 8].first {
            $0 == 8 || largest < UInt64(1) << UInt64(8 * $0)
        }
        let widths = [0, 1, 2, 4, 8].filter { $0 >= needed ?? 8 && $0 <= most }
        let width = random.chance(80) ? widths[0] : random.pick(widths)
        let storage = EncodedBytes(count: codes.count * width)
        var bytes = storage.mutableBytes
        for (row, code) in codes.enumerated() {
            for octet in 0..<width {
                bytes.storeBytes(
                    of: UInt8(truncatingIfNeeded: code >> UInt64(8 * octet)),
                    toByteOffset: row * width + octet, as: UInt8.self)
            }
        }
        return Codes(width: width, storage: storage)
    }

    private static func presence(_ flags: [Bool]) -> Presence {
        if flags.allSatisfy({ $0 }) { return .all }
        let storage = EncodedBytes(count: (flags.count + 63) / 64 * 8)
        var bytes = storage.mutableBytes
        for word in 0..<(flags.count + 63) / 64 {
            var bits: UInt64 = 0
            for row in (word * 64)..<min(flags.count, word * 64 + 64) where flags[row] {
                bits |= 1 << UInt64(row & 63)
            }
            bytes.storeBytes(of: bits, toByteOffset: word * 8, as: UInt64.self)
        }
        return .some(storage)
    }
}

/// An answer kept in memory.
final class EngineAnswer: AnswerWriter {
    var columns: [AnswerColumn] = []
    var rows: [[Cell]] = []
    var footing = Footing()

    func begin(columns: [AnswerColumn]) { self.columns = columns }
    func row(_ cells: [Cell]) { rows.append(cells) }
    func end(footing: Footing) { self.footing = footing }
}

extension QueryEngine {
    func answer(_ request: QueryRequest) throws -> EngineAnswer {
        let answer = EngineAnswer()
        try run(request, into: answer)
        return answer
    }
}
