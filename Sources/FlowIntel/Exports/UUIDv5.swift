/// UUIDs made of names (RFC 9562 §5.5), in STIX's namespace for them.
enum UUIDv5 {
    /// 00abedb4-aa42-466c-9c01-fed23315a9b7, STIX 2.1 §2.9.
    private static let namespace: [UInt8] = [
        0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9,
        0xb7,
    ]

    static func text(of name: String) -> String {
        var octets = Array(SHA1.digest(namespace + name.utf8).prefix(16))
        octets[6] = octets[6] & 0x0f | 0x50
        octets[8] = octets[8] & 0x3f | 0x80
        var text = ""
        for (index, octet) in octets.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += (octet < 16 ? "0" : "") + String(octet, radix: 16)
        }
        return text
    }
}

/// SHA-1 (RFC 3174), for names only: it protects nothing.
enum SHA1 {
    static func digest(_ message: [UInt8]) -> [UInt8] {
        var padded = message
        padded.append(0x80)
        while padded.count % 64 != 56 { padded.append(0) }
        let bits = UInt64(message.count) * 8
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            padded.append(UInt8(truncatingIfNeeded: bits >> shift))
        }
        var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
        var words = [UInt32](repeating: 0, count: 80)
        for block in stride(from: 0, to: padded.count, by: 64) {
            add(padded.span.extracting(block..<(block + 64)), words: &words, to: &state)
        }
        return state.flatMap { word in
            stride(from: UInt32(24), through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: word >> $0)
            }
        }
    }

    private static func add(
        _ block: Span<UInt8>, words: inout [UInt32], to state: inout [UInt32]
    ) {
        for t in 0..<16 {
            words[t] =
                UInt32(block[4 * t]) << 24 | UInt32(block[4 * t + 1]) << 16
                | UInt32(block[4 * t + 2]) << 8 | UInt32(block[4 * t + 3])
        }
        for t in 16..<80 {
            words[t] = rotate(words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16], 1)
        }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for t in 0..<80 {
            let f: UInt32
            let k: UInt32
            switch t {
            case ..<20: (f, k) = (b & c | ~b & d, 0x5a82_7999)
            case ..<40: (f, k) = (b ^ c ^ d, 0x6ed9_eba1)
            case ..<60: (f, k) = (b & c | b & d | c & d, 0x8f1b_bcdc)
            default: (f, k) = (b ^ c ^ d, 0xca62_c1d6)
            }
            let next = rotate(a, 5) &+ f &+ e &+ words[t] &+ k
            (a, b, c, d, e) = (next, a, rotate(b, 30), c, d)
        }
        state[0] &+= a
        state[1] &+= b
        state[2] &+= c
        state[3] &+= d
        state[4] &+= e
    }

    private static func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 {
        word << bits | word >> (32 - bits)
    }
}
