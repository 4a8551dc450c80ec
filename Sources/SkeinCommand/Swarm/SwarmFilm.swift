import FlowFiles
import FlowQuery
import FlowSwarm
import Glibc
import SwarmPainter

/// Turns scenes into frames.
///
///     scene ─▶ frames ─▶ ffmpeg
///
/// Only a few scenes are held, whatever the number of flows.
final class SwarmFilm {
    private let plan: SwarmPlan
    private let painter: SwarmPainter
    private let sink: FrameSink
    private var progress: FrameProgress
    /// The latest first.
    private var past: [SwarmScene] = []
    private var scene: SwarmScene?
    private var frame = 0

    /// - Parameter names: what addresses mean that stand for events.
    init(_ plan: SwarmPlan, _ command: SwarmCommand, names: EventNames? = nil) throws {
        self.plan = plan
        var style = SwarmStyle()
        style.width = command.size.width
        style.height = command.size.height
        style.threads =
            command.threads == 0 ? sysconf(Int32(_SC_NPROCESSORS_ONLN)) : command.threads
        let words = command.filter.joined(separator: " ")
        style.title = command.title ?? (words.isEmpty ? "all flows" : words)
        style.legend = plan.services.map { serviceText(UInt64($0)) }
        style.service = { serviceText(UInt64($0)) }
        style.isBare = command.bare
        style.theme = command.theme
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
        if let names { style.describe(names, plan, path: command.events ?? "") }
        painter = SwarmPainter(style, font: try TextFont(command.font))
        sink = try FrameSink(
            path: command.out, size: command.size, fps: command.fps, overwrites: command.force,
            comment: "skein swarm: seed \(command.seed), step \(plan.step) ms")
        progress = FrameProgress(frames: plan.frames)
    }

    /// Paints what can be painted now: all up to the scene before this one.
    func take(_ next: SwarmScene) throws {
        if let scene { try paint(scene, next: next) }
        scene = next
    }

    /// Ends the video.
    func close() throws {
        if let scene { try paint(scene, next: nil) }
        scene = nil
        progress.clear()
        try sink.close()
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
