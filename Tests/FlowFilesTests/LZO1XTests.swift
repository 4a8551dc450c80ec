import Testing

@testable import FlowFiles

@Suite struct LZO1XTests {
    private func decompress(_ stream: [UInt8], room: Int = 1000) throws -> [UInt8] {
        var output = [UInt8](repeating: 0xee, count: room)
        var span = output.mutableSpan
        var octets = span.mutableBytes
        let count = try LZO1X.decompress(stream.span.bytes, into: &octets)
        return Array(output.prefix(count))
    }

    private static let end: [UInt8] = [17, 0, 0]

    @Test func `nothing at all is the end alone`() throws {
        #expect(try decompress(Self.end) == [])
    }

    /// One for each instruction of the stream's description.
    @Test(
        arguments: [
            // A first octet of 18 to 20: that many less 17 literals; 21 and more: a run of them.
            ([19, 1, 2], [1, 2]), ([22, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5]),
            // 0 0 0 0 L L L L: 3 + L literals, or 18 and more.
            ([1, 1, 2, 3, 4], [1, 2, 3, 4]),
            ([0, 1] + (1...19).map { UInt8($0) }, (1...19).map { UInt8($0) }),
            // The same behind a run: three octets from 2049 and more back, see below; behind one to three
            // literals: two octets.
            ([19, 1, 2, 4, 0], [1, 2, 1, 2]),
            // 0 1 L D D D S S: three or four octets.
            ([22, 1, 2, 3, 4, 5, 0b0101_0000, 0], [1, 2, 3, 4, 5, 1, 2, 3]),
            ([22, 1, 2, 3, 4, 5, 0b0111_0001, 0, 9], [1, 2, 3, 4, 5, 1, 2, 3, 4, 9]),
            // 1 L L D D D S S: five to eight octets, which may overlap what they make.
            (
                [22, 1, 2, 3, 4, 5, 0b1110_0000, 0],
                [1, 2, 3, 4, 5] + [UInt8](repeating: 5, count: 8)
            ),
            // 0 0 1 L L L L L: within 16 KiB.
            ([22, 1, 2, 3, 4, 5, 34, 0b0000_1110, 0, 8, 9], [1, 2, 3, 4, 5, 2, 3, 4, 5, 8, 9]),
            (
                [22, 1, 2, 3, 4, 5, 32, 7, 0, 0],
                [1, 2, 3, 4, 5] + [UInt8](repeating: 5, count: 40)
            ),
        ] as [([UInt8], [UInt8])])
    func `each instruction does what the description says`(
        stream: [UInt8], is octets: [UInt8]
    )
        throws
    {
        #expect(try decompress(stream + Self.end) == octets)
    }

    /// 20,000 literals, then matches of the two kinds that reach far.
    @Test func `far matches are found`() throws {
        let literals = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 / 7 &* 31) }
        var run: [UInt8] = [0]
        var left = literals.count - 18
        while left > 255 {
            run.append(0)
            left -= 255
        }
        run.append(UInt8(left))
        // Behind a run: three octets from 2049 + 4 × 10 + 2 back; then 16384 + 100 back, five octets.
        let near: [UInt8] = [0b0000_1000, 10]
        let far: [UInt8] = [0b0001_0011, 0x90, 0x01]
        let made = try decompress(run + literals + near + far + Self.end, room: 30_000)
        var expected = literals
        let start = expected.count - (2049 + 40 + 2)
        expected += expected[start..<start + 3]
        let second = expected.count - (16384 + 100)
        expected += expected[second..<second + 5]
        #expect(made == expected)
    }

    @Test(
        arguments: [
            [], [17], [17, 0], [22, 1, 2], [0], [0, 0, 0], [21, 1, 2, 3],
            // Copies from before the beginning.
            [18, 1, 0b0110_0000, 1, 17, 0, 0], [64, 0, 17, 0, 0], [32, 1, 0, 0, 17, 0, 0],
            // More behind the end.
            [18, 1, 17, 0, 0, 7],
        ] as [[UInt8]])
    func `what is no stream is an error`(stream: [UInt8]) {
        #expect(throws: LZO1X.Failure.self) { _ = try decompress(stream) }
    }

    @Test func `a stream never fills more than its room`() {
        let stream: [UInt8] = [22, 1, 2, 3, 4, 5, 32, 0, 0, 0, 0, 9, 0, 0] + Self.end
        #expect(throws: LZO1X.Failure.room) { _ = try decompress(stream, room: 100) }
    }

    /// Any octets at all: an answer or an error, never more than there is room for.
    @Test func `noise is survived`() {
        var state: UInt64 = 7
        for _ in 0..<3000 {
            let stream = (0..<40).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 33)
            }
            _ = try? decompress(stream, room: 300)
        }
    }
}
