import FlowModel
import FlowSwarm
import Testing

@Suite struct LiveStepsTests {
    @Test(arguments: [50, 300, 100_000])
    func `the sums of all steps are those of what was added`(edgesMax: Int) {
        var steps = LiveSteps(
            step: 500, from: 2000, services: [6 << 16 | 443], edgesMax: edgesMax)
        var numbers = Numbers(state: 5)
        var (added, closed) = ([SwarmEdge](), [SwarmEdge]())
        for round in 0..<30 as Range<UInt64> {
            for edge in someEdges(400, seed: round) {
                // Some come after their step was closed, some from a clock that is ahead.
                let late = Int64.random(in: -3000...6000, using: &numbers)
                steps.add(edge, received: UInt64(Int64((2000 + round) * 500) + late))
                added.append(edge)
            }
            let step = steps.close()
            #expect(step.number == 2000 + round && steps.next == 2001 + round)
            #expect(step.edges.count <= edgesMax + 2)
            closed += step.edges
        }
        for _ in 0..<LiveSteps.openMax { closed += steps.close().edges }
        #expect(sum(closed.map(\.sums)) == sum(added.map(\.sums)))
        let isWeb = { (edge: SwarmEdge) in edge.service == 6 << 16 | 443 }
        #expect(sum(closed.filter(isWeb).map(\.sums)) == sum(added.filter(isWeb).map(\.sums)))
        #expect((steps.foldedFlows > 0) == (edgesMax < 1000))
        #expect(steps.close().edges.isEmpty)
    }

    @Test func `what arrives in a step is in it, whatever the order`() {
        func step(_ shuffled: Bool) -> SwarmStep {
            var steps = LiveSteps(step: 500, from: 8, services: [], edgesMax: 60)
            var edges = someEdges(119, seed: 2)
            var numbers = Numbers(state: 1)
            if shuffled { edges.shuffle(using: &numbers) }
            for edge in edges { steps.add(edge, received: 9 * 500 + 499) }
            #expect(steps.close().edges.isEmpty)
            return steps.close()
        }
        #expect(step(false).edges == step(true).edges && step(false).number == 9)
    }

    @Test func `a step that is thrown away is counted`() {
        var steps = LiveSteps(step: 500, from: 0, services: [])
        for edge in someEdges(77, seed: 1) { steps.add(edge, received: 100) }
        for edge in someEdges(5, seed: 2) { steps.add(edge, received: 700) }
        #expect(steps.drop() == 77)
        #expect(sum(steps.close().edges.map(\.sums)).flows == 5)
    }
}
