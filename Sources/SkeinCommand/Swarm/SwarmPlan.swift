import ArgumentParser
import FlowModel
import FlowQuery
import FlowStore
import FlowSwarm

/// Which steps a video has, and what is known of all of them beforehand.
struct SwarmPlan {
    /// Milliseconds of a step.
    let step: UInt64
    /// The steps, counted since 1970.
    let steps: Range<UInt64>
    /// Frames of the whole.
    let frames: Int
    /// The services with a colour of their own, the one with most octets first.
    let services: [UInt32]
    /// Octets of each step by service, those of all others last.
    let timeline: [[UInt64]]
    /// When it begins and ends, ms since 1970.
    let window: Range<UInt64>

    /// Steps at most: more are not seen apart.
    static let stepsMax: UInt64 = 100_000
    /// Services with a colour of their own at most.
    private static let servicesMax = 11

    /// - Parameters:
    ///   - question: which flows; gets the time between the first and the last where none is said.
    ///   - engine: answers.
    ///   - command: what was asked for.
    ///   - stepsMax: steps at most.
    ///   - stop: asks to give up.
    init(
        _ question: inout QueryRequest, _ engine: QueryEngine, _ command: SwarmCommand,
        stepsMax: UInt64 = Self.stepsMax, until stop: QueryStop = .never
    ) throws {
        let window = try Self.window(question, engine, stop)
        self.window = window
        question.from = window.lowerBound
        question.to = window.upperBound
        question.overlap = true
        let span = window.upperBound - window.lowerBound
        var video: UInt64 = 60_000
        if let duration = command.duration {
            video = try SwarmCommand.milliseconds(duration, of: "--duration", bare: 1000)
        } else if let speed = command.speed {
            video = UInt64(min(max(Double(span) / speed, 1), 86_400_000))
        }
        let step: UInt64
        if let text = command.step {
            step = try SwarmCommand.milliseconds(text, of: "--step", bare: nil)
        } else {
            step = Self.evenStep(span / max(video / 500, 1))
        }
        self.step = step
        steps = window.lowerBound / step..<(window.upperBound - 1) / step + 1
        // More than Int has room for may be asked for.
        let count = steps.upperBound - steps.lowerBound
        guard count <= stepsMax else {
            throw ValidationError(
                "\(count) steps are too many, at most \(stepsMax) are drawn; make --step longer"
            )
        }
        frames = max(Int(video * UInt64(command.fps) / 1000), steps.count > 1 ? 2 : 1)

        var totals = question
        totals.kind = .groups(by: [.field(.service)], order: .bytes, top: Self.servicesMax)
        let ranked = AnswerRows()
        try engine.run(totals, into: ranked, until: stop)
        guard !ranked.rows.isEmpty else { throw Self.nothing }
        let services = ranked.rows.compactMap { $0.first?.asNumber }.map { UInt32(clamping: $0) }
        self.services = services
        timeline = try Self.timeline(question, engine, step: step, steps: steps, services, stop)
    }

    /// The question for the edges of all steps.
    func request(_ question: QueryRequest) -> QueryRequest {
        var request = question
        request.kind = .series(
            step: step, by: [.field(.srcip), .field(.dstip), .field(.service)])
        request.spread = true
        request.rollups = false
        request.memory = Self.memory
        return request
    }

    /// Octets that the engine's sums may take before they go to a file.
    private static let memory = 192 << 20

    private static var nothing: StoreProblem {
        StoreProblem(description: "no flow matches in that time, so there is nothing to draw")
    }

    private static func window(
        _ question: QueryRequest, _ engine: QueryEngine, _ stop: QueryStop
    ) throws -> Range<UInt64> {
        var (from, to) = (question.from, question.to)
        if from == nil || to == nil {
            let rows = AnswerRows()
            try engine.run(question, into: rows, until: stop)
            guard let row = rows.rows.first, let first = row[rows.place("first")].asNumber,
                let last = row[rows.place("last")].asNumber
            else {
                throw nothing
            }
            from = from ?? first
            to = to ?? SwarmSums.sum(last, 1)
        }
        guard let from, let to, from < to else {
            throw nothing
        }
        return from..<to
    }

    /// A step that people can count with, at least as long as wanted.
    private static func evenStep(_ wanted: UInt64) -> UInt64 {
        let minute: UInt64 = 60_000
        let even: [UInt64] = [
            100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, minute, 2 * minute, 5 * minute,
            10 * minute, 15 * minute, 30 * minute, 60 * minute, 120 * minute, 180 * minute,
            360 * minute, 720 * minute, 1440 * minute,
        ]
        return even.first { $0 >= wanted } ?? (wanted / (1440 * minute) + 1) * 1440 * minute
    }

    private static func timeline(
        _ question: QueryRequest, _ engine: QueryEngine, step: UInt64, steps: Range<UInt64>,
        _ services: [UInt32], _ stop: QueryStop
    ) throws -> [[UInt64]] {
        var request = question
        request.kind = .series(step: step, by: [.field(.service)])
        request.spread = true
        request.rollups = false
        let rows = TimelineRows(step: step, steps: steps, services)
        try engine.run(request, into: rows, until: stop)
        return rows.timeline
    }
}

/// Adds up octets by step and service as they come: of services there may be many.
private final class TimelineRows: AnswerWriter {
    private(set) var timeline: [[UInt64]]
    private let step: UInt64
    private let steps: Range<UInt64>
    private let services: [UInt32]
    private var bytes = 0

    init(step: UInt64, steps: Range<UInt64>, _ services: [UInt32]) {
        self.step = step
        self.steps = steps
        self.services = services
        timeline = Array(
            repeating: [UInt64](repeating: 0, count: services.count + 1), count: steps.count)
    }

    func begin(columns: [AnswerColumn]) {
        bytes = columns.firstIndex { $0.name == "bytes" } ?? 0
    }

    func row(_ cells: [Cell]) {
        guard let start = cells[0].asNumber, steps.contains(start / step) else { return }
        let place =
            services.firstIndex(of: UInt32(clamping: cells[1].asNumber ?? 0)) ?? services.count
        let at = Int(start / step - steps.lowerBound)
        timeline[at][place] = SwarmSums.sum(timeline[at][place], cells[bytes].asNumber ?? 0)
    }

    func end(footing: Footing) {}
}

/// An answer kept as it comes.
final class AnswerRows: AnswerWriter {
    private(set) var columns: [AnswerColumn] = []
    private(set) var rows: [[Cell]] = []

    func begin(columns: [AnswerColumn]) { self.columns = columns }
    func row(_ cells: [Cell]) { rows.append(cells) }
    func end(footing: Footing) {}

    /// Where a column is that every such answer has.
    func place(_ name: String) -> Int { columns.firstIndex { $0.name == name } ?? 0 }
}

extension Cell {
    /// The number in it; nil where there is none.
    var asNumber: UInt64? { if case .number(let number) = self { number } else { nil } }
}

extension QueryStop {
    /// One that does not ask within a year.
    static var never: QueryStop { QueryStop(after: .seconds(366 * 86_400)) }
}
