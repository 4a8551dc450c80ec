import FlowAlert
import FlowQuery
import FlowStore

/// A search for beacons in a store.
struct BeaconSearch {
    private let finder: BeaconFinder

    /// Nobody waits for the answer any more.
    struct Unwanted: Error {}

    init(_ rule: AlertRule, inside: InsideNetworks) throws {
        guard let finder = BeaconFinder(rule, inside: inside) else {
            throw StoreProblem(description: "the rule \(rule.name) is not about beacons")
        }
        self.finder = finder
    }

    /// What is found in a time, ms since 1970.
    ///
    /// - Parameter isWanted: asked now and then; where it says no, ``Unwanted`` is thrown.
    func run(
        over store: String, from: UInt64, to: UInt64, while isWanted: () -> Bool
    ) throws -> [Alert] {
        var request = QueryRequest(
            filter: .constant(true), kind: .flows(fields: [], sort: nil, limit: 0))
        request.from = from
        request.to = to
        request.rollups = false
        return try run(
            over: StoreReader(directory: store, window: request.window), request,
            while: isWanted)
    }

    /// What is found of a request for flows.
    func run(
        over reader: StoreReader, _ request: QueryRequest, while isWanted: () -> Bool = { true }
    ) throws -> [Alert] {
        let footing = try QueryEngine(reader).batches(request) { batch in
            guard isWanted() else { throw Unwanted() }
            finder.take(batch)
        }
        if finder.untracked > 0 {
            StandardStreams.say(
                "looking for beacons: of \(footing.rowsScanned) flows \(finder.untracked) are of pairs that found "
                    + "no room")
        }
        return finder.finish()
    }
}
