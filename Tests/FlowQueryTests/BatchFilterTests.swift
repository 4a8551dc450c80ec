import FlowModel
import FlowQuery
import Testing

/// Filters of flows as they arrive against the plain evaluator.
@Suite struct BatchFilterTests {
    @Test(arguments: 0..<20)
    func `a batch's rows pass as the plain evaluator says`(seed: Int) throws {
        var world = EngineWorld(seed: UInt64(1000 + seed))
        let reference = EngineReference(world.batches, rates: world.rates)
        for _ in 0..<30 {
            let expression = world.expression(depth: 3)
            let filter = BatchFilter(expression, rates: world.rates)
            for batch in world.batches where batch.count > 0 {
                var rows: [Int32] = []
                filter.select(batch, into: &rows)
                let expected = (0..<batch.count).filter { row in
                    reference.passes(
                        expression, EngineReference.Row(batch: batch, row: row), raw: false)
                }
                #expect(rows == expected.map { Int32($0) }, "\(expression)")
            }
        }
    }

    @Test func `a service is asked for as everything else`() throws {
        let batch = FlowBatch()
        for (row, port) in [443, 80, 443].enumerated() {
            batch.columnForWriting(.proto).set(6, at: row)
            batch.columnForWriting(.srcport).set(50_000, at: row)
            batch.columnForWriting(.dstport).set(UInt64(port), at: row)
        }
        batch.advance(by: 3)
        let filter = BatchFilter(try FlowExpression(parsing: "service tcp/443"))
        var rows: [Int32] = []
        filter.select(batch, into: &rows)
        #expect(rows == [0, 2])
    }
}
