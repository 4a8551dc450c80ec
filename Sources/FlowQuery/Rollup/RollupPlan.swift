import FlowModel
import FlowStore

/// What a request is answered from: for each segment its flows or its rollup, and for flows that have
/// expired what rollups are left.
///
///     expired   segments          journal
///     [rollup]  [flows] [rollup]  [flows]
///
/// A rollup stands in for flows only where the answer is the same. Where they are gone, also where it is
/// less exact, and the footing says how much less.
struct RollupPlan {
    private(set) var blocks: [any BlockSource] = []
    private(set) var footing = RollupFooting()

    private let request: QueryRequest
    private let question: RollupQuestion?
    private let store: StoreReader
    /// Rates that the user knows better than those with which rollups were counted.
    private let overrides: RateOverrides?

    init(_ request: QueryRequest, _ store: StoreReader, _ overrides: RateOverrides? = nil) {
        self.init(RollupQuestion(request), request, store, overrides)
        // Nothing passes: there is nothing to read, and nothing to be said of where it was read.
        if request.filter == .constant(false) { return }
        let bySegment = Dictionary(grouping: store.rollups, by: \.segment)
        takeExpired(bySegment)
        for (segment, range) in zip(store.segments, store.blocksOfSegment) {
            let rollups = bySegment[segment.number] ?? []
            blocks += exact(rollups) ?? Array(store.blocks[range])
        }
        blocks += store.blocks[(store.blocksOfSegment.last?.upperBound ?? 0)...]
    }

    /// A plan without blocks.
    init(
        _ question: RollupQuestion?, _ request: QueryRequest, _ store: StoreReader,
        _ overrides: RateOverrides?
    ) {
        self.request = request
        self.overrides = overrides
        self.store = store
        self.question = question
    }

    // MARK: Beside the flows

    /// The blocks of a rollup that answers as the flows do; nil where none does.
    private mutating func exact(_ rollups: [RollupInfo]) -> [any BlockSource]? {
        guard let question,
            let (rollup, blocks) = whole(rollups, where: { !question.isIncomplete($0) })
        else { return nil }
        add(rollup)
        return blocks.filter { $0.dimension == question.dimension && $0.part == .keys }
    }

    /// The rollup of a segment that counts the flows of the window, no more and no less, by the rates that
    /// are known now; nil where none does.
    mutating func whole(
        _ rollups: [RollupInfo], where suits: ([RollupBlock]) -> Bool
    ) -> (RollupInfo, [RollupBlock])? {
        guard let question else { return nil }
        // The hours first, which have fewer rows.
        let candidates = rollups.filter { question.divides($0.step) && question.isWhole($0) }
        for rollup in candidates.sorted(by: { $0.step.rawValue > $1.step.rawValue }) {
            if question.wantsTimes, !question.dimension.hasTimes { continue }
            do {
                let blocks = try store.blocks(of: rollup)
                guard try store.isCurrent(rollup, blocks) else {
                    footing.outOfDate += 1
                    return nil
                }
                if try overrides?.speak(of: blocks) ?? false { return nil }
                if question.isIn(blocks), suits(blocks) { return (rollup, blocks) }
            } catch {
                footing.damaged += 1
            }
        }
        return nil
    }

    /// Says that a rollup was taken instead of flows that are there.
    mutating func add(_ rollup: RollupInfo) {
        guard let question else { return }
        footing.add(rollup, question.dimension, isOfExpired: false)
    }

    // MARK: Instead of flows that are gone

    /// The rollups of segments that are gone, the oldest first.
    private func expired(_ bySegment: [UInt64: [RollupInfo]]) -> [[RollupInfo]] {
        let present = Set(
            (store.segments + store.passedOver + store.damaged.map(\.info)).map(\.number))
        return bySegment.filter { !present.contains($0.key) }.sorted {
            ($0.value[0].buckets.lowerBound, $0.key) < ($1.value[0].buckets.lowerBound, $1.key)
        }.map(\.value)
    }

    /// Whether flows of the window are gone that rollups counted.
    func hasExpired(_ bySegment: [UInt64: [RollupInfo]]) -> Bool {
        expired(bySegment).contains { $0.contains { isInWindow($0) } }
    }

    private mutating func takeExpired(_ bySegment: [UInt64: [RollupInfo]]) {
        var isAnswered = false
        for rollups in expired(bySegment) {
            guard rollups.contains(where: { isInWindow($0) }) else { continue }
            if let taken = best(rollups) {
                blocks += taken
                isAnswered = true
            } else if request.rollups {
                let rollup = rollups[0]
                footing.flowsMissing &+= rollup.flows
                footing.missing = footing.missing?.union(with: rollup.buckets) ?? rollup.buckets
                footing.hasOthers = true
            }
        }
        if let expired = store.expired, (request.from ?? 0) <= expired {
            if !isAnswered || footing.missing != nil { footing.expired = expired }
        }
    }

    private func isInWindow(_ rollup: RollupInfo) -> Bool {
        rollup.buckets.upperBound.clampedAdding(rollup.step.milliseconds - 1) >= request.from ?? 0
            && rollup.buckets.lowerBound < request.to ?? .max
    }

    /// The blocks of the rollup that answers best; nil where none answers.
    private mutating func best(_ rollups: [RollupInfo]) -> [any BlockSource]? {
        guard let question else { return nil }
        if question.wantsTimes, !question.dimension.hasTimes, !isTotal { return nil }
        // Whole buckets before others; then hours, which list more of their keys, before minutes.
        let candidates = rollups.filter { question.divides($0.step) }.sorted { a, b in
            let (isWhole, isOther) = (question.isWhole(a), question.isWhole(b))
            if isWhole != isOther { return isWhole }
            return isWhole ? a.step.rawValue > b.step.rawValue : a.step.rawValue < b.step.rawValue
        }
        for rollup in candidates {
            do {
                let blocks = try store.blocks(of: rollup)
                guard question.isIn(blocks) else { continue }
                if try !store.isCurrent(rollup, blocks) || overrides?.speak(of: blocks) ?? false {
                    footing.ofOtherRates += 1
                }
                if question.isIncomplete(blocks) { try addUnlisted(blocks) }
                if !question.isWhole(rollup) { footing.isRounded = true }
                if question.wantsTimes, !question.dimension.hasTimes {
                    footing.hasRoughTimes = true
                }
                footing.add(rollup, question.dimension, isOfExpired: true)
                return blocks.filter {
                    $0.dimension == question.dimension && $0.part == .keys
                }
            } catch {
                footing.damaged += 1
            }
        }
        return nil
    }

    private var isTotal: Bool { if case .total = request.kind { true } else { false } }

    /// Adds up what the rollup does not list.
    private mutating func addUnlisted(_ blocks: [RollupBlock]) throws {
        for block in blocks where block.dimension == question?.dimension && block.part != .keys {
            let start = try block.column(.start)
            let received = try block.column(.received)
            let flows = try block.column(.flows)
            let bytes = try block.column(.bytes)
            for row in 0..<block.rows {
                let place = start?.number(at: row) ?? received?.number(at: row) ?? 0
                guard place >= request.from ?? 0, place < request.to ?? .max else { continue }
                let octets = bytes?.number(at: row) ?? 0
                if block.part == .remainder {
                    footing.flowsUnlisted &+= flows?.number(at: row) ?? 0
                    footing.bytesUnlisted = footing.bytesUnlisted.clampedAdding(octets)
                } else if block.part == .bounds {
                    footing.bytesBound = footing.bytesBound.clampedAdding(octets)
                }
            }
        }
    }
}

extension ClosedRange<UInt64> {
    fileprivate func union(with other: Self) -> Self {
        Swift.min(lowerBound, other.lowerBound)...Swift.max(upperBound, other.upperBound)
    }
}
