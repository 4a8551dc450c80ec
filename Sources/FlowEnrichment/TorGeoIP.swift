import FlowModel

/// The files of Debian's `tor-geoipdb`: `first,last,country` a line, IPv4 in decimal.
///
///     # Generated: Thu, 25 Jun 2026 04:33:59 GMT
///     16777216,16777471,AU
///     2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP
///
/// `??` stands for nothing known.
struct TorGeoIP {
    /// The folder where Debian puts them.
    static let folder = "/usr/share/tor"
    static let v4Name = "geoip"
    static let v6Name = "geoip6"

    private(set) var source = AddressSource()
    /// What the header says of when it was made; nil where it does not.
    private(set) var date: String?
    /// Ranges read.
    private(set) var ranges = 0
    private var places: [UInt32] = Array(repeating: 0, count: 65_536)

    /// Reads the file of IPv4 ranges and, where there is one, that of IPv6 ranges.
    init(v4: String, v6: String?) throws(DatabaseError) {
        source.families.v4 = try read(v4)
        if let v6 {
            source.families.v6 = try read(v6)
        } else {
            source.families.v6.finish()
        }
    }

    private mutating func read<Key: DatabaseKey>(
        _ path: String
    ) throws(DatabaseError) -> AddressSteps<Key> {
        var steps = AddressSteps<Key>()
        steps.reserve(500_000)
        var line = 0
        let rangesBefore = ranges
        try forEachPiece(ofLinesIn: path) { (text: Span<UInt8>) throws(DatabaseError) in
            var place = 0
            while place < text.count {
                line += 1
                switch text[place] {
                case UInt8(ascii: "\n"): place += 1
                case UInt8(ascii: "#"): note(comment: text, at: &place)
                default:
                    guard let first = Key(text, at: &place), comma(text, at: &place),
                        let last = Key(text, at: &place), comma(text, at: &place),
                        let answer = answer(text, at: &place), steps.append(first, last, answer)
                    else { throw DatabaseError(path: path, cause: .line(line)) }
                    ranges += 1
                }
            }
        }
        guard ranges > rangesBefore else { throw DatabaseError(path: path, cause: .empty) }
        steps.finish()
        return steps
    }

    /// Reads `CH` and the end of the line.
    @inline(__always)
    private mutating func answer(_ text: Span<UInt8>, at place: inout Int) -> UInt32? {
        // A line feed ends the text, so that no line is shorter than what is looked at before one.
        guard place + 2 < text.count else { return nil }
        let (first, last) = (text[place], text[place + 1])
        place += 2
        if text[place] == UInt8(ascii: "\r"), place + 1 < text.count { place += 1 }
        guard text[place] == UInt8(ascii: "\n") else { return nil }
        place += 1
        let known = places[Int(first) << 8 | Int(last)]
        return known > 0 ? known : newAnswer(first, last)
    }

    private mutating func newAnswer(_ first: UInt8, _ last: UInt8) -> UInt32? {
        if first == UInt8(ascii: "?"), last == first { return 0 }
        guard let code = CountryCode(first, last) else { return nil }
        // Here too ZZ says that no country is known; it must not pass for private space.
        if code == .privateSpace { return 0 }
        let place = UInt32(source.answers.count)
        source.answers.append(AddressAnswer(country: code))
        places[Int(first) << 8 | Int(last)] = place
        return place
    }

    private mutating func note(comment text: Span<UInt8>, at place: inout Int) {
        let start = place
        while text[place] != UInt8(ascii: "\n") { place += 1 }
        let line = (start..<place).map { text[$0] }
        place += 1
        let mark = Array("# Generated: ".utf8)
        if line.starts(with: mark) {
            date = String(decoding: line[mark.count...].filter { $0 >= 0x20 }, as: UTF8.self)
        }
    }
}

/// A comma.
@inline(__always)
private func comma(_ text: Span<UInt8>, at place: inout Int) -> Bool {
    defer { place += 1 }
    return text[place] == UInt8(ascii: ",")
}

/// An address as these files write it.
///
/// Texts end with a line feed, which is part of no address: reading needs no look at the end.
private protocol DatabaseKey: FixedWidthInteger & UnsignedInteger & Sendable {
    init?(_ text: Span<UInt8>, at place: inout Int)
}

extension UInt32: DatabaseKey {
    @inline(__always)
    fileprivate init?(_ text: Span<UInt8>, at place: inout Int) {
        var value: UInt64 = 0
        let start = place
        while case let digit = text[place] &- 48, digit < 10 {
            value = value &* 10 &+ UInt64(digit)
            place += 1
        }
        guard (1...10).contains(place - start), let number = UInt32(exactly: value) else {
            return nil
        }
        self = number
    }
}

extension UInt128: DatabaseKey {
    /// Groups of hexadecimal digits, `::` once at most (RFC 4291 §2.2); not `::192.0.2.1`.
    @inline(__always)
    fileprivate init?(_ text: Span<UInt8>, at place: inout Int) {
        var value: UInt128 = 0
        var groups = 0
        // Groups before the `::`.
        var gap: Int?
        if text[place] == UInt8(ascii: ":") {
            place += 1
            guard text[place] == UInt8(ascii: ":") else { return nil }
            place += 1
            gap = 0
        }
        while true {
            var group: UInt32 = 0
            let start = place
            while let digit = hexadecimal(text[place]) {
                group = group << 4 | digit
                place += 1
            }
            guard place > start else {
                // Nothing but the end may follow a `::`.
                guard gap == groups else { return nil }
                break
            }
            guard place - start <= 4, groups < 8 else { return nil }
            value = value << 16 | UInt128(group)
            groups += 1
            guard text[place] == UInt8(ascii: ":") else { break }
            place += 1
            if text[place] == UInt8(ascii: ":") {
                guard gap == nil else { return nil }
                gap = groups
                place += 1
            }
        }
        guard let gap else {
            guard groups == 8 else { return nil }
            self = value
            return
        }
        guard groups < 8 else { return nil }
        let tail = 16 * (groups - gap)
        let upper = value >> tail
        self = gap == 0 ? value : upper << (16 * (8 - gap)) | (value & ((1 << tail) - 1))
    }
}

@inline(__always)
private func hexadecimal(_ letter: UInt8) -> UInt32? {
    switch letter {
    case 48...57: UInt32(letter &- 48)
    case 97...102: UInt32(letter &- 87)
    case 65...70: UInt32(letter &- 55)
    default: nil
    }
}
