import FlowModel
import FlowQuery
import FlowStore
import FlowSwarm
import FlowTestSupport
import Testing

@testable import SkeinCommand

/// What a swarm shows of a step is what a query says of it.
@Suite struct SwarmTotalsTests {
    @Test(
        arguments: [
            ("any", 60_000), ("proto tcp", 7_000), ("src net 10/8 and bytes > 2k", 600_000),
        ] as [(String, UInt64)])
    func `the totals of every step are those of the series`(filter: String, step: UInt64) throws {
        let folder = try TemporaryFolder()
        try folder.skein(
            "generate", "--as", "ipfix", "--flows", "20000", "--hours", "1", "--out", "day.pcap")
        try folder.skein("import", "--store", "s", "day.pcap")
        let engine = QueryEngine(try StoreReader(directory: folder.path("s")))
        var request = QueryRequest(
            filter: try FlowExpression(parsing: filter), kind: .series(step: step, by: []))
        let total = AnswerRows()
        var all = request
        all.kind = .total
        try engine.run(all, into: total)
        let first = try #require(total.rows[0][total.place("first")].asNumber)
        request.from = first + 90_000
        request.to = first + 3_000_000
        (request.overlap, request.spread, request.rollups) = (true, true, false)
        let series = AnswerRows()
        try engine.run(request, into: series)

        request.kind = .series(step: step, by: [.field(.srcip), .field(.dstip), .field(.service)])
        let rows = AnswerRows()
        try engine.run(request, into: rows)
        let columns = SwarmColumns(rows.columns)
        var edges: [UInt64: [SwarmEdge]] = [:]
        for row in rows.rows {
            columns.append(row, to: &edges[try #require(row[0].asNumber), default: []])
        }
        let swarm = SwarmEngine(SwarmSettings())
        var compared = 0
        for row in series.rows {
            let start = try #require(row[0].asNumber)
            let scene = swarm.take(SwarmStep(number: start / step, edges: edges[start] ?? []))
            #expect(scene.total.flows == row[series.place("flows")].asNumber)
            #expect(scene.total.packets == row[series.place("packets")].asNumber)
            #expect(scene.total.bytes == row[series.place("bytes")].asNumber)
            compared += scene.total.flows > 0 ? 1 : 0
        }
        #expect(compared > 3)
    }
}
