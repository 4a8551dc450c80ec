import FlowModel

/// Finds the distinct addresses of a column, sorts them, and writes each row's place among them.
///
/// Where there are few they are looked up, sorted and ranked:
///
///     rows      B A B C A        hash: first seen     distinct  B A C
///     indices   0 1 0 2 1        sort                 A B C
///     codes     1 0 1 2 0        rank                 1 0 2
///
/// Where there are many, most of them IPv4, a table of them outgrows the near caches, and sorting all
/// rows takes a third of the time: see ``AddressRowSorter``.
struct AddressDictionaryBuilder {
    private let finder = AddressFinder()
    private let rowSorter = AddressRowSorter()
    private let sorter = AddressSorter()
    private let order = EncodedBytes(unfilled: fewMax * 4)
    private let ranks = EncodedBytes(count: 65_536 * 2)

    /// Distinct addresses that are few.
    private static let fewMax = 1024

    /// Encodes at least one and at most ``FlowBatch/capacity`` addresses.
    func encode(_ values: Span<IPAddress>) -> (dictionary: AddressDictionary, codes: Codes) {
        precondition(values.count > 0 && values.count <= FlowBatch.capacity)
        if areAllEqual(values) {
            let storage = EncodedBytes(unfilled: 16)
            var output = storage.mutableValues(as: IPAddress.self)
            output[0] = values[0]
            return (
                AddressDictionary(storage: storage),
                Codes(width: 0, storage: EncodedBytes(count: 0))
            )
        }
        guard let count = finder.find(values, atMost: Self.fewMax) else {
            return rowSorter.encode(values)
        }
        let dictionary = sort(count)
        let width = codeWidth(upTo: UInt64(count - 1))
        let storage = EncodedBytes(unfilled: values.count * width)
        let indices = finder.indices
        let indicesInUse = indices.values(as: UInt16.self).extracting(0..<values.count)
        if width == 1 {
            var codes = storage.mutableValues(as: UInt8.self)
            rank(indicesInUse, by: ranks.values(as: UInt16.self), into: &codes)
        } else {
            var codes = storage.mutableValues(as: UInt16.self)
            rank(indicesInUse, by: ranks.values(as: UInt16.self), into: &codes)
        }
        return (dictionary, Codes(width: width, storage: storage))
    }

    /// Sorts the distinct addresses and fills `ranks`.
    private func sort(_ count: Int) -> AddressDictionary {
        let distinct = finder.distinct
        let found = distinct.values(as: IPAddress.self).extracting(0..<count)
        var indices = order.mutableValues(as: UInt32.self, first: count)
        for index in indices.indices { indices[index] = UInt32(index) }
        sorter.sort(&indices, by: found)
        let storage = EncodedBytes(unfilled: count * 16)
        var sorted = storage.mutableValues(as: IPAddress.self)
        var rankOf = ranks.mutableValues(as: UInt16.self)
        for place in indices.indices {
            let index = Int(indices[place])
            sorted[place] = found[index]
            rankOf[index] = UInt16(truncatingIfNeeded: place)
        }
        return AddressDictionary(storage: storage)
    }
}

private func areAllEqual(_ values: Span<IPAddress>) -> Bool {
    let first = values[0]
    var difference: UInt64 = 0
    // In pieces, so that a column that varies is left early.
    var start = 0
    while start < values.count {
        let end = min(start + 512, values.count)
        for row in start..<end {
            difference |= values[row].high ^ first.high | values[row].low ^ first.low
        }
        if difference != 0 { return false }
        start = end
    }
    return true
}
