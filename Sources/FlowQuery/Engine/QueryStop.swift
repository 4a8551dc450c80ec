import FlowModel
import FlowStore
import Synchronization

/// Asks a query to end before it is done: when its time is over, or when nobody wants the answer.
public final class QueryStop: Sendable {
    private let deadline: ContinuousClock.Instant
    private let isCancelled = Atomic<Bool>(false)

    /// One that asks after `time`.
    public init(after time: Duration) { deadline = .now + time }

    /// Asks now.
    public func request() { isCancelled.store(true, ordering: .relaxed) }

    /// Whether it is time to end.
    public var isRequested: Bool {
        isCancelled.load(ordering: .relaxed) || ContinuousClock.now >= deadline
    }

    /// How much time is left.
    public var remaining: Duration { max(deadline - .now, .zero) }
}

/// A query that was asked to end.
public struct QueryStopped: Error, Hashable, Sendable {
    /// Nothing more is known.
    public init() {}
}

extension QueryEngine {
    /// Answers one request, and gives up with ``QueryStopped`` soon after `stop` asks for it.
    ///
    /// It is looked at for each block; what was written until then is the beginning of an answer.
    public func run(
        _ request: QueryRequest, into writer: any AnswerWriter, until stop: QueryStop
    ) throws {
        try run([request], into: [writer], until: stop)
    }

    /// The same for several requests.
    public func run(
        _ requests: [QueryRequest], into writers: [any AnswerWriter], until stop: QueryStop
    ) throws {
        let engine = stopped(by: stop)
        if stop.isRequested { throw QueryStopped() }
        do {
            try engine.run(requests, into: writers)
        } catch {
            throw stop.isRequested ? QueryStopped() : error
        }
        if stop.isRequested { throw QueryStopped() }
    }
}

/// A block that is read as long as nobody asks to stop; after that it reads as damaged, at no cost.
///
/// A scan asks for ``scanning()`` first, and what it gets is the block itself: a query that runs to its
/// end pays one look at the clock a block.
final class StoppableBlock: BlockSource {
    private let block: any BlockSource
    private let stop: QueryStop

    init(_ block: any BlockSource, _ stop: QueryStop) {
        self.block = block
        self.stop = stop
    }

    var rows: Int { block.rows }

    func summary(of field: Field) -> ColumnSummary? { block.summary(of: field) }

    func mayContain(_ ranges: [ClosedRange<IPAddress>]) -> Bool { block.mayContain(ranges) }

    func scanning() -> any BlockSource { stop.isRequested ? self : block.scanning() }

    func column(_ field: Field) throws -> EncodedColumn? {
        try check()
        return try block.column(field)
    }

    func otherElements() throws -> OtherElements {
        try check()
        return try block.otherElements()
    }

    private func check() throws {
        if stop.isRequested { throw QueryStopped() }
    }
}
