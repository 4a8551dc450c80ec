import FlowModel
import Testing

@testable import FlowStore

/// Dictionaries of addresses, and frames, beside what they are made of.
@Suite struct DictionaryTests {
    /// Addresses of which some are below IPv4, some IPv4, and some above.
    private func address(_ number: Int, _ families: Int) -> IPAddress {
        let mixed = UInt64(number) &* 0x9e37_79b9_7f4a_7c15
        let v4 = IPAddress(v4: UInt32(truncatingIfNeeded: mixed >> 20))
        let v6 = IPAddress(high: 0x2001_0db8 << 32 | mixed >> 50, low: mixed)
        switch families {
        case 0: return v4
        case 1: return v6
        default:
            if number % 11 == 0 { return IPAddress(high: 0, low: UInt64(number)) }
            return number % 5 == 0 ? v6 : v4
        }
    }

    @Test(
        arguments: [1, 2, 256, 257, 1023, 1024, 1025, 4000], [0, 1, 2])
    func `codes are the places of addresses among the distinct ones in order`(
        distinct: Int, families: Int
    ) {
        let builder = AddressDictionaryBuilder()
        var random = Seeded(UInt64(distinct * 3 + families))
        for rows in [distinct, 5000] {
            let values = (0..<rows).map { row in
                address(
                    row < distinct ? row : Int.random(in: 0..<distinct, using: &random), families)
            }
            let found = builder.encode(values.span)
            let expected = Set(values).sorted()
            let sorted = found.dictionary.storage.values(as: IPAddress.self)
            #expect(sorted.count == expected.count)
            #expect(sorted.indices.allSatisfy { sorted[$0] == expected[$0] })
            #expect(found.codes.width == codeWidth(upTo: UInt64(expected.count - 1)))
            #expect(
                values.indices.allSatisfy { sorted[Int(found.codes.code(at: $0))] == values[$0] })
        }
    }

    @Test func `frames come back also when what was best no longer is`() {
        let compressor = Compressor()
        var random = Seeded(5)
        let piece = FrameChoices.Piece(
            field: .bytes, role: .codes, arrangement: .planes, number: 0)
        var stored = 0
        for block in 0..<120 {
            let octets = (0..<6000).map { place -> UInt8 in
                switch block / 30 {
                case 0: UInt8.random(in: 0...255, using: &random)
                case 1: UInt8(place / 40 & 15)
                case 2: UInt8.random(in: 0...7, using: &random)
                default: 7
                }
            }
            var output: [UInt8] = [1, 2, 3]
            let cuts = block % 2 == 0 ? [2000] : []
            let codec = unsafe compressor.append(
                octets.span.bytes, of: piece, cutAt: cuts, to: &output)
            stored += output.count
            #expect(output.starts(with: [1, 2, 3]))
            let frames = Array(output.dropFirst(3))
            guard codec == .zstd else {
                #expect(frames == octets)
                continue
            }
            let back = EncodedBytes(count: octets.count)
            let isWhole = Decompressors.shared.decompress(
                frames.span.bytes, into: back, 0..<octets.count)
            let found = back.values(as: UInt8.self)
            #expect(isWhole && octets.indices.allSatisfy { found[$0] == octets[$0] })
        }
        #expect(stored < 120 * 6000 * 2 / 3)
    }
}
