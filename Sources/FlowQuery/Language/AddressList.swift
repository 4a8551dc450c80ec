import FlowModel

/// Reads lists of addresses: one address, prefix or range a line.
///
///     192.0.2.1
///     192.0.2.0/24          # what follows a blank, a comma, # or ; is not looked at,
///     192.0.2.1 - 192.0.2.9 ; unless it is a second address: two columns are no range
///     2001:db8::/32
///
/// Lists have millions of lines, so nothing is made of a line but two numbers.
struct AddressList {
    /// A line that is not one value.
    struct BadLine: Error {
        /// From 1.
        let number: Int
        /// Its octets in the list.
        let line: Range<Int>
        /// What is wrong with it: octets of the list.
        let place: Range<Int>
        let reason: Reason
    }

    enum Reason {
        case notAnAddress
        case notAPrefixLength
        case backwardRange
        case secondAddress
    }

    /// First address in the upper half, last in the lower.
    private var v4: [UInt64] = []
    private var v6: [ClosedRange<IPAddress>] = []

    private static let mapped = IPAddress(v4: 0)...IPAddress(v4: .max)

    /// The addresses of a list.
    static func addresses(in text: [UInt8]) throws(BadLine) -> IntervalSet<IPAddress> {
        var list = AddressList()
        // A line of a usual list has fourteen octets or so.
        list.v4.reserveCapacity(text.count / 14)
        try list.read(text.span)
        return list.set()
    }

    private mutating func read(_ text: Span<UInt8>) throws(BadLine) {
        var number = 0
        var start = 0
        // A mark of UTF-8 that some editors put before a text.
        if text.count >= 3, text[0] == 0xef, text[1] == 0xbb, text[2] == 0xbf { start = 3 }
        while start < text.count {
            number += 1
            var line = ListLine(text, from: start)
            do throws(ListLine.Problem) {
                if let value = try line.value(text) { append(value) }
            } catch {
                throw BadLine(
                    number: number,
                    line: start..<min(ListLine.end(text, from: start), start + 1000),
                    place: error.place, reason: error.reason)
            }
            start = line.next(text)
        }
    }

    private mutating func append(_ value: ListLine.Value) {
        switch value {
        case .v4(let first, let last): v4.append(UInt64(first) << 32 | UInt64(last))
        case .v6(let range):
            // Most lie on one side of the IPv4 addresses.
            if range.overlaps(Self.mapped) {
                v6 += IntervalSet(v6: range).ranges
            } else {
                v6.append(range)
            }
        }
    }

    private mutating func set() -> IntervalSet<IPAddress> {
        sortByUpperHalf(&v4)
        var ranges: [ClosedRange<IPAddress>] = []
        let sorted = IntervalSet(v6).ranges
        let below = sorted.prefix { $0.upperBound < IPAddress(v4: 0) }
        ranges.reserveCapacity(v4.count + sorted.count)
        ranges += below
        // The merge of IntervalSet, on half the memory.
        var index = 0
        while index < v4.count {
            let first = UInt32(truncatingIfNeeded: v4[index] >> 32)
            var last = UInt32(truncatingIfNeeded: v4[index])
            index += 1
            while index < v4.count, v4[index] >> 32 <= UInt64(last) + 1 {
                last = max(last, UInt32(truncatingIfNeeded: v4[index]))
                index += 1
            }
            ranges.append(IPAddress(v4: first)...IPAddress(v4: last))
        }
        ranges += sorted.dropFirst(below.count)
        return IntervalSet(ranges)
    }
}

/// Sorts by the upper 32 bits; where they are equal any order will do.
///
/// Two passes over 16 bits each: a million take a tenth of what comparing them takes.
private func sortByUpperHalf(_ values: inout [UInt64]) {
    if zip(values, values.dropFirst()).allSatisfy({ $0 <= $1 }) { return }
    guard values.count > 1 << 12 else { return values.sort() }
    var moved = [UInt64](repeating: 0, count: values.count)
    for shift: UInt64 in [32, 48] {
        var places = [Int](repeating: 0, count: 1 << 16)
        for value in values { places[Int(value >> shift & 0xffff)] += 1 }
        var sum = 0
        for index in places.indices {
            let count = places[index]
            places[index] = sum
            sum += count
        }
        for value in values {
            let digit = Int(value >> shift & 0xffff)
            moved[places[digit]] = value
            places[digit] += 1
        }
        swap(&values, &moved)
    }
}

/// Reads one line of a list.
private struct ListLine {
    enum Value {
        case v4(UInt32, UInt32)
        case v6(ClosedRange<IPAddress>)
    }

    struct Problem: Error {
        let place: Range<Int>
        let reason: AddressList.Reason
    }

    private var position: Int

    init(_ text: Span<UInt8>, from start: Int) { position = start }

    /// The end of the line from `start` on.
    static func end(_ text: Span<UInt8>, from start: Int) -> Int {
        var end = start
        while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
        return end
    }

    /// Where the next line begins.
    func next(_ text: Span<UInt8>) -> Int { Self.end(text, from: position) + 1 }

    /// The line's value; nil for an empty line or one of comment.
    mutating func value(_ text: Span<UInt8>) throws(Problem) -> Value? {
        skipBlanks(text)
        guard position < text.count, !Self.endsValue(text[position]) else { return nil }
        let start = position
        guard let first = address(text) else { throw notAnAddress(text, from: start) }
        let end = position
        var last = first
        skipBlanks(text)
        let hasBlank = position > end
        if position < text.count, text[position] == UInt8(ascii: "/") {
            position += 1
            let length = position
            guard let bits = number(text), ended(text),
                let prefix = IPPrefix(first, length: bits)
            else {
                throw Problem(place: word(text, from: length), reason: .notAPrefixLength)
            }
            try requireLast(text)
            if let v4 = prefix.address.v4, let last = prefix.last.v4 { return .v4(v4, last) }
            return .v6(prefix.address...prefix.last)
        }
        if position < text.count, text[position] == UInt8(ascii: "-") {
            position += 1
            skipBlanks(text)
            let second = position
            // `192.0.2.1 - AS64496` is an address and a remark.
            if let other = address(text), ended(text) {
                guard other.isV4 == first.isV4 else { throw notAnAddress(text, from: second) }
                guard first <= other else {
                    throw Problem(place: start..<position, reason: .backwardRange)
                }
                last = other
            } else if hasBlank {
                position = second
            } else {
                throw notAnAddress(text, from: start)
            }
        } else if !hasBlank && !ended(text) {
            throw notAnAddress(text, from: start)
        }
        try requireLast(text)
        if let v4 = first.v4, let end = last.v4 { return .v4(v4, end) }
        return .v6(first...last)
    }

    /// Refuses a second address in the line, which may be the end of a range or a mask.
    private mutating func requireLast(_ text: Span<UInt8>) throws(Problem) {
        while position < text.count, Self.isBlank(text[position]) || text[position] == 0x2c {
            position += 1
        }
        let start = position
        if address(text) != nil, ended(text) {
            throw Problem(place: start..<position, reason: .secondAddress)
        }
        position = start
    }

    private func notAnAddress(_ text: Span<UInt8>, from start: Int) -> Problem {
        Problem(place: word(text, from: start), reason: .notAnAddress)
    }

    /// From `start` to the next blank or comment.
    private func word(_ text: Span<UInt8>, from start: Int) -> Range<Int> {
        var end = start
        while end < text.count, !Self.endsValue(text[end]), !Self.isBlank(text[end]) { end += 1 }
        return start..<end
    }

    private func ended(_ text: Span<UInt8>) -> Bool {
        position == text.count || Self.endsValue(text[position]) || Self.isBlank(text[position])
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0d
    }

    private static func endsValue(_ byte: UInt8) -> Bool {
        byte == 0x0a || byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";")
            || byte == UInt8(ascii: ",")
    }

    private mutating func skipBlanks(_ text: Span<UInt8>) {
        while position < text.count, Self.isBlank(text[position]) { position += 1 }
    }

    private mutating func number(_ text: Span<UInt8>) -> Int? {
        var value = 0
        let start = position
        while position < text.count, (48...57).contains(text[position]), position - start < 3 {
            value = value * 10 + Int(text[position] - 48)
            position += 1
        }
        return position > start ? value : nil
    }

    /// Takes an address; nil, and the position anywhere, where there is none.
    private mutating func address(_ text: Span<UInt8>) -> IPAddress? {
        let start = position
        if let v4 = dottedQuad(text) { return IPAddress(v4: v4) }
        var end = start
        while end < text.count, Self.isAddressByte(text[end]) { end += 1 }
        position = end
        guard end > start else { return nil }
        return IPAddress.parse(text.extracting(start..<end))
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...58, 65...70, 97...102, UInt8(ascii: "."): true
        default: false
        }
    }

    /// Takes a dotted quad that nothing of an address follows.
    private mutating func dottedQuad(_ text: Span<UInt8>) -> UInt32? {
        var address: UInt32 = 0
        for octet in 0..<4 {
            if octet > 0 {
                guard position < text.count, text[position] == UInt8(ascii: ".") else { return nil }
                position += 1
            }
            let start = position
            guard let value = number(text), value < 256,
                position - start == 1 || text[start] != 48
            else { return nil }
            address = address << 8 | UInt32(truncatingIfNeeded: value)
        }
        guard position == text.count || !Self.isAddressByte(text[position]) else { return nil }
        return address
    }
}
