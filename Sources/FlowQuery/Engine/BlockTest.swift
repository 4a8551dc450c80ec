import FlowModel
import FlowStore

/// A test in the terms of one block: on codes where that is possible, so that no value is widened.
enum BlockTest {
    /// The code lies in one of a few ranges.
    case ranges(Codes, [ClosedRange<UInt64>], present: [EncodedBytes])
    /// The code's entry in a table of all codes of its width.
    case table(Codes, [UInt8], present: [EncodedBytes])
    /// The code's bits.
    case bits(Codes, mask: UInt64, value: UInt64, present: [EncodedBytes])
    /// Nothing but presence.
    case present([EncodedBytes])
    /// A byte a row, made in advance.
    case rows([UInt8])
    /// The value has to be computed.
    case computed(Quantity, Condition, present: [EncodedBytes])
    /// Decided without looking at rows.
    case decided(Triage)
}

/// More ranges than this are looked up in a table, where the codes are narrow enough for one.
private let rangesMax = 4

extension Codes {
    /// The test whether a code lies in `ranges`, which are ascending, disjoint and within the width.
    ///
    /// - Parameter last: the largest code that occurs at most.
    func test(
        in ranges: [ClosedRange<UInt64>], last: UInt64, present: [EncodedBytes]
    ) -> BlockTest {
        guard let first = ranges.first else { return .decided(.none) }
        if first.lowerBound == 0 && first.upperBound >= last {
            return present.isEmpty ? .decided(.all) : .present(present)
        }
        if width == 0 {
            // The only code is 0, and the first range begins behind it or ends before `last`.
            guard first.lowerBound == 0 else { return .decided(.none) }
            return present.isEmpty ? .decided(.all) : .present(present)
        }
        if ranges.count <= rangesMax || width > 2 { return .ranges(self, ranges, present: present) }
        var table = [UInt8](repeating: 0, count: 1 << (8 * width))
        for range in ranges {
            for code in Int(range.lowerBound)...Int(range.upperBound) { table[code] = 0xff }
        }
        return .table(self, table, present: present)
    }

    /// The test of a frame's values.
    func test(
        in ranges: [ClosedRange<UInt64>], base: UInt64, present: [EncodedBytes]
    ) -> BlockTest {
        let widest = widest
        var moved: [ClosedRange<UInt64>] = []
        for range in ranges where range.upperBound >= base {
            let lower = range.lowerBound > base ? range.lowerBound - base : 0
            guard lower <= widest else { break }
            moved.append(lower...min(range.upperBound - base, widest))
        }
        return test(in: moved, last: widest, present: present)
    }

    /// The test of a dictionary's values.
    func test(
        in ranges: [ClosedRange<UInt64>], dictionary: Span<UInt64>, present: [EncodedBytes]
    ) -> BlockTest {
        var place = 0
        var found = CodeRanges()
        for range in ranges {
            let first = dictionary.firstIndex(from: place) { $0 >= range.lowerBound }
            let end = dictionary.firstIndex(from: first) { $0 > range.upperBound }
            found.append(first..<end)
            place = end
            if place == dictionary.count { break }
        }
        return test(in: found.ranges, last: UInt64(dictionary.count - 1), present: present)
    }

    /// The test of addresses.
    ///
    /// A few ranges are each looked up in the dictionary: the search goes on from where the last range
    /// ended, in steps that double. Where the set is the longer list, the dictionary's addresses are
    /// looked up in it.
    func test(
        in set: AddressIndex, addresses: Span<IPAddress>, present: [EncodedBytes]
    ) -> BlockTest {
        let last = UInt64(addresses.count - 1)
        if set.isLarge, set.ranges.count > addresses.count / 8, width > 0 {
            var table = [UInt8](repeating: 0, count: 1 << (8 * width))
            var marks = table.mutableSpan
            let marked = set.mark(addresses, in: &marks)
            if marked == 0 { return .decided(.none) }
            if marked == addresses.count {
                return present.isEmpty ? .decided(.all) : .present(present)
            }
            return .table(self, table, present: present)
        }
        var place = 0
        var found = CodeRanges()
        for range in set.ranges {
            let first = addresses.firstIndex(from: place) { $0 >= range.lowerBound }
            let end = addresses.firstIndex(from: first) { $0 > range.upperBound }
            found.append(first..<end)
            place = end
            if place == addresses.count { break }
        }
        return test(in: found.ranges, last: last, present: present)
    }

    /// The test of single bits of a dictionary's values.
    func test(
        mask: UInt64, value: UInt64, dictionary: Span<UInt64>, present: [EncodedBytes]
    ) -> BlockTest {
        var found = CodeRanges()
        for code in 0..<dictionary.count where dictionary[code] & mask == value {
            found.append(code..<(code + 1))
        }
        return test(in: found.ranges, last: UInt64(dictionary.count - 1), present: present)
    }
}

/// Ranges of codes as they are found, adjacent ones joined.
private struct CodeRanges {
    var ranges: [ClosedRange<UInt64>] = []

    mutating func append(_ codes: Range<Int>) {
        guard !codes.isEmpty else { return }
        let lower = UInt64(codes.lowerBound)
        let upper = UInt64(codes.upperBound - 1)
        if let last = ranges.last, last.upperBound + 1 == lower {
            ranges[ranges.count - 1] = last.lowerBound...upper
        } else {
            ranges.append(lower...upper)
        }
    }
}
