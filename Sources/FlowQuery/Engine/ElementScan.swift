import FlowModel

/// Finds the rows of a block whose elements without a column pass a test.
///
/// Rows of one template share a layout, so where an element lies is worked out once a layout; as long
/// as everything before it has a fixed length, that is one number.
struct ElementScan {
    private let test: ElementTest
    private let other: OtherElements
    /// For each layout the wanted elements in it, in the order of the record; empty: none.
    private let finds: [[Find]]

    /// An element of a layout that the test looks at.
    private struct Find {
        /// Its place in the test's source.
        let element: Int
        /// Octets of fixed length before it, behind the last element of varying length.
        let skip: Int
        /// Elements of varying length before it, behind the last one found; each with the octets of
        /// fixed length before itself.
        let varying: [Int]
        let length: UInt16
    }

    init(_ test: ElementTest, _ other: OtherElements) {
        self.test = test
        self.other = other
        finds = other.layouts.map { Self.finds(test.source, in: $0) }
    }

    private static func finds(_ source: ElementSource, in layout: [OtherElement]) -> [Find] {
        var finds: [Find] = []
        var skip = 0
        var varying: [Int] = []
        for entry in layout {
            let element = source.elements.firstIndex {
                $0.enterprise == entry.enterprise && $0.id == entry.id
            }
            if let element {
                finds.append(
                    Find(element: element, skip: skip, varying: varying, length: entry.length))
                (skip, varying) = (0, [])
            } else if entry.length == OtherElement.variableLength {
                varying.append(skip)
                skip = 0
            } else {
                skip += Int(entry.length)
            }
        }
        return finds
    }

    /// Marks the rows that pass: 0xff in a byte a row.
    ///
    /// - Parameters:
    ///   - matcher: for a test with an expression.
    ///   - number: the column's number of a row, for a test that spans one; nil where absent.
    func marks(
        rows: Range<Int>, matcher: RegexMatcher?, number: (Int) -> UInt64?
    ) -> [UInt8] {
        var marks = [UInt8](repeating: 0, count: rows.count)
        let octets = other.octets.span
        for row in rows where row < other.layoutOfRow.count {
            let layout = Int(other.layoutOfRow[row])
            guard layout > 0, !finds[layout - 1].isEmpty else { continue }
            let start = row == 0 ? 0 : Int(other.endOfRow[row - 1])
            let record = octets.extracting(start..<Int(other.endOfRow[row]))
            if passes(record, finds[layout - 1], matcher, number, row) {
                marks[row - rows.lowerBound] = 0xff
            }
        }
        return marks
    }

    private func passes(
        _ record: Span<UInt8>, _ finds: [Find], _ matcher: RegexMatcher?,
        _ number: (Int) -> UInt64?, _ row: Int
    ) -> Bool {
        var position = 0
        var sum: UInt64?
        var first: UInt64?
        var last: UInt64?
        for find in finds {
            for skip in find.varying {
                guard let length = Self.length(record, at: position + skip) else { return false }
                position += skip + 2 + length
            }
            position += find.skip
            var length = Int(find.length)
            if find.length == OtherElement.variableLength {
                guard let varying = Self.length(record, at: position) else { break }
                length = varying
                position += 2
            }
            guard length <= record.count - position else { break }
            let value = record.extracting(position..<(position + length))
            position += length
            switch (test.source.reading, test.condition) {
            case (.sum, _):
                let factor = test.source.elements[find.element].factor
                guard let part = Self.number(value) else { continue }
                sum = (sum ?? 0).clampedAdding(part.scaled(by: factor))
            case (_, .spans):
                if find.element == 0 {
                    first = Self.number(value)
                } else {
                    last = Self.number(value)
                }
            default: if passes(value, matcher) { return true }
            }
        }
        switch test.condition {
        case .spans:
            guard let first, let last, first <= last, let number = number(row) else { return false }
            return (first...last).contains(number)
        case .inRanges(let ranges): return sum.map(ranges.covers) ?? false
        case .isPresent: return sum != nil
        default: return false
        }
    }

    private func passes(_ value: Span<UInt8>, _ matcher: RegexMatcher?) -> Bool {
        switch test.condition {
        case .isPresent: return true
        case .inRanges(let ranges):
            switch test.source.reading {
            case .number: return Self.number(value).map(ranges.covers) ?? false
            case .seconds:
                return Self.number(value).map { ranges.covers($0.scaled(by: 1000)) } ?? false
            case .ntp:
                guard value.count == 8, let stamp = Self.number(value) else { return false }
                return Self.milliseconds(ntp: stamp).map(ranges.covers) ?? false
            case .words:
                return stride(from: 0, to: value.count - 3, by: 4).contains { start in
                    Self.number(value.extracting(start..<start + 4)).map(ranges.covers) ?? false
                }
            case .sum, .address, .text, .octets: return false
            }
        case .inAddresses(let ranges):
            guard let address = Self.address(value) else { return false }
            return ranges.judge(address...address) == .all
        case .isOne(let values):
            let value = trimmed(value)
            return values.contains { $0.span.isEqual(to: value) }
        case .contains(let octets): return trimmed(value).contains(octets.span)
        case .matches: return matcher?.matches(trimmed(value)) ?? false
        case .spans: return false
        }
    }

    /// A text without the NULs that fill it up.
    @_lifetime(copy value)
    private func trimmed(_ value: Span<UInt8>) -> Span<UInt8> {
        guard case .text = test.source.reading else { return value }
        var end = value.count
        while end > 0, value[end - 1] == 0 { end -= 1 }
        return value.extracting(0..<end)
    }

    // MARK: Values

    private static func length(_ record: Span<UInt8>, at position: Int) -> Int? {
        guard position + 2 <= record.count else { return nil }
        return Int(record[position]) << 8 | Int(record[position + 1])
    }

    private static func number(_ value: Span<UInt8>) -> UInt64? {
        guard (1...8).contains(value.count) else { return nil }
        var number: UInt64 = 0
        for index in value.indices { number = number << 8 | UInt64(value[index]) }
        return number
    }

    private static func address(_ value: Span<UInt8>) -> IPAddress? {
        switch value.count {
        case 4: return number(value).map { IPAddress(v4: UInt32(truncatingIfNeeded: $0)) }
        case 16:
            guard let high = number(value.extracting(0..<8)),
                let low = number(value.extracting(8..<16))
            else { return nil }
            return IPAddress(high: high, low: low)
        default: return nil
        }
    }

    /// RFC 5905 §6: seconds since 1900 in the upper half, parts of one in the lower.
    private static func milliseconds(ntp stamp: UInt64) -> UInt64? {
        let seconds = stamp >> 32
        guard seconds >= 2_208_988_800 else { return nil }
        return (seconds - 2_208_988_800) * 1000 + (stamp & 0xffff_ffff) * 1000 >> 32
    }
}

extension Span<UInt8> {
    fileprivate func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }

    fileprivate func contains(_ part: Span<UInt8>) -> Bool {
        guard part.count > 0 else { return true }
        guard part.count <= count else { return false }
        for start in 0...(count - part.count) where self[start] == part[0] {
            if extracting(start..<start + part.count).isEqual(to: part) { return true }
        }
        return false
    }
}
