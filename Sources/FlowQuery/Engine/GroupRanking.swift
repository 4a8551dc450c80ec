import FlowModel

/// Groups in the order of the answer: the first of them, or all.
///
///     [ order: all bits of the value inverted ][ full key … ][ sums … ][ numbers of the details … ]
///
/// Words compared as numbers put the largest value first, and equal ones by key.
final class GroupRanking {
    let layout: GroupLayout
    /// Groups seen.
    private(set) var count: UInt64 = 0
    /// What shares are taken of.
    private(set) var whole: UInt64 = 0

    private let order: GroupOrder?
    private let limit: Int
    private let detailWords: Int
    private let candidate: Scratch<UInt64>
    private let sorter: RecordSorter
    private var leading: Leading<Int>?
    private let kept: Scratch<UInt64>
    private var spare = 0

    /// Groups of which only the first are kept, instead of all of them to be cut afterwards.
    private static let leadingMax = 65_536

    /// - Parameters:
    ///   - order: by what, the largest first; nil: by key only.
    ///   - limit: how many are wanted; 0 = all.
    init(
        _ layout: GroupLayout, detailWords: Int, order: GroupOrder?, limit: Int,
        memory: GroupMemory
    ) {
        self.layout = layout
        self.detailWords = detailWords
        self.order = order
        self.limit = limit
        let stride = 1 + layout.full.words + layout.sumWords + detailWords
        candidate = Scratch(stride, repeating: 0)
        sorter = RecordSorter(
            stride: stride, keyWords: 1 + layout.full.words, octetsMax: memory.sorterOctets)
        let keeps = limit > 0 && limit <= Self.leadingMax
        leading = keeps ? Leading(limit: limit) : nil
        kept = Scratch(keeps ? (limit + 1) * stride : 0, repeating: 0)
    }

    /// Takes the groups of a map.
    ///
    /// - Parameter details: the numbers of each, in the map's order.
    func add(_ map: GroupMap, details: [UInt64]) throws {
        precondition(details.count == map.count * detailWords)
        count += UInt64(map.count)
        guard let order else {
            for group in 0..<map.count { try keep(map, group, details, value: .max) }
            return
        }
        let entries = map.entries
        let sums = map.keyWords
        if let place = order.sumPlace {
            for group in 0..<map.count {
                let value = unsafe entries[unchecked: group &* map.stride &+ sums &+ place]
                whole = whole.clampedAdding(value)
                if value >= least { try keep(map, group, details, value: value) }
            }
            return
        }
        for group in 0..<map.count {
            let sums = GroupSums(entries, at: group * map.stride + sums, layout)
            whole = whole.clampedAdding(sums.shared(order))
            let value =
                order == .distinct ? details[group * detailWords] : sums.value(order)
            if value >= least { try keep(map, group, details, value: value) }
        }
    }

    /// The groups kept, in runs in order.
    func finish() -> [SortedRun] {
        guard let leading else { return sorter.finish() }
        let (kept, stride, keyWords) = (kept, candidate.count, 1 + layout.full.words)
        let order = leading.elements.sorted {
            precedes(kept.span, $0 * stride, kept.span, $1 * stride, keyWords)
        }
        return [
            SortedRun(
                stride: stride, keyWords: keyWords, pages: [kept], pageRecords: limit + 1,
                order: order)
        ]
    }

    /// The smallest value that can still be among the first.
    private var least: UInt64 {
        guard let leading, leading.elements.count == limit else { return 0 }
        return ~kept[leading.elements[0] * candidate.count]
    }

    private func keep(
        _ map: GroupMap, _ group: Int, _ details: [UInt64], value: UInt64
    ) throws {
        let (table, stride) = (candidate, candidate.count)
        var record = table.mutable
        let entries = map.entries
        let entry = group * map.stride
        record[0] = ~value
        if map.form == .full {
            for word in 0..<map.keyWords { record[1 + word] = entries[entry + word] }
        } else {
            for word in 0..<layout.full.words { record[1 + word] = 0 }
            layout.expand(entries, entry, into: &record, at: 1)
        }
        for word in 0..<layout.sumWords {
            record[1 + layout.full.words + word] = entries[entry + map.keyWords + word]
        }
        for word in 0..<detailWords {
            record[stride - detailWords + word] = details[group * detailWords + word]
        }
        if leading == nil { try sorter.append(table.span) } else { offer() }
    }

    private func offer() {
        let (kept, stride, keyWords) = (kept, candidate.count, 1 + layout.full.words)
        for word in 0..<stride { kept[spare * stride + word] = candidate[word] }
        let precedes = { (a: Int, b: Int) in
            FlowQuery.precedes(kept.span, a * stride, kept.span, b * stride, keyWords)
        }
        guard let elements = leading?.elements else { return }
        let isFull = elements.count == limit
        let last = isFull ? elements[0] : spare + 1
        if isFull && !precedes(spare, last) { return }
        leading?.offer(spare, by: precedes)
        spare = last
    }
}

extension GroupOrder {
    /// Which of the sums groups are ordered by; nil for rates.
    var sumPlace: Int? {
        switch self {
        case .flows: 0
        case .packets: 1
        case .bytes: 2
        case .pps, .bps, .bpp, .distinct: nil
        }
    }
}

extension GroupSums {
    /// What groups are ordered by, where that is made of sums.
    func value(_ order: GroupOrder) -> UInt64 {
        // Without a start `first` is the largest number, without an end `last` is 0: no time.
        let duration = last.clampedSubtracting(first)
        return switch order {
        case .flows: flows
        case .packets: packets
        case .bytes: bytes
        case .pps: packets.times(1000, over: duration)
        case .bps: bytes.times(8000, over: duration)
        case .bpp: bytes.times(1, over: packets)
        case .distinct: 0
        }
    }

    /// What the share is taken of: rates and numbers of values have none, so theirs is of the octets.
    func shared(_ order: GroupOrder) -> UInt64 {
        switch order {
        case .flows: flows
        case .packets: packets
        case .bytes, .pps, .bps, .bpp, .distinct: bytes
        }
    }
}
