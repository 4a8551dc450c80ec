// Codes of one octet of which few occur, such as protocol numbers: their ranks in one, two or four bits.
//
//     codes     6 17 6 6 1 6 17 6       occurring  1 6 17
//     ranks     1  2 1 1 0 1  2 1       packed     octet 0: rows 6 4 2 0   octet 1: rows 7 5 3 1
//
// The rows are cut into as many equal parts as ranks fit an octet, and octet i has the i-th rank of each
// part, the first part lowest. So packing and unpacking shift whole vectors, and reading costs a tenth of
// what decompression does. A test reads the ranks alone.

/// Packed ranks.
enum PackedCoding {
    /// Codes that may occur.
    static let codesMax = 16

    /// Bits a rank of so many codes.
    static func bits(forCodes count: Int) -> Int { count <= 2 ? 1 : count <= 4 ? 2 : 4 }

    /// Octets that the ranks take.
    static func octets(rows: Int, bits: Int) -> Int { (rows * bits + 7) / 8 }

    /// The number of codes that occur, the codes, and the packed ranks; nil where too many occur.
    static func pack(_ codes: Span<UInt8>) -> EncodedBytes? {
        var occurs = [Bool](repeating: false, count: 256)
        for row in codes.indices { occurs[Int(codes[row])] = true }
        let occurring = occurs.indices.filter { occurs[$0] }
        guard !occurring.isEmpty, occurring.count <= codesMax else { return nil }
        var rankOf = [UInt8](repeating: 0, count: 256)
        for (rank, code) in occurring.enumerated() { rankOf[code] = UInt8(rank) }
        let ranks = EncodedBytes(unfilled: codes.count)
        var output = ranks.mutableValues(as: UInt8.self)
        for row in codes.indices { output[row] = rankOf[Int(codes[row])] }

        let bits = bits(forCodes: occurring.count)
        let head = 1 + occurring.count
        let packed = EncodedBytes(count: head + octets(rows: codes.count, bits: bits))
        var octets = packed.mutableValues(as: UInt8.self)
        octets[0] = UInt8(occurring.count)
        for (rank, code) in occurring.enumerated() { octets[1 + rank] = UInt8(code) }
        packBits(ranks.values(as: UInt8.self), bits: bits, into: &octets, at: head)
        return packed
    }
}

/// The ranks of a column's rows and what they stand for.
struct PackedOctets {
    /// The codes that occur, ascending.
    let occurring: [UInt8]
    /// A rank a row.
    let ranks: EncodedBytes

    /// Takes apart what ``PackedCoding`` packed; nil where the octets are not that.
    init?(_ octets: EncodedBytes, rows: Int) {
        guard let head = PackedHead(octets, rows: rows) else { return nil }
        let all = octets.values(as: UInt8.self)
        let ranks = EncodedBytes(unfilled: rows)
        var output = ranks.mutableValues(as: UInt8.self)
        unpackBits(all.extracting(head.octets..<all.count), bits: head.bits, into: &output)
        // Where every rank that the bits can say has a code they need not be looked at.
        let count = head.occurring.count
        guard
            count == 1 << head.bits
                || Codes(width: 1, storage: ranks).areAtMost(UInt64(count - 1))
        else { return nil }
        occurring = head.occurring
        self.ranks = ranks
    }

    /// The codes of all rows.
    func codes() -> EncodedBytes {
        // Ranks are the codes where these are 0, 1, 2 …
        if let last = occurring.last, Int(last) == occurring.count - 1 { return ranks }
        let table = EncodedBytes(count: 256)
        var codeOf = table.mutableValues(as: UInt8.self)
        for (rank, code) in occurring.enumerated() { codeOf[rank] = code }
        let output = EncodedBytes(unfilled: ranks.count)
        var codes = output.mutableValues(as: UInt8.self)
        translate(
            ranks.values(as: UInt8.self), by: table.values(as: UInt8.self), into: &codes)
        return output
    }
}

/// What stands before packed ranks.
struct PackedHead {
    /// The codes that occur, ascending.
    let occurring: [UInt8]
    var bits: Int { PackedCoding.bits(forCodes: occurring.count) }
    /// Octets before the ranks.
    var octets: Int { 1 + occurring.count }

    /// Reads a head; nil where the octets are not ranks of so many rows.
    init?(_ octets: EncodedBytes, rows: Int) {
        guard octets.count >= 2 else { return nil }
        let all = octets.values(as: UInt8.self)
        let count = Int(all[0])
        guard (1...PackedCoding.codesMax).contains(count) else { return nil }
        let bits = PackedCoding.bits(forCodes: count)
        guard octets.count == 1 + count + PackedCoding.octets(rows: rows, bits: bits) else {
            return nil
        }
        var occurring: [UInt8] = []
        for rank in 0..<count {
            if let last = occurring.last, last >= all[1 + rank] { return nil }
            occurring.append(all[1 + rank])
        }
        self.occurring = occurring
    }
}

/// The rank of one row among packed ones, which begin behind `head` octets.
func packedRank(_ octets: Span<UInt8>, head: Int, bits: Int, row: Int) -> Int {
    let part = octets.count - head
    return Int(octets[head + row % part] >> UInt8(row / part * bits)) & (1 << bits - 1)
}

/// How many of some rows have a rank, among packed ones that begin behind `head` octets.
func countRanks(
    _ octets: Span<UInt8>, head: Int, bits: Int, rows: Range<Int>, equalTo rank: UInt8
) -> Int {
    let part = octets.count - head
    let mask = UInt8(1 << bits - 1)
    var count = 0
    var row = rows.lowerBound
    while row < rows.upperBound {
        let end = min(rows.upperBound, (row / part + 1) * part)
        let first = head + row % part
        count += countParts(
            octets.extracting(first..<first + end - row), shift: row / part * bits, mask: mask,
            equalTo: rank)
        row = end
    }
    return count
}

/// How many octets have a number in some of their bits, of which there are seven at most.
private func countParts(
    _ octets: Span<UInt8>, shift: Int, mask: UInt8, equalTo number: UInt8
) -> Int {
    precondition(mask < 128 && number < 128)
    let ones: UInt64 = 0x0101_0101_0101_0101
    let (masks, numbers) = (ones * UInt64(mask), ones * UInt64(number))
    let raw = unsafe octets.bytes
    var (count, index) = (0, 0)
    while index &+ 8 <= raw.byteCount {
        let word = unsafe raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
        let differences = (word &>> UInt64(shift)) & masks ^ numbers
        // An octet that differs carries into its uppermost bit, and none into the next.
        count &+= ((differences &+ ones &* 127) & (ones &* 128) ^ (ones &* 128)).nonzeroBitCount
        index &+= 8
    }
    while index < raw.byteCount {
        if octets[index] &>> UInt8(shift) & mask == number { count += 1 }
        index += 1
    }
    return count
}

private func translate(
    _ ranks: Span<UInt8>, by table: Span<UInt8>, into codes: inout MutableSpan<UInt8>
) {
    precondition(codes.count == ranks.count && table.count == 256)
    for row in 0..<ranks.count {
        unsafe codes[unchecked: row] = table[unchecked: Int(ranks[unchecked: row])]
    }
}

/// Packs ranks, which must fit `bits` bits, behind the first `offset` octets of zeroed `output`.
func packBits(
    _ ranks: Span<UInt8>, bits: Int, into output: inout MutableSpan<UInt8>, at offset: Int
) {
    let part = PackedCoding.octets(rows: ranks.count, bits: bits)
    precondition(output.count == offset + part)
    for number in 0..<8 / bits {
        let first = number * part
        let shift = UInt8(number * bits)
        for index in 0..<max(0, min(part, ranks.count - first)) {
            unsafe output[unchecked: offset &+ index] |= ranks[unchecked: first &+ index] &<< shift
        }
    }
}

/// Unpacks what ``packBits(_:bits:into:at:)`` packed.
func unpackBits(_ packed: Span<UInt8>, bits: Int, into ranks: inout MutableSpan<UInt8>) {
    let part = PackedCoding.octets(rows: ranks.count, bits: bits)
    precondition(packed.count == part)
    let mask = UInt8(1 << bits - 1)
    for number in 0..<8 / bits {
        let first = number * part
        let shift = UInt8(number * bits)
        for index in 0..<max(0, min(part, ranks.count - first)) {
            unsafe ranks[unchecked: first &+ index] = packed[unchecked: index] &>> shift & mask
        }
    }
}
