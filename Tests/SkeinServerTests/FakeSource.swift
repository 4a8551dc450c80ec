import Dispatch
import FlowQuery
import SkeinServer
import Synchronization

/// A pipeline that says what a test tells it to.
final class FakeSource: ServerSource {
    typealias Run = @Sendable (QueryStop, @escaping ([UInt8]) throws -> Void) throws -> Void

    let troubles: [String]
    let metrics: [MetricFamily]
    private let run: Run
    /// Counts how often it is asked how things stand.
    private let looks: Tally
    /// How things stand; the number of the look is handed in.
    private let standing: @Sendable (Int) -> String

    init(
        troubles: [String] = [], metrics: [MetricFamily] = [], looks: Tally = Tally(),
        run: @escaping Run = { _, write in try write(Array("{\"rows\":[],\"footing\":{}}\n".utf8)) }
    ) {
        self.troubles = troubles
        self.metrics = metrics
        self.run = run
        self.looks = looks
        standing = { _ in "{\"time\":1}" }
    }

    /// - Parameter standing: says how things stand; the number of the look is handed in.
    init(standing: @escaping @Sendable (Int) -> String) {
        troubles = []
        metrics = []
        run = { _, write in try write(Array("{\"rows\":[],\"footing\":{}}\n".utf8)) }
        looks = Tally()
        self.standing = standing
    }

    func exporters() throws -> [UInt8] { Array("{\"rows\":[{}],\"footing\":{}}\n".utf8) }

    func query(_ parameters: QueryParameters) throws -> any ServedQuery {
        if let filter = parameters["filter"], filter != "any" {
            throw QueryRefusal("‘\(filter)’ is no filter")
        }
        return Query(run: run, contentType: "application/json")
    }

    func alerts(_ parameters: QueryParameters) throws -> any ServedQuery {
        Query(run: run, contentType: "application/json")
    }

    let exportFormats = ["rpz"]

    func export(_ format: String, _ parameters: QueryParameters) throws -> (any ServedExport)? {
        guard format == "rpz" else { return nil }
        guard parameters["sources"] != "none" else {
            throw QueryRefusal("no source is called none")
        }
        return Export(text: parameters["set-name"] ?? "; nothing\n")
    }

    private struct Export: ServedExport, ServedFile {
        let text: String
        let contentType = "text/dns"
        let name = "skein-rpz"
        let modified: Int64 = 1_465_303_100
        var octets: Int { text.utf8.count }
        var tag: String { "tag-\(octets)" }

        func file() throws -> any ServedFile {
            if text == "soon" { throw NotReady("not yet") }
            return self
        }

        func read(at place: Int, most: Int) throws -> [UInt8] {
            Array(text.utf8.dropFirst(place).prefix(min(most, 3)))
        }
    }

    func map(_ parameters: QueryParameters) throws -> any ServedQuery {
        Query(run: run, contentType: "application/json")
    }

    func swarm(_ parameters: QueryParameters) throws -> any ServedQuery {
        Query(run: run, contentType: "application/octet-stream")
    }

    func live(_ parameters: QueryParameters) throws -> any ServedFeed {
        switch parameters["filter"] {
        case "nonsense": throw QueryRefusal("‘nonsense’ is no filter")
        case "full": throw FeedFull("32 watch what arrives")
        default:
            return Feed(
                pieces: parameters["seed"].flatMap { Int($0) } ?? .max,
                octets: parameters["start"].flatMap { Int($0) } ?? 5000,
                taken: parameters.isSet("raw") ? rawTaken : taken, gone: gone)
        }
    }

    /// Pieces that were taken of what arrives, and of what arrives as it was exported.
    let (taken, rawTaken) = (Tally(), Tally())
    /// Said when somebody watches no more.
    let gone = Signal()

    /// Tells so many octets so many times.
    private final class Feed: ServedFeed {
        private let left: Atomic<Int>
        private let octets: Int
        private let taken: Tally
        private let gone: Signal

        init(pieces: Int, octets: Int, taken: Tally, gone: Signal) {
            left = Atomic(pieces)
            self.octets = octets
            (self.taken, self.gone) = (taken, gone)
        }

        deinit { gone.say() }

        func next() async -> [UInt8]? {
            await Task.yield()
            guard left.subtract(1, ordering: .relaxed).newValue >= 0 else { return nil }
            taken.add()
            return [UInt8](repeating: 7, count: octets)
        }
    }

    func about() throws -> [UInt8] {
        let answer = """
            {"version":"0","store":"s","configuration":null,"fields":[],"sets":[],"home":[],
            "overrides":[{"network":"192.0.2.0/24","country":null,"label":""}]}

            """
        return Array(answer.utf8)
    }

    func check(filter: String) -> [UInt8] { Array("{\"well\":true,\"notes\":[]}\n".utf8) }

    func sources() throws -> [UInt8] { Array("{\"rows\":[],\"footing\":{}}\n".utf8) }

    func listings(of value: String) throws -> [UInt8] {
        Array("{\"rows\":[],\"footing\":{}}\n".utf8)
    }

    func acknowledge(_ parameters: QueryParameters) throws -> [UInt8] {
        guard parameters["id"] == "1" else { throw QueryRefusal("there is no such alert") }
        return Array("{\"rows\":[{}],\"footing\":{}}\n".utf8)
    }

    var pulse: String {
        looks.add()
        return standing(looks.value)
    }

    private struct Query: ServedQuery {
        let run: Run
        let contentType: String

        func run(stop: QueryStop, write: @escaping ([UInt8]) throws -> Void) throws {
            try run(stop, write)
        }
    }
}

/// Something that a thread waits for, and another says.
final class Signal: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func say() { semaphore.signal() }

    /// Waits; false where it was not said for long.
    func wait() -> Bool { semaphore.wait(timeout: .now() + .seconds(300)) == .success }
}

/// A number that threads count.
final class Tally: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    func add(_ number: Int = 1) { count.add(number, ordering: .sequentiallyConsistent) }
}
