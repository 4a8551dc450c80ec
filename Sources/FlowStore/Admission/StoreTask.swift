/// Work on a store that only who holds it can do.
enum StoreTask: Hashable, Sendable {
    case compact
    /// `now`: ms since 1970.
    case expire(RetentionPolicy, now: UInt64)
    case rollUp

    /// What it is called where somebody is told of it.
    var name: String {
        switch self {
        case .compact: "compact"
        case .expire: "expire"
        case .rollUp: "rollup"
        }
    }

    /// What a task did, as it is told to another process.
    struct Answer: Hashable, Sendable {
        /// The counts of its summary.
        var numbers: [UInt64]
        /// What could not be read, a line each.
        var unreadable: [String] = []
    }
}

// MARK: - On the wire

extension StoreTask {
    /// kind:1, of `expire` also now:8 present:1 (a bit for each bound) and four bounds of 8 octets.
    var encoded: [UInt8] {
        switch self {
        case .compact: return [1]
        case .rollUp: return [3]
        case .expire(let policy, let now):
            let bounds = [
                policy.maxAge.map(Self.milliseconds), policy.maxOctets,
                policy.maxMinuteAge.map(Self.milliseconds),
                policy.maxRollupAge.map(Self.milliseconds),
            ]
            var octets: [UInt8] = [2]
            octets.put(now)
            octets.put(
                bounds.enumerated().reduce(UInt8(0)) {
                    $0 | ($1.element == nil ? 0 : 1 << UInt8($1.offset))
                })
            for bound in bounds { octets.put(bound ?? 0) }
            return octets
        }
    }

    init(_ reader: inout ByteReader) throws(Damage) {
        switch try reader.next(UInt8.self) {
        case 1: self = .compact
        case 2:
            let now = try reader.next(UInt64.self)
            let present = try reader.next(UInt8.self)
            var bounds: [UInt64?] = []
            for index in 0..<4 as Range<UInt8> {
                let bound = try reader.next(UInt64.self)
                bounds.append(present >> index & 1 == 0 ? nil : bound)
            }
            func age(_ bound: UInt64?) -> Duration? {
                bound.map { .milliseconds(Int64(clamping: $0)) }
            }
            let policy = RetentionPolicy(
                maxAge: age(bounds[0]), maxOctets: bounds[1], maxMinuteAge: age(bounds[2]),
                maxRollupAge: age(bounds[3]))
            self = .expire(policy, now: now)
        case 3: self = .rollUp
        default: throw .value(part: "message")
        }
    }

    private static func milliseconds(_ age: Duration) -> UInt64 {
        UInt64(clamping: age / .milliseconds(1) >= 9e18 ? Int64.max : Int64(age / .milliseconds(1)))
    }
}

extension StoreTask.Answer {
    private static let linesMax = 100
    private static let lineOctetsMax = 512

    /// As count:4 number:8… count:4 (octets:4 text)….
    var encoded: [UInt8] {
        var octets: [UInt8] = []
        octets.put(UInt32(clamping: numbers.count))
        for number in numbers { octets.put(number) }
        let lines = unreadable.prefix(Self.linesMax)
        octets.put(UInt32(clamping: lines.count))
        for line in lines {
            let text = Array(line.utf8.prefix(Self.lineOctetsMax))
            octets.put(UInt32(clamping: text.count))
            octets += text
        }
        return octets
    }

    init(_ reader: inout ByteReader) throws(Damage) {
        numbers = []
        for _ in 0..<(try reader.next(UInt32.self)) {
            numbers.append(try reader.next(UInt64.self))
        }
        unreadable = []
        for _ in 0..<(try reader.next(UInt32.self)) {
            let text = try reader.take(Int(try reader.next(UInt32.self)))
            unreadable.append(String(decoding: text, as: UTF8.self))
        }
    }
}

// MARK: - Summaries

extension CompactionSummary {
    var answer: StoreTask.Answer {
        StoreTask.Answer(
            numbers: [
                UInt64(segmentsBefore), UInt64(segmentsAfter), rows, octetsBefore, octetsAfter,
            ], unreadable: unreadable.map { "\($0.error)" })
    }

    init?(_ answer: StoreTask.Answer) {
        let numbers = answer.numbers
        guard numbers.count == 5 else { return nil }
        segmentsBefore = Int(clamping: numbers[0])
        segmentsAfter = Int(clamping: numbers[1])
        rows = numbers[2]
        octetsBefore = numbers[3]
        octetsAfter = numbers[4]
    }
}

extension ExpirySummary {
    var answer: StoreTask.Answer {
        StoreTask.Answer(numbers: [
            UInt64(segments), rows, octets, UInt64(rollups), rollupOctets,
            received == nil ? 0 : 1, received?.lowerBound ?? 0, received?.upperBound ?? 0,
        ])
    }

    init?(_ answer: StoreTask.Answer) {
        let numbers = answer.numbers
        guard numbers.count == 8, numbers[6] <= numbers[7] else { return nil }
        segments = Int(clamping: numbers[0])
        rows = numbers[1]
        octets = numbers[2]
        rollups = Int(clamping: numbers[3])
        rollupOctets = numbers[4]
        received = numbers[5] == 0 ? nil : numbers[6]...numbers[7]
    }
}

extension RollupSummary {
    var answer: StoreTask.Answer {
        StoreTask.Answer(
            numbers: [UInt64(segments), rows], unreadable: unreadable.map { "\($0.error)" })
    }

    init?(_ answer: StoreTask.Answer) {
        guard answer.numbers.count == 2 else { return nil }
        segments = Int(clamping: answer.numbers[0])
        rows = answer.numbers[1]
    }
}
