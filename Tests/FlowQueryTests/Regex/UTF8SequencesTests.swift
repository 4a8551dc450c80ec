import Testing

@testable import FlowQuery

@Suite struct UTF8SequencesTests {
    @Test(
        arguments: [
            0...0, 0...0x7f, 0x7f...0x80, 0x80...0x7ff, 0x7fe...0x801, 0xd7ff...0xe000,
            0xfffe...0x10001, 0...0x10ffff, 0xe9...0xeb, 0x3ff...0x1234, 0xd800...0xdfff,
            0x12345...0x2abcd,
        ] as [ClosedRange<UInt32>])
    func `the octets of a range are those of its characters`(range: ClosedRange<UInt32>) {
        let sequences = UTF8Sequences.of(range)
        func accepts(_ octets: [UInt8]) -> Int {
            sequences.count { sequence in
                sequence.count == octets.count
                    && zip(sequence, octets).allSatisfy { $0.contains($1) }
            }
        }
        var wrong: [UInt32] = []
        for value in UInt32(0)...0x10ffff
        where value < 0x900 || value % 977 == 0 || value >= 0x10fff0 {
            guard let scalar = Unicode.Scalar(value), let octets = UTF8.encode(scalar) else {
                continue
            }
            if accepts(Array(octets)) != (range.contains(value) ? 1 : 0) { wrong.append(value) }
        }
        #expect(wrong.isEmpty)
        #expect(accepts([0xed, 0xa0, 0x80]) == 0, "a surrogate")
    }
}
