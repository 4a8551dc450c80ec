public import ArgumentParser
import FlowModel
import FlowQuery
import FlowStore
public import SwarmPainter

/// `skein swarm`: flows as an animation.
struct SwarmCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swarm",
        abstract: "Make a video of how flows swarm through the network, stepped through time.",
        discussion: """
            Each step shows what flowed within it: hosts of the own networks in the middle, all others \
            round about by their place in the address space, services by colour. What has no place of its \
            own is seen by its network, its country, or among all others, so that nothing is left out.

              skein swarm --out day.mp4
              skein swarm 'dst port 53' --from 2016-06-07T08 --to 2016-06-07T18 --out dns.webm
              skein swarm --events activity.xml --out code.mp4
              skein swarm --from -1h --size 1920x1080 --duration 30 --out - | ffplay -f rawvideo …

            The end of the name says the form: mp4, mkv, webm, gif, or png with %05d for the number; - \
            writes the frames to standard output, three octets a pixel. Video is encoded by ffmpeg.
            """)

    @Argument(
        parsing: .remaining,
        help: "Which flows; several arguments are joined by blanks. Default: any.")
    var filter: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "From this time on: 2016-06-07T12, -1h, now (default: the first flow).",
            valueName: "time"))
    var from: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Up to this time (default: the last flow).", valueName: "time"))
    var to: String?

    @OptionGroup
    var store: StoreOption

    @Option(
        help: ArgumentHelp(
            """
            Show events of this file instead of flows: code_swarm's XML, Gource's log, or CSV of time, \
            actor, thing and weight; - is standard input.
            """, valueName: "file"))
    var events: String?

    @Option(
        help: ArgumentHelp(
            "The video: a name that ends in mp4, mkv, webm, gif or png, or - for raw frames.",
            valueName: "file"))
    var out: String

    @Flag(help: "Overwrite a file that is there.")
    var force = false

    @Option(
        help: ArgumentHelp(
            "What one step shows: 10s, 5m (default: two steps a second of video).",
            valueName: "time"))
    var step: String?

    @Option(help: ArgumentHelp("Seconds of video (default: 60).", valueName: "time"))
    var duration: String?

    @Option(
        help: ArgumentHelp("Seconds of the network in a second of video.", valueName: "factor"))
    var speed: Double?

    @Option(help: ArgumentHelp("Frames a second.", valueName: "n"))
    var fps = 30

    @Option(help: ArgumentHelp("Pixels of a frame.", valueName: "width x height"))
    var size = SwarmSize(width: 1280, height: 720)

    @Option(help: ArgumentHelp("Another number puts hosts at other places.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(help: "Light on a dark ground, or ink on a light one, for paper.")
    var theme = SwarmTheme.dark

    @Option(help: "Written above it all (default: the filter).")
    var title: String?

    @Flag(help: "Only the swarm: no title, legend, names and timeline.")
    var bare = false

    @Option(help: ArgumentHelp("A TrueType font (default: DejaVu Sans).", valueName: "file"))
    var font: String?

    @Option(help: ArgumentHelp("Threads that paint, 0: one a core.", valueName: "n"))
    var threads = 0

    @Flag(help: "Counters as exported, not multiplied by the sampling rate.")
    var raw = false

    @Flag(help: "Times in UTC.")
    var utc = false

    @OptionGroup
    var override: OverrideOption

    /// How times are read and written.
    var times: TimeText { TimeText(zone: utc ? .utc : .local) }

    func validate() throws { _ = try question(rules: .unread) }

    func run() throws {
        try runCommand {
            if let events { return try show(eventsOf: events) }
            var question = try question { StandardStreams.say("\($0)") }
            let knowledge = try override.knowledge(times)
            let reader = try store.reader(window: question.window)
            for segment in reader.damaged { StandardStreams.say("\(segment.error)") }
            let engine = QueryEngine(reader).knowing(knowledge)
            let plan = try SwarmPlan(&question, engine, self)
            let settings = try SwarmKnowledge(self, plan, reader).settings
            let film = try SwarmFilm(plan, self)
            let scenes = SwarmScenes(plan, settings) { try film.take($0) }
            try engine.run(plan.request(question), into: scenes)
            try film.close()
            if scenes.flowsOfUnknownRate > 0 {
                StandardStreams.say(
                    "\(scenes.flowsOfUnknownRate) flows have no known sampling rate; they count as they are"
                )
            }
        }
    }

    /// Which flows; the kind of the request is only a place.
    ///
    /// - Parameter intel: the listed addresses; nil: those of the configuration.
    func question(
        rules: FilterRules = .trusted, intel: IntelSets? = nil,
        note: (FilterNote) -> Void = { _ in }
    ) throws -> QueryRequest {
        let times = times
        let filter = try store.filter(filter, times: times, rules: rules, intel: intel)
        filter.notes.forEach(note)
        var request = QueryRequest(filter: filter.expression, kind: .total)
        request.from = try times.instant(from, of: "--from")
        request.to = try times.instant(to, of: "--to")
        if let from = request.from, let to = request.to, from >= to {
            throw ValidationError("--from is not before --to")
        }
        if events != nil, !self.filter.isEmpty {
            throw ValidationError("the filter is about flows; --events are all shown")
        }
        request.raw = raw
        request.overlap = request.from != nil || request.to != nil
        guard (1...240).contains(fps) else { throw ValidationError("--fps is 1 to 240") }
        guard (0...256).contains(threads) else { throw ValidationError("--threads is 0 to 256") }
        if duration != nil, speed != nil {
            throw ValidationError("--duration and --speed exclude each other")
        }
        if let speed, !(speed > 0 && speed.isFinite) {
            throw ValidationError("--speed is more than 0")
        }
        if let duration { _ = try Self.milliseconds(duration, of: "--duration", bare: 1000) }
        if let step { _ = try Self.milliseconds(step, of: "--step", bare: nil) }
        _ = try FrameForm(path: out)
        return request
    }

    static func milliseconds(
        _ text: String, of option: String, bare: UInt64?
    ) throws -> UInt64 {
        guard let length = DurationText.milliseconds(text, bare: bare), length > 0 else {
            throw ValidationError("\(option): ‘\(text)’ is not a time such as 30s, 1m or 1h")
        }
        return length
    }
}

extension SwarmTheme: ExpressibleByArgument {}

/// Width and height of a frame: even, as video wants them.
struct SwarmSize: Hashable, ExpressibleByArgument, CustomStringConvertible {
    let width: Int
    let height: Int

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// Reads `1280x720`.
    init?(argument: String) {
        let parts = argument.lowercased().split(separator: "x").map { Int($0) }
        guard parts.count == 2, let width = parts[0], let height = parts[1],
            (320...7680).contains(width), (180...4320).contains(height), width % 2 == 0,
            height % 2 == 0
        else { return nil }
        self.init(width: width, height: height)
    }

    var defaultValueDescription: String { description }

    var description: String { "\(width)x\(height)" }
}
