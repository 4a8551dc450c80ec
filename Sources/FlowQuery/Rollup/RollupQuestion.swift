import FlowModel
public import FlowStore

/// What a request asks of rollups, where they can answer it at all.
struct RollupQuestion {
    /// The dimension that has all the words of keys and filter.
    let dimension: RollupDimension
    /// Whether the answer has times that only the records, or a dimension with times, tell exactly.
    let wantsTimes: Bool
    /// Lengths of which a bucket must be a part.
    private let steps: [UInt64]
    private let from: UInt64?
    private let to: UInt64?

    /// nil where only records can answer.
    init?(_ request: QueryRequest) {
        guard request.rollups, !request.raw, !request.overlap, !request.spread,
            !request.bidirectional, !request.hasDetails
        else { return nil }
        var steps: [UInt64] = []
        var keys: [GroupKey] = []
        var wantsTimes = false
        switch request.kind {
        case .flows: return nil
        case .total: wantsTimes = true
        case .groups(let by, let order, _):
            keys = by
            // Rates are of the time between first start and last end.
            wantsTimes = order == .pps || order == .bps
        case .series(let step, let by):
            keys = by
            steps.append(step)
        }
        var fields: Set<Field> = []
        for key in keys {
            if case .bucket(.start, let step) = key {
                steps.append(step)
            } else {
                fields.insert(key.field)
            }
        }
        var plain = request
        (plain.from, plain.to) = (nil, nil)
        for leaf in FilterPlan(plain).leaves {
            guard case .field(let field) = leaf.quantity else { return nil }
            fields.insert(field)
            switch leaf.condition {
            case .equals(let other): fields.insert(other)
            case .element: return nil
            case .inRanges, .masked, .inAddresses, .isPresent: break
            }
        }
        guard
            let dimension = RollupDimension.all.first(where: { fields.isSubset(of: $0.fields) })
        else { return nil }
        self.dimension = dimension
        self.wantsTimes = wantsTimes
        self.steps = steps
        from = request.from
        to = request.to
    }

    /// Whether buckets of that length can be put together to those that are asked for.
    func divides(_ step: RollupStep) -> Bool {
        steps.allSatisfy { $0 % step.milliseconds == 0 }
    }

    /// Whether the window has whole buckets of a rollup only.
    func isWhole(_ rollup: RollupInfo) -> Bool {
        let step = rollup.step.milliseconds
        let begins = from.map { $0 % step == 0 || rollup.buckets.lowerBound >= $0 } ?? true
        let ends =
            to.map { $0 % step == 0 || rollup.buckets.upperBound.clampedAdding(step - 1) < $0 }
            ?? true
        return begins && ends
    }

    /// Whether a rollup has a bucket that starts in the window.
    func touches(_ rollup: RollupInfo) -> Bool {
        rollup.buckets.upperBound >= from ?? 0 && rollup.buckets.lowerBound < to ?? .max
    }

    /// Whether a rollup has the dimension: those that an older build made lack the newer ones.
    func isIn(_ blocks: [RollupBlock]) -> Bool {
        blocks.contains { $0.dimension == dimension && $0.part == .keys }
    }

    /// Whether some keys of a bucket in the window are not listed.
    func isIncomplete(_ blocks: [RollupBlock]) -> Bool {
        blocks.contains { block in
            guard block.dimension == dimension, block.part == .remainder else { return false }
            let places = [block.summary(of: .start)?.range, block.summary(of: .received)?.range]
            return places.compactMap(\.self).contains {
                $0.upperBound >= from ?? 0 && $0.lowerBound < to ?? .max
            }
        }
    }
}

/// The footing that an answer has in rollups.
public struct RollupFooting: Hashable, Sendable {
    /// Rollups of one step and dimension.
    public struct Use: Hashable, Sendable {
        /// The length of their buckets.
        public let step: RollupStep
        /// What they add up by: `exporter,inif`.
        public let dimension: String
        /// Whether the flows themselves have expired.
        public let isOfExpired: Bool
        /// The flows that they count, within the window or not.
        public internal(set) var flows: UInt64 = 0
        /// Smallest and largest start of their buckets.
        public internal(set) var buckets: ClosedRange<UInt64>
    }

    /// What was taken instead of flows.
    public internal(set) var uses: [Use] = []
    /// Flows of the window that have expired and that no rollup answers for.
    public internal(set) var flowsMissing: UInt64 = 0
    /// When they started, to the bucket.
    public internal(set) var missing: ClosedRange<UInt64>?
    /// Flows received up to this have expired, where that can matter; nil where it cannot.
    public internal(set) var expired: UInt64?
    /// Whether rollups of expired flows were at hand that answer other questions.
    public internal(set) var hasOthers = false
    /// Flows of keys that rollups do not list, which are in no group.
    public internal(set) var flowsUnlisted: UInt64 = 0
    /// Their octets.
    public internal(set) var bytesUnlisted: UInt64 = 0
    /// The most octets that a group can have more than it shows, or one have that is not shown.
    public internal(set) var bytesBound: UInt64 = 0
    /// Rollups of expired flows that were counted with other sampling rates than are known now.
    public internal(set) var ofOtherRates = 0
    /// Segments whose rollups were passed over for that, and the flows counted.
    public internal(set) var outOfDate = 0
    /// Rollups that are damaged or gone.
    public internal(set) var damaged = 0
    /// Whether an end of the window lies within a bucket of expired flows.
    public internal(set) var isRounded = false
    /// Whether first start and last end of expired flows are known to the bucket only.
    public internal(set) var hasRoughTimes = false

    /// No rollups.
    public init() {}

    mutating func add(_ rollup: RollupInfo, _ dimension: RollupDimension, isOfExpired: Bool) {
        let place = uses.firstIndex {
            $0.step == rollup.step && $0.dimension == dimension.name
                && $0.isOfExpired == isOfExpired
        }
        if let place {
            uses[place].flows &+= rollup.flows
            uses[place].buckets =
                min(
                    uses[place].buckets.lowerBound, rollup.buckets.lowerBound)...max(
                    uses[place].buckets.upperBound, rollup.buckets.upperBound)
        } else {
            uses.append(
                Use(
                    step: rollup.step, dimension: dimension.name, isOfExpired: isOfExpired,
                    flows: rollup.flows, buckets: rollup.buckets))
        }
    }
}
