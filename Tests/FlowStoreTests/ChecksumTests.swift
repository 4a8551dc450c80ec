import Testing

@testable import FlowStore

@Suite struct ChecksumTests {
    // RFC 3720 §B.4 gives these.
    @Test func `the examples of RFC 3720 come out`() {
        let zeros = [UInt8](repeating: 0, count: 32)
        let ones = [UInt8](repeating: 0xff, count: 32)
        let rising = [UInt8](0..<32)
        let digits = Array("123456789".utf8)
        #expect(checksum(zeros.span.bytes) == 0x8a91_36aa)
        #expect(checksum(ones.span.bytes) == 0x62a8_ab43)
        #expect(checksum(rising.span.bytes) == 0x46dd_794e)
        #expect(checksum(digits.span.bytes) == 0xe306_9283)
    }
}

@Suite struct XXHashTests {
    // From the reference implementation.
    @Test(
        arguments: [
            ("", 0xef46_db37_51d8_e999),
            ("a", 0xd24e_c4f1_a98c_6e5b),
            ("abc", 0x44bc_2cf5_ad77_0999),
            ("Nobody inspects the spammish repetition", 0xfbce_a83c_8a37_8bf1),
        ] as [(String, UInt64)])
    func `known hashes come out`(text: String, hash: UInt64) {
        let octets = Array(text.utf8)
        #expect(xxHash64(octets.span.bytes) == hash)
    }
}
