import FlowModel

/// A question for the IPv4 addresses of a name, and the answer to it (RFC 1035 §4).
struct DNSQuestion {
    let id: UInt16
    /// The name in the form of the wire, with its last, empty label.
    let name: [UInt8]

    private static let typeA: UInt16 = 1
    private static let typeSOA: UInt16 = 6
    private static let classIN: UInt16 = 1

    /// Asks for `name`; nil for what is none.
    init?(_ name: String, id: UInt16) {
        var octets: [UInt8] = []
        for label in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        {
            guard (1...63).contains(label.count) else { return nil }
            octets.append(UInt8(label.count))
            octets += label
        }
        octets.append(0)
        guard octets.count <= 255 else { return nil }
        self.name = octets
        self.id = id
    }

    /// The datagram.
    var octets: [UInt8] {
        var octets: [UInt8] = []
        // Recursion desired, one question.
        for word in [id, 0x0100, 1, 0, 0, 0] as [UInt16] { Self.append(word, to: &octets) }
        octets += name
        Self.append(Self.typeA, to: &octets)
        Self.append(Self.classIN, to: &octets)
        return octets
    }

    private static func append(_ word: UInt16, to octets: inout [UInt8]) {
        octets.append(UInt8(word >> 8))
        octets.append(UInt8(truncatingIfNeeded: word))
    }

    /// What an answer says.
    enum Answer: Equatable {
        /// The name has these addresses, for so many seconds.
        case addresses([UInt32], seconds: UInt32)
        /// There is no such name, or none of its kind; nil where nothing says for how long.
        case none(seconds: UInt32?)
        /// The resolver could not say (its RCODE).
        case failed(code: UInt8)
    }

    /// Reads a datagram; nil where it is no answer to this question.
    func answer(in octets: [UInt8]) -> Answer? {
        var reader = DNSReader(octets: octets)
        guard reader.word() == id, let flags = reader.word(), flags & 0xf800 == 0x8000,
            let questions = reader.word(), let answers = reader.word(),
            let authorities = reader.word(), reader.word() != nil, questions == 1
        else { return nil }
        guard let asked = reader.octets(name.count),
            zip(asked, name).allSatisfy({ Self.lower($0) == Self.lower($1) }),
            reader.word() == Self.typeA, reader.word() == Self.classIN
        else { return nil }
        let code = UInt8(flags & 15)
        guard code == 0 || code == 3 else { return .failed(code: code) }
        var addresses: [UInt32] = []
        var seconds: UInt32 = .max
        for _ in 0..<answers {
            guard let record = reader.record() else { return nil }
            guard record.type == Self.typeA, record.class == Self.classIN, record.data.count == 4,
                addresses.count < 64
            else { continue }
            addresses.append(record.data.reduce(0) { $0 << 8 | UInt32($1) })
            seconds = min(seconds, record.seconds)
        }
        if code == 0, !addresses.isEmpty { return .addresses(addresses, seconds: seconds) }
        for _ in 0..<authorities {
            guard let record = reader.record() else { break }
            // RFC 2308 §5: the smaller of the record's own time and its last field.
            if record.type == Self.typeSOA, record.data.count >= 22 {
                let minimum = record.data.suffix(4).reduce(0) { $0 << 8 | UInt32($1) }
                return .none(seconds: min(record.seconds, minimum))
            }
        }
        return .none(seconds: nil)
    }

    private static func lower(_ octet: UInt8) -> UInt8 {
        (65...90).contains(octet) ? octet | 32 : octet
    }
}

/// Reads a message from its beginning.
private struct DNSReader {
    let octets: [UInt8]
    private var place = 0

    init(octets: [UInt8]) { self.octets = octets }

    mutating func octets(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= octets.count - place else { return nil }
        defer { place += count }
        return octets[place..<(place + count)]
    }

    mutating func word() -> UInt16? {
        octets(2).map { $0.reduce(0) { $0 << 8 | UInt16($1) } }
    }

    struct Record {
        var type: UInt16
        var `class`: UInt16
        var seconds: UInt32
        var data: ArraySlice<UInt8>
    }

    mutating func record() -> Record? {
        guard skipName(), let type = word(), let `class` = word(),
            let seconds = octets(4)?.reduce(0, { $0 << 8 | UInt32($1) }), let length = word(),
            let data = octets(Int(length))
        else { return nil }
        // RFC 2181 §8: a time with its highest bit set is none.
        return Record(
            type: type, class: `class`, seconds: seconds >> 31 == 0 ? seconds : 0, data: data)
    }

    /// Passes over a name; what it points to is not looked at, so that it cannot point in a circle.
    private mutating func skipName() -> Bool {
        for _ in 0..<128 {
            guard let length = octets(1)?.first else { return false }
            switch length {
            case 0: return true
            case 1...63: if octets(Int(length)) == nil { return false }
            case 0xc0...: return octets(1) != nil
            default: return false
            }
        }
        return false
    }
}
