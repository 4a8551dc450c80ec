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
