import FlowQuery
import FlowSwarm
import SkeinServer

/// Turns the edges of steps, as the engine answers them, into scenes.
///
///     rows ─▶ step ─▶ scene ─▶ whoever draws it, or sends it on
///
/// The edges of one step are held, whatever the number of flows.
final class SwarmScenes: AnswerWriter {
    private let plan: SwarmPlan
    private let engine: SwarmEngine
    private let take: (SwarmScene) throws -> Void
    private let edgesMax: Int
    private var columns = SwarmColumns()
    private var edges: [SwarmEdge] = []
    private var number: UInt64
    /// Flows that count as they are, as no sampling rate is known; told at the end.
    private(set) var flowsOfUnknownRate: UInt64 = 0

    /// - Parameters:
    ///   - edgesMax: edges of a step at most; one with more ends it.
    ///   - take: gets every step's scene, one after the other.
    init(
        _ plan: SwarmPlan, _ settings: SwarmSettings, edgesMax: Int = .max,
        take: @escaping (SwarmScene) throws -> Void
    ) {
        self.plan = plan
        self.edgesMax = edgesMax
        self.take = take
        number = plan.steps.lowerBound
        engine = SwarmEngine(settings)
    }

    func begin(columns: [AnswerColumn]) { self.columns = SwarmColumns(columns) }

    func row(_ cells: [Cell]) throws {
        guard let start = cells[0].asNumber else { return }
        let step = start / plan.step
        if step != number { try finishSteps(before: step) }
        guard edges.count < edgesMax else {
            throw QueryRefusal("a step has more than \(edgesMax) pairs; make step shorter")
        }
        columns.append(cells, to: &edges)
    }

    func end(footing: Footing) throws {
        try finishSteps(before: plan.steps.upperBound)
        flowsOfUnknownRate = footing.flowsOfUnknownRate
    }

    private func finishSteps(before next: UInt64) throws {
        while number < next {
            let scene = engine.take(SwarmStep(number: number, edges: edges))
            edges.removeAll(keepingCapacity: true)
            number += 1
            try take(scene)
        }
    }
}
