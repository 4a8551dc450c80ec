import FlowModel
import FlowStore

/// What rollups tell of the largest keys, of which each bucket lists some.
///
///     bucket   listed             any other at most
///     12:00    a 90  b 40  c 9    8
///     13:00    a 70  d 30  b 12   11
///
/// Here a has 160 octets, and b 52; d has 30, and perhaps 8 more; who is not listed at all has 19 at most. So
/// the first two are known, and of the third only that it is d.
struct LeadingTally {
    /// A key that some bucket lists.
    struct Entry {
        let key: IPAddress
        /// What is listed of it.
        var sums = GroupSums()
        /// Buckets that list some keys only, and list this one.
        var buckets = 0
        /// The most that a key can have in these which they do not list.
        var bytesSpared: UInt64 = 0
    }

    /// The largest keys: those of which everything is listed, and those that are to be counted.
    struct Leaders {
        var known: [Entry] = []
        var open: [IPAddress] = []
    }

    /// Octets of all keys.
    private(set) var whole: UInt64 = 0
    private(set) var footing = ScanFooting()
    private var entries: [Entry] = []
    private var places: [IPAddress: Int] = [:]
    /// Buckets that list some keys only.
    private var buckets = 0
    /// The most octets that a key can have which none of them lists.
    private var bytesMax: UInt64 = 0
    private var hasOverflow = false
    /// Listed octets of flows without an address there.
    private var bytesOfNone: UInt64 = 0

    /// Keys that are counted at most, where that is to be quick.
    private static let openMax = 1024

    // MARK: Taking

    /// Takes the rollup of a segment.
    ///
    /// - Parameters:
    ///   - blocks: its blocks of the dimension, all parts.
    ///   - field: what it lists.
    ///   - window: first and last instant that counts.
    mutating func add(
        _ blocks: [RollupBlock], _ field: Field, window: ClosedRange<UInt64>
    ) throws {
        var bounds: [Bucket: UInt64] = [:]
        for block in blocks where block.part == .bounds {
            let rows = try BucketRows(block)
            for row in 0..<rows.count where window.contains(rows.place(row)) {
                bounds[rows.bucket(row)] = rows.bytes[row]
                open(bytesMax: rows.bytes[row])
            }
        }
        for block in blocks where block.part == .remainder || block.part == .keys {
            let rows = try BucketRows(block)
            footing.hasReverse = footing.hasReverse || block.hasReverse
            footing.rowsScanned += UInt64(rows.count)
            for row in 0..<rows.count where window.contains(rows.place(row)) {
                whole = whole.clampedAdding(rows.bytes[row])
                if rows.isOfUnknownRate(row) { footing.flowsOfUnknownRate &+= rows.flows[row] }
                if rows.isWithoutStart(row) { footing.flowsWithoutStart &+= rows.flows[row] }
            }
            if block.part == .keys { try add(rows, try block.column(field), bounds, window) }
        }
    }

    private mutating func add(
        _ rows: BucketRows, _ column: EncodedColumn?, _ bounds: [Bucket: UInt64],
        _ window: ClosedRange<UInt64>
    ) throws {
        var values: (dictionary: AddressDictionary, codes: Codes)?
        if case .addresses(let dictionary, let codes)? = column?.values {
            values = (dictionary, codes)
        }
        // An address is looked for once in a block.
        var placeOfCode = [Int](repeating: -1, count: values?.dictionary.count ?? 0)
        var bucket: Bucket?
        var bound: UInt64?
        for row in 0..<rows.count where window.contains(rows.place(row)) {
            if bucket != rows.bucket(row) {
                bucket = rows.bucket(row)
                bound = bounds[rows.bucket(row)]
            }
            guard let column, let values, column.isPresent(row) else {
                bytesOfNone = bytesOfNone.clampedAdding(rows.bytes[row])
                continue
            }
            let code = Int(values.codes.code(at: row))
            if placeOfCode[code] < 0 {
                placeOfCode[code] = place(
                    of: values.dictionary.storage.values(as: IPAddress.self)[code])
            }
            entries[placeOfCode[code]].add(rows.sums(row), bound)
        }
    }

    /// Takes flows that no rollup counts.
    ///
    /// - Parameters:
    ///   - groups: the largest groups of them, with their addresses.
    ///   - hasOthers: whether there are more.
    mutating func add(
        _ groups: [(key: IPAddress?, sums: GroupSums)], hasOthers: Bool, whole: UInt64,
        _ footing: ScanFooting
    ) {
        self.whole = self.whole.clampedAdding(whole)
        self.footing.add(footing)
        let bound = hasOthers ? groups.last?.sums.bytes ?? 0 : nil
        if let bound { open(bytesMax: bound) }
        for (key, sums) in groups {
            if let key {
                entries[place(of: key)].add(sums, bound)
            } else {
                bytesOfNone = bytesOfNone.clampedAdding(sums.bytes)
            }
        }
    }

    /// Takes a bucket that lists some keys only.
    private mutating func open(bytesMax bound: UInt64) {
        buckets += 1
        let (sum, overflow) = bytesMax.addingReportingOverflow(bound)
        bytesMax = sum
        hasOverflow = hasOverflow || overflow
    }

    private mutating func place(of key: IPAddress) -> Int {
        if let place = places[key] { return place }
        places[key] = entries.count
        entries.append(Entry(key: key))
        return entries.count - 1
    }

    // MARK: Answering

    /// The keys among which the first `top` are; nil where others may be too.
    func leaders(top: Int) -> Leaders? {
        guard !hasOverflow, entries.count >= top else { return nil }
        var first = Leading<Int>(limit: top)
        for place in entries.indices {
            first.offer(place) { entries[$0].sums.bytes > entries[$1].sums.bytes }
        }
        // So many have at least this.
        let least = entries[first.elements[0]].sums.bytes
        guard bytesMax < least, bytesOfNone.clampedAdding(bytesMax) < least else { return nil }
        var leaders = Leaders()
        for entry in entries
        where entry.sums.bytes.clampedAdding(bytesMax - entry.bytesSpared) >= least {
            if entry.buckets == buckets {
                leaders.known.append(entry)
            } else if leaders.open.count < Self.openMax {
                leaders.open.append(entry.key)
            } else {
                return nil
            }
        }
        return leaders
    }
}

extension LeadingTally.Entry {
    /// Adds what a bucket lists; `bound` is what others may have there, nil where it lists all.
    fileprivate mutating func add(_ more: GroupSums, _ bound: UInt64?) {
        sums.flows = sums.flows.clampedAdding(more.flows)
        sums.packets = sums.packets.clampedAdding(more.packets)
        sums.bytes = sums.bytes.clampedAdding(more.bytes)
        sums.reversePackets = sums.reversePackets.clampedAdding(more.reversePackets)
        sums.reverseBytes = sums.reverseBytes.clampedAdding(more.reverseBytes)
        guard let bound else { return }
        buckets += 1
        bytesSpared &+= bound
    }
}

/// A bucket of a rollup: its minute or hour, and what kind of flows it counts.
private struct Bucket: Hashable {
    var start: UInt64
    var kind: UInt8
}

/// The rows of a rollup's block as numbers.
private struct BucketRows {
    let count: Int
    let flows: [UInt64]
    let packets: [UInt64]
    let bytes: [UInt64]
    /// Empty where no row has any.
    let reversePackets: [UInt64]
    let reverseBytes: [UInt64]
    private let received: [UInt64]
    private let sampling: [UInt64]
    private let start: EncodedColumn?

    init(_ block: RollupBlock) throws {
        count = block.rows
        flows = try Self.numbers(block, .flows)
        packets = try Self.numbers(block, .packets)
        bytes = try Self.numbers(block, .bytes)
        received = try Self.numbers(block, .received)
        sampling = try Self.numbers(block, .sampling)
        start = try block.column(.start)
        let hasReverse = block.hasReverse
        reversePackets = hasReverse ? try Self.numbers(block, .rpackets) : []
        reverseBytes = hasReverse ? try Self.numbers(block, .rbytes) : []
    }

    /// The numbers of a column; 0 where there are none.
    private static func numbers(_ block: RollupBlock, _ field: Field) throws -> [UInt64] {
        guard let column = try block.column(field) else {
            return [UInt64](repeating: 0, count: block.rows)
        }
        var numbers = [UInt64](repeating: 0, count: block.rows)
        var output = numbers.mutableSpan
        column.decodeNumbers(into: &output)
        if case .some = column.presence {
            for row in 0..<block.rows where !column.isPresent(row) { numbers[row] = 0 }
        }
        return numbers
    }

    /// When the bucket begins; it counts as the start of its flows.
    func place(_ row: Int) -> UInt64 { received[row] }

    func bucket(_ row: Int) -> Bucket {
        Bucket(
            start: received[row],
            kind: (isOfUnknownRate(row) ? 1 : 0) | (isWithoutStart(row) ? 2 : 0))
    }

    func isOfUnknownRate(_ row: Int) -> Bool { sampling[row] == 0 }

    func isWithoutStart(_ row: Int) -> Bool { start?.isPresent(row) != true }

    func sums(_ row: Int) -> GroupSums {
        var sums = GroupSums(flows: flows[row], packets: packets[row], bytes: bytes[row])
        if !reverseBytes.isEmpty {
            (sums.reversePackets, sums.reverseBytes) = (reversePackets[row], reverseBytes[row])
        }
        return sums
    }
}
