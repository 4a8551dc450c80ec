import FlowModel
import Testing

@testable import FlowStore

@Suite struct ServiceCodesTests {
    private static func batch(rows: Int, protocols: [UInt64], _ random: inout Seeded) -> FlowBatch {
        let batch = FlowBatch()
        for row in 0..<rows {
            func set(_ field: Field, _ value: UInt64) {
                batch.columnForWriting(field).set(value, at: row)
            }
            set(.proto, protocols[Int.random(in: 0..<protocols.count, using: &random)])
            let ports: [UInt64] = [0, 53, 65_535, UInt64.random(in: 0...65_535, using: &random)]
            set(.srcport, ports[Int.random(in: 0..<4, using: &random)])
            set(.dstport, ports[Int.random(in: 0..<4, using: &random)])
        }
        batch.advance(by: rows)
        return batch
    }

    /// Blocks one after the other, whose marks must not stay.
    @Test func `services of rows are those of their protocols and ports, ascending`() throws {
        var random = Seeded(7)
        let kinds: [[UInt64]] = [
            [6], [17], [6, 17], [1], [0, 255, 132, 33], [6, 17, 1, 47, 132, 58], Array(0...255),
        ]
        for (index, protocols) in (kinds + kinds.reversed()).enumerated() {
            let rows = [1, 63, 1000, 5000][index % 4]
            let batch = Self.batch(rows: rows, protocols: protocols, &random)
            let column = try Service.column(of: BlockEncoder().encode(batch))
            let expected = (0..<rows).map { row in
                Service.number(
                    proto: batch.number(.proto, at: row) ?? 0,
                    srcport: batch.number(.srcport, at: row) ?? 0,
                    dstport: batch.number(.dstport, at: row) ?? 0)
            }
            #expect((0..<rows).map { column.number(at: $0) } == expected)
            guard case .dictionary(let services, _) = column.values else {
                Issue.record("services are not told by a dictionary")
                return
            }
            #expect(services == Set(expected).sorted())
        }
    }

    @Test func `a block whose rows all differ has as many services`() throws {
        let batch = FlowBatch()
        for row in 0..<65_536 {
            batch.columnForWriting(.proto).set(row % 2 == 0 ? 6 : 17, at: row)
            batch.columnForWriting(.srcport).set(UInt64(row), at: row)
            batch.columnForWriting(.dstport).set(65_535, at: row)
        }
        batch.advance(by: 65_536)
        let column = try Service.column(of: BlockEncoder().encode(batch))
        for row in [0, 1, 2, 32_767, 65_534, 65_535] {
            #expect(column.number(at: row) == UInt64(row % 2 == 0 ? 6 : 17) << 16 | UInt64(row))
        }
    }
}
