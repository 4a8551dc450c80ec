import FlowModel

// Codes of two octets of which a few make up much of the rows, such as ports: four bits a row name one of
// the 15 most frequent, and 15 sends the reader to a list of the others.
//
//     rows      443 52113 53 443 40022      frequent  53 443
//     ranks       1    15  0   1    15      others    52113 40022
//
// A test for a frequent code reads the ranks alone. Until version 2 a rank took an octet, which was
// compressed, and 255 stood for the others; ranks in memory are still like that.

/// What stands in memory for all codes that are not frequent.
let otherRank = UInt8.max

/// Ranks codes; keeps its scratch memory from block to block.
struct RankedCoding {
    private let counts = EncodedBytes(unfilled: 65_536 * 4)
    private let ranks = EncodedBytes(unfilled: 65_536)
    private let occurring = EncodedBytes(unfilled: 65_536 * 2)
    private let others = EncodedBytes(unfilled: FlowBatch.capacity * 2)
    private let rowRanks = EncodedBytes(unfilled: FlowBatch.capacity)

    /// Codes that have a rank at most.
    static let frequentMax = 15

    /// What is stored of a column.
    struct Packed {
        /// Number of frequent codes 2, each 2, ascending; then the ranks, packed in four bits each.
        let ranks: EncodedBytes
        /// The codes of the rows whose rank is 15, in their order.
        let others: EncodedBytes
        /// How many others there are up to the end of each frame of rows.
        let othersOfFrames: [Int]
    }

    /// Ranks the codes of at least one and at most ``FlowBatch/capacity`` rows.
    func pack(_ codes: Span<UInt16>) -> Packed {
        precondition(codes.count > 0 && codes.count <= FlowBatch.capacity)
        var counts = counts.mutableValues(as: UInt32.self)
        count(codes, into: &counts)
        var list = occurring.mutableValues(as: UInt16.self)
        let kinds = listOccurring(counts.span, into: &list)
        let frequent = mostFrequent(list.span.extracting(0..<kinds), counts.span)

        var rankOf = ranks.mutableValues(as: UInt8.self)
        for code in rankOf.indices { unsafe rankOf[unchecked: code] = otherRank }
        for (rank, code) in frequent.enumerated() { rankOf[Int(code)] = UInt8(rank) }
        var waiting = others.mutableValues(as: UInt16.self)
        var rankOfRow = rowRanks.mutableValues(as: UInt8.self, first: codes.count)
        var othersOfFrames: [Int] = []
        var count = 0
        let rowsOfFrame = Codec.frames.rowsOfFrame ?? codes.count
        for first in stride(from: 0, to: codes.count, by: rowsOfFrame) {
            let rows = first..<min(first + rowsOfFrame, codes.count)
            count = rank(
                codes, rows, by: rankOf.span, into: &rankOfRow, others: &waiting, from: count)
            othersOfFrames.append(count)
        }
        let rest = EncodedBytes(unfilled: count * 2)
        var otherCodes = rest.mutableValues(as: UInt16.self)
        for index in 0..<count { otherCodes[index] = waiting[index] }
        let head = 2 + 2 * frequent.count
        let output = EncodedBytes(
            count: head + PackedCoding.octets(rows: codes.count, bits: 4))
        var octets = output.mutableValues(as: UInt8.self)
        putPair(UInt16(frequent.count), in: &octets, at: 0)
        for (rank, code) in frequent.enumerated() { putPair(code, in: &octets, at: 2 + 2 * rank) }
        packBits(rankOfRow.span, bits: 4, into: &octets, at: head)
        return Packed(ranks: output, others: rest, othersOfFrames: othersOfFrames)
    }

    /// The most frequent codes, ascending, none of which occurs less often than any other.
    private func mostFrequent(_ occurring: Span<UInt16>, _ counts: Span<UInt32>) -> [UInt16] {
        // How many codes occur how often, those beyond the last slot together with it.
        var codesOfCount = InlineArray<1024, Int>(repeating: 0)
        for index in occurring.indices {
            codesOfCount[min(Int(counts[Int(occurring[index])]), 1023)] &+= 1
        }
        var least = 1024
        var taken = 0
        while least > 1, taken + codesOfCount[least - 1] <= Self.frequentMax {
            least -= 1
            taken += codesOfCount[least]
        }
        var spare = Self.frequentMax - taken
        var frequent: [UInt16] = []
        for index in occurring.indices {
            let code = occurring[index]
            let count = min(Int(counts[Int(code)]), 1023)
            if count >= least {
                frequent.append(code)
            } else if count == least - 1, spare > 0 {
                frequent.append(code)
                spare -= 1
            }
        }
        return frequent
    }
}

/// Counts how often each code occurs.
private func count(_ codes: Span<UInt16>, into counts: inout MutableSpan<UInt32>) {
    precondition(counts.count == 65_536)
    for code in counts.indices { unsafe counts[unchecked: code] = 0 }
    for row in codes.indices { unsafe counts[unchecked: Int(codes[unchecked: row])] &+= 1 }
}

/// Lists the codes that occur, ascending; answers how many there are.
private func listOccurring(
    _ counts: Span<UInt32>, into list: inout MutableSpan<UInt16>
) -> Int {
    precondition(counts.count == 65_536 && list.count == 65_536)
    var found = 0
    for code in counts.indices {
        // Written in any case: it stays where the code occurs.
        unsafe list[unchecked: found] = UInt16(truncatingIfNeeded: code)
        found &+= unsafe counts[unchecked: code] == 0 ? 0 : 1
    }
    return found
}

/// Writes the ranks of some rows, four bits each in an octet, and the codes that have none into `others`
/// from place `first` on; answers the place behind them.
private func rank(
    _ codes: Span<UInt16>, _ rows: Range<Int>, by rankOf: Span<UInt8>,
    into ranks: inout MutableSpan<UInt8>, others: inout MutableSpan<UInt16>, from first: Int
) -> Int {
    precondition(rankOf.count == 65_536 && rows.lowerBound >= 0 && first <= rows.lowerBound)
    precondition(rows.upperBound <= min(codes.count, ranks.count, others.count))
    var next = first
    for row in rows {
        let code = unsafe codes[unchecked: row]
        let rank = unsafe rankOf[unchecked: Int(code)]
        unsafe ranks[unchecked: row] = rank & 0xf
        // Written in any case: it stays where the code has no rank.
        unsafe others[unchecked: next] = code
        next &+= rank == otherRank ? 1 : 0
    }
    return next
}

private func putPair(_ value: UInt16, in octets: inout MutableSpan<UInt8>, at offset: Int) {
    octets[offset] = UInt8(truncatingIfNeeded: value)
    octets[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
}

/// The ranks of a column's rows and what they stand for.
struct RankedOctets {
    /// The frequent codes, ascending.
    let frequent: [UInt16]
    /// A rank a row.
    let ranks: EncodedBytes

    /// Takes apart the ranks of a chunk; nil where the octets are not that.
    ///
    /// - Parameter isPacked: whether they have four bits each, and not an octet.
    init?(_ octets: EncodedBytes, rows: Int, isPacked: Bool) {
        guard let head = RankedHead(octets, rows: rows, isPacked: isPacked) else { return nil }
        let all = octets.values(as: UInt8.self)
        let stored = all.extracting(head.octets..<all.count)
        let ranks = EncodedBytes(unfilled: rows)
        var output = ranks.mutableValues(as: UInt8.self)
        if isPacked { unpackBits(stored, bits: 4, into: &output) }
        let isSound =
            isPacked
            ? widenOthers(below: head.frequent.count, in: &output)
            : copyRanks(stored, below: head.frequent.count, into: &output)
        guard isSound else { return nil }
        frequent = head.frequent
        self.ranks = ranks
    }

    /// The codes of all rows; nil where there are more or fewer others than ranks ask for.
    func codes(others: EncodedBytes) -> EncodedBytes? {
        let rows = ranks.count
        let ranks = ranks.values(as: UInt8.self)
        let table = EncodedBytes(count: 512)
        var codeOf = table.mutableValues(as: UInt16.self)
        for (rank, code) in frequent.enumerated() { codeOf[rank] = code }
        let output = EncodedBytes(unfilled: rows * 2)
        var codes = output.mutableValues(as: UInt16.self)
        let taken = unrank(
            ranks, by: table.values(as: UInt16.self), others: others.values(as: UInt16.self),
            into: &codes)
        return taken * 2 == others.count ? output : nil
    }
}

/// What stands before the ranks of a chunk.
struct RankedHead {
    /// The frequent codes, ascending.
    let frequent: [UInt16]
    /// Octets before the ranks.
    var octets: Int { 2 + 2 * frequent.count }

    /// Reads a head; nil where the octets are not ranks of so many rows.
    init?(_ octets: EncodedBytes, rows: Int, isPacked: Bool) {
        guard octets.count >= 4 else { return nil }
        let all = octets.values(as: UInt8.self)
        let count = Int(all[0]) | Int(all[1]) << 8
        let ranks = isPacked ? PackedCoding.octets(rows: rows, bits: 4) : rows
        guard (1...(isPacked ? RankedCoding.frequentMax : 255)).contains(count),
            octets.count == 2 + 2 * count + ranks
        else { return nil }
        var frequent: [UInt16] = []
        for rank in 0..<count {
            let code = UInt16(all[2 + 2 * rank]) | UInt16(all[3 + 2 * rank]) << 8
            if let last = frequent.last, last >= code { return nil }
            frequent.append(code)
        }
        self.frequent = frequent
    }
}

/// Makes 255 of 15; false where another rank is not below `count`.
private func widenOthers(below count: Int, in ranks: inout MutableSpan<UInt8>) -> Bool {
    precondition((1...15).contains(count))
    let last = UInt8(count - 1)
    var isOdd: UInt8 = 0
    for row in 0..<ranks.count {
        let rank = unsafe ranks[unchecked: row]
        unsafe ranks[unchecked: row] = rank | 0 &- ((rank &+ 1) & 0x10)
        isOdd |= (rank > last ? 1 : 0) & (rank == 15 ? 0 : 1)
    }
    return isOdd == 0
}

/// Copies ranks; false where one is neither below `count` nor the one for others.
private func copyRanks(
    _ ranks: Span<UInt8>, below count: Int, into output: inout MutableSpan<UInt8>
) -> Bool {
    precondition(ranks.count == output.count && count <= 255)
    let last = UInt8(count - 1)
    var isOdd: UInt8 = 0
    for row in 0..<ranks.count {
        let rank = unsafe ranks[unchecked: row]
        unsafe output[unchecked: row] = rank
        isOdd |= (rank > last ? 1 : 0) & (rank == otherRank ? 0 : 1)
    }
    return isOdd == 0
}

/// Writes the codes; answers how many others there should have been.
///
/// - Parameter table: the code of each rank; 0 for 255.
private func unrank(
    _ ranks: Span<UInt8>, by table: Span<UInt16>, others: Span<UInt16>,
    into codes: inout MutableSpan<UInt16>
) -> Int {
    precondition(codes.count == ranks.count && table.count == 256)
    guard let last = others.indices.last else {
        for row in 0..<ranks.count {
            unsafe codes[unchecked: row] = table[unchecked: Int(ranks[unchecked: row])]
        }
        return ranks.indices.count { ranks[$0] == otherRank }
    }
    var next = 0
    for row in 0..<ranks.count {
        let rank = unsafe Int(ranks[unchecked: row])
        // Others come at random, so nothing branches on them: both are read, 255 is the only rank of
        // which the sum has a ninth bit, and the table has 0 for it.
        let isOther = (rank &+ 1) &>> 8
        let mask = 0 &- UInt16(truncatingIfNeeded: isOther)
        let other = unsafe others[unchecked: min(next, last)]
        let frequent = unsafe table[unchecked: rank]
        unsafe codes[unchecked: row] = frequent | other & mask
        next &+= isOther
    }
    return next
}
