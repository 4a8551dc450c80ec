import FlowModel
import FlowQuery
import FlowStore
import FlowSwarm
import Glibc
import SwarmPainter

/// Turns the edges of steps, as the engine answers them, into frames.
///
///     rows ─▶ step ─▶ scene ─▶ frames ─▶ ffmpeg
///
/// Only a few scenes are held, whatever the number of flows.
final class SwarmFilm: AnswerWriter {
    private let plan: SwarmPlan
    private let engine: SwarmEngine
    private let painter: SwarmPainter
    private let sink: FrameSink
    private var progress: FrameProgress
    private var columns = SwarmColumns()
    private var edges: [SwarmEdge] = []
    private var number: UInt64
    /// The latest first.
    private var past: [SwarmScene] = []
    private var scene: SwarmScene?
    private var frame = 0
    /// What was written, for tests that compare one run with another.
    private(set) var fingerprint: UInt64 = 0

    init(_ plan: SwarmPlan, _ reader: StoreReader, _ command: SwarmCommand) throws {
        self.plan = plan
        number = plan.steps.lowerBound
        let settings = try SwarmKnowledge(command, plan, reader).settings
        engine = SwarmEngine(settings)
        var style = SwarmStyle()
        style.width = command.size.width
        style.height = command.size.height
        style.threads =
            command.threads == 0 ? sysconf(Int32(_SC_NPROCESSORS_ONLN)) : command.threads
        let words = command.filter.joined(separator: " ")
        style.title = command.title ?? (words.isEmpty ? "all flows" : words)
        style.legend = plan.services.map { serviceText(UInt64($0)) }
        style.service = { serviceText(UInt64($0)) }
        style.firstStep = plan.steps.lowerBound
        style.timeline = plan.timeline
        let (times, step) = (command.times, plan.step)
        style.clock = { number, phase in
            let instant = number * step + UInt64(phase * Double(step))
            var text: [UInt8] = []
            times.append(instant, to: &text)
            // Of a day, parts of a second are not read.
            if step >= 1000 { text.removeLast(min(4, text.count)) }
            return String(decoding: text, as: UTF8.self) + " " + times.zoneName(at: instant)
        }
        painter = SwarmPainter(style, font: try TextFont(command.font))
        sink = try FrameSink(
            path: command.out, size: command.size, fps: command.fps, overwrites: command.force,
            comment: "skein swarm: seed \(command.seed), step \(plan.step) ms")
        progress = FrameProgress(frames: plan.frames)
    }

    func begin(columns: [AnswerColumn]) { self.columns = SwarmColumns(columns) }

    func row(_ cells: [Cell]) throws {
        guard let start = cells[0].asNumber else { return }
        let step = start / plan.step
        if step != number { try finishSteps(before: step) }
        columns.append(cells, to: &edges)
    }

    func end(footing: Footing) throws {
        try finishSteps(before: plan.steps.upperBound)
        if let scene { try paint(scene, next: nil) }
        scene = nil
        if footing.flowsOfUnknownRate > 0 {
            StandardStreams.say(
                "\(footing.flowsOfUnknownRate) flows have no known sampling rate; they count as they are"
            )
        }
    }

    /// Ends the video.
    func close() throws {
        progress.clear()
        try sink.close()
    }

    private func finishSteps(before next: UInt64) throws {
        while number < next {
            let made = engine.take(SwarmStep(number: number, edges: edges))
            edges.removeAll(keepingCapacity: true)
            number += 1
            fingerprint = fingerprint &* 31 &+ made.fingerprint
            if let scene { try paint(scene, next: made) }
            scene = made
        }
    }

    /// Paints the frames of a scene.
    private func paint(_ scene: SwarmScene, next: SwarmScene?) throws {
        let steps = plan.steps.count
        let index = Int(scene.number - plan.steps.lowerBound)
        while frame < plan.frames {
            // Which step, and which part of it, in whole numbers.
            let place = frame * steps
            guard place / plan.frames == index else { break }
            let phase = Double(place % plan.frames) / Double(plan.frames)
            try sink.write(
                painter.paint(
                    SwarmMoment(past: past, scene: scene, next: next, phase: phase)))
            frame += 1
            progress.advance(to: frame)
        }
        past.insert(scene, at: 0)
        if past.count > SwarmMoment.pastMax { past.removeLast() }
    }
}

/// Where in a row what is.
struct SwarmColumns {
    private var flows = 0
    private var packets = 0
    private var bytes = 0
    /// The counters of the reverse direction, where there are any.
    private var reverse: (packets: Int, bytes: Int)?

    init() {}

    init(_ columns: [AnswerColumn]) {
        func place(_ name: String) -> Int? { columns.firstIndex { $0.name == name } }
        flows = place("flows") ?? 0
        packets = place("packets") ?? 0
        bytes = place("bytes") ?? 0
        if let packets = place("rpackets"), let bytes = place("rbytes") {
            reverse = (packets, bytes)
        }
    }

    /// Appends what flowed one way, and back where the flow says so: bucket, source, target, service, sums.
    func append(_ cells: [Cell], to edges: inout [SwarmEdge]) {
        func number(_ place: Int) -> UInt64 { cells[place].asNumber ?? 0 }
        let (source, target) = (Self.address(cells[1]), Self.address(cells[2]))
        let service = UInt32(clamping: number(3))
        edges.append(
            SwarmEdge(
                source: source, target: target, service: service,
                sums: SwarmSums(
                    flows: number(flows), packets: number(packets), bytes: number(bytes))))
        guard let reverse, number(reverse.packets) > 0 || number(reverse.bytes) > 0 else { return }
        edges.append(
            SwarmEdge(
                source: target, target: source, service: service,
                sums: SwarmSums(
                    flows: 0, packets: number(reverse.packets), bytes: number(reverse.bytes))))
    }

    private static func address(_ cell: Cell) -> IPAddress {
        if case .address(let address) = cell { address } else { .v6Zero }
    }
}
