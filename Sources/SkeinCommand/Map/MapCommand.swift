import ArgumentParser
import FlowModel
import FlowQuery
import FlowStore

/// `skein map`: which countries flows go to and come from.
struct MapCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "map",
        abstract: "Rank the countries that flows go to and come from.",
        discussion: """
            Countries were looked up when the flows arrived; ZZ stands for private networks and other \
            addresses that are nobody's on the Internet.

              skein map --from -1d
              skein map 'dst port 443' --side src --order flows
              skein map --from -7d --svg week.svg
              skein map --svg shades.svg --draw areas
            """)

    @Argument(
        parsing: .remaining,
        help: "Which flows; several arguments are joined by blanks. Default: any.")
    var filter: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only flows that start at this time or later: 2016-06-07T12, -1h, now.",
            valueName: "time"))
    var from: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only flows that start before this time.", valueName: "time"))
    var to: String?

    @OptionGroup
    var store: StoreOption

    @Option(
        help:
            "Which country of a flow counts: that of either address (the flow counts once where both are the same), of its source, or of its destination."
    )
    var side = MapSide.any

    @Option(help: "Order countries by this, the largest first: flows, packets, bytes.")
    var order = MapOrder.bytes

    @Option(help: ArgumentHelp("Countries at most, 0: all.", valueName: "n"))
    var top = 20

    @Flag(help: "Counters as exported, not multiplied by the sampling rate.")
    var raw = false

    @Option(help: "Form of the answer: table, csv, json or ndjson.")
    var output = OutputFormat.table

    @Option(help: ArgumentHelp("Also write the map of the page to this file.", valueName: "file"))
    var svg: String?

    @Option(
        help:
            "How the picture shows countries: bubbles, whose areas are the traffic, or areas, shaded by it. (default: bubbles)"
    )
    var draw: MapDrawing?

    @Flag(help: "Times in UTC.")
    var utc = false

    @OptionGroup
    var override: OverrideOption

    /// How times are read and written.
    var times: TimeText { TimeText(zone: utc ? .utc : .local) }

    func validate() throws {
        _ = try request(rules: .unread)
        guard svg != nil || draw == nil else {
            throw ValidationError("--draw is how the picture of --svg FILE is drawn")
        }
    }

    /// The question; ``MapTable`` makes countries of its answer.
    ///
    /// - Parameter intel: the listed addresses; nil: those of the configuration.
    func request(
        rules: FilterRules = .trusted, intel: IntelSets? = nil,
        note: (FilterNote) -> Void = { _ in }
    ) throws -> QueryRequest {
        guard top >= 0 else { throw ValidationError("--top is 0 or more") }
        let times = times
        let filter = try store.filter(
            filter, times: times, rules: rules,
            intel: intel ?? .configured(override.configuration.path))
        filter.notes.forEach(note)
        let keys = side.fields.map { GroupKey.field($0) }
        var request = QueryRequest(
            filter: filter.expression, kind: .groups(by: keys, order: .bytes, top: 0))
        request.from = try from.map { try instant($0, of: "--from", times) }
        request.to = try to.map { try instant($0, of: "--to", times) }
        if let from = request.from, let to = request.to, from > to {
            throw ValidationError("--from is later than --to")
        }
        request.raw = raw
        return request
    }

    private func instant(_ text: String, of option: String, _ times: TimeText) throws -> UInt64 {
        guard let instant = times.instant(text) else {
            throw ValidationError(
                "\(option): ‘\(text)’ is not a time such as 2016-06-07T12:00, -1h or now")
        }
        return instant
    }

    private func surroundings(
        _ filter: FlowExpression, _ knowledge: UserKnowledge
    ) throws -> MapSurroundings {
        try MapSurroundings(
            config: override.configuration.path, store: store.directory, filter: filter,
            overrides: knowledge.geography, now: times.now)
    }

    func run() throws {
        try runCommand {
            let request = try request { StandardStreams.say("\($0)") }
            let knowledge = try override.knowledge(times)
            let reader = try store.reader(window: request.window)
            for segment in reader.damaged { StandardStreams.say("\(segment.error)") }
            let table = MapTable(order: order, top: top)
            try QueryEngine(reader).knowing(knowledge).run(request, into: table)
            if let svg {
                let picture = MapPicture(
                    order: order, drawing: draw ?? .bubbles,
                    try surroundings(request.filter, knowledge))
                try table.write(to: picture, all: true)
                let file = try FileSink(path: svg)
                try file.write(Array(picture.svg.utf8))
                try file.close()
            }
            try table.write(
                to: output.writer(
                    to: AnswerOutput(write: StandardStreams.write), times: times, rowsMax: nil,
                    note: StandardStreams.say))
        }
    }
}
