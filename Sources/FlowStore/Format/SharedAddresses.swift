import FlowModel

// A host is the source of some flows of a block and the destination of others, so the address columns
// of a block have one sorted dictionary together. A column's own, which its codes count, is what is
// left of it where the column's members are marked, a bit an entry.

/// The union of ascending, distinct addresses.
func union(_ a: Span<IPAddress>, _ b: Span<IPAddress>) -> EncodedBytes {
    let merged = EncodedBytes(unfilled: 16 * (a.count + b.count))
    var output = merged.mutableValues(as: IPAddress.self)
    var (i, j, count) = (0, 0, 0)
    while i < a.count, j < b.count {
        let (first, second) = (a[i], b[j])
        let isSecond = second < first
        output[count] = isSecond ? second : first
        i += isSecond ? 0 : 1
        j += isSecond || first == second ? 1 : 0
        count += 1
    }
    for index in i..<a.count {
        output[count] = a[index]
        count += 1
    }
    for index in j..<b.count {
        output[count] = b[index]
        count += 1
    }
    let exact = EncodedBytes(unfilled: 16 * count)
    var addresses = exact.mutableValues(as: IPAddress.self)
    for index in 0..<count { addresses[index] = output[index] }
    return exact
}

/// Marks the entries of `all` that `some` has, all of which must be there.
func members(_ some: Span<IPAddress>, of all: Span<IPAddress>) -> EncodedBytes {
    let bits = EncodedBytes(count: (all.count + 63) / 64 * 8)
    var words = bits.mutableValues(as: UInt64.self)
    var place = 0
    for index in some.indices {
        while all[place] < some[index] { place += 1 }
        words[place >> 6] |= 1 << UInt64(place & 63)
    }
    return bits
}

/// The entries of `all` that are marked.
///
/// - Parameter count: how many are marked.
func pick(
    _ all: AddressDictionary, members: EncodedBytes, count: Int
) -> AddressDictionary {
    if count == all.count { return all }
    let storage = EncodedBytes(unfilled: 16 * count)
    let entries = all.storage.values(as: IPAddress.self)
    var output = storage.mutableValues(as: IPAddress.self)
    let words = members.values(as: UInt64.self)
    var next = 0
    for index in words.indices {
        var word = words[index]
        while word != 0 {
            output[next] = entries[index << 6 | word.trailingZeroBitCount]
            word &= word &- 1
            next &+= 1
        }
    }
    return AddressDictionary(storage: storage)
}

/// How many of the entries below `place` are marked.
func rank(of place: Int, in members: EncodedBytes) -> Int {
    countBits(members.values(as: UInt64.self), rows: place)
}

/// The places of some of the marked entries, counted among the marked ones; those that are not there are
/// left out.
func marked(_ members: EncodedBytes, at wanted: [Int]) -> [Int] {
    let words = members.values(as: UInt64.self)
    var places: [Int] = []
    places.reserveCapacity(wanted.count)
    var index = 0
    var before = 0
    for place in wanted {
        while index < words.count, before + words[index].nonzeroBitCount <= place {
            before += words[index].nonzeroBitCount
            index += 1
        }
        guard index < words.count else { break }
        var word = words[index]
        for _ in before..<max(before, place) { word &= word &- 1 }
        places.append(index << 6 | word.trailingZeroBitCount)
    }
    return places
}
