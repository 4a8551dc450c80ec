/// The flows of a script, a second of its time after another.
///
/// Keeps what is under way and nothing else: the records of at most 331 seconds (active timeout, idle
/// timeout, export delay) in a ring of slots, one a second, and one entry for each exchange that lasts
/// longer. So memory depends on flows a second, not on how many there are.
///
///        now                                       now + 511 s
///     ring ├─────┬─────┬─────┬─────┬ … ┬─────┬─────┤
///          │ due │     │     │     │   │     │     │  flows, by export (or start)
///          │ due │     │     │     │   │     │     │  exchanges to go on with
///
/// The flows are the same in either order.
public struct FlowStream: Sendable {
    /// What "in order" means.
    public enum Order: Sendable {
        /// By ``GeneratedFlow/exported``, as collectors get them.
        case export
        /// By ``GeneratedFlow/start``, as packets make them.
        case start
    }

    private let script: FlowScript
    private let order: Order
    private var day: OrdinaryDay
    private var chapters: [Chapter]
    private var ring: [[GeneratedFlow]]
    private var unfinished: [[Exchange]]
    private var exchanges: [Exchange] = []
    private var keys: [UInt64] = []
    /// The second of the script that comes next.
    private var second: UInt64 = 0
    private let seconds: UInt64
    /// Ordinary flows made so far, and how many are wanted.
    private var made: UInt64 = 0
    private let wanted: UInt64
    private let areaBefore: UInt64
    private let area: UInt64
    private var underWay = 0

    private static let slots: UInt64 = 512

    /// Begins at the beginning.
    public init(_ script: FlowScript, order: Order = .export) {
        self.script = script
        self.order = order
        day = OrdinaryDay(seed: script.seed)
        chapters = Chapter.plan(
            flows: script.flows, seed: script.seed, start: script.start, end: script.end)
        ring = Array(repeating: [], count: Int(Self.slots))
        unfinished = Array(repeating: [], count: Int(Self.slots))
        seconds = (script.end - script.start) / 1_000
        wanted = UInt64(script.flows - script.story.reduce(0) { $0 + $1.flows })
        areaBefore = day.curve.area(to: script.start)
        area = day.curve.area(to: script.end) - areaBefore
    }

    /// Puts the flows of the next second into `flows`, in order, and answers when that second ends, ms
    /// since 1970; nil after the last.
    ///
    /// `flows` may come out empty before the end. Its storage is used again.
    public mutating func nextSlice(into flows: inout [GeneratedFlow]) -> UInt64? {
        flows.removeAll(keepingCapacity: true)
        guard second < seconds || underWay > 0 else { return nil }
        let now = script.start + second * 1_000
        if second < seconds { begin(now) }
        let slot = Int(second % Self.slots)
        sort(slot, from: now, into: &flows)
        underWay -= flows.count
        second += 1
        return now + 1_000
    }

    /// Makes what begins, or goes on, in the second from `now`.
    private mutating func begin(_ now: UInt64) {
        let slot = Int(second % Self.slots)
        while let exchange = unfinished[slot].popLast() { carryOn(exchange) }

        exchanges.removeAll(keepingCapacity: true)
        for index in chapters.indices {
            chapters[index].tell(until: now + 1_000, into: &exchanges)
        }
        for exchange in exchanges { admit(exchange) }

        let quota = share(
            of: wanted, day.curve.area(to: now + 1_000) - areaBefore, in: area)
        while made < quota {
            exchanges.removeAll(keepingCapacity: true)
            day.session(at: now + day.random.below(1_000), into: &exchanges)
            for exchange in exchanges { admit(exchange) }
        }
    }

    private mutating func admit(_ exchange: Exchange) {
        var exchange = exchange
        exchange.clamp(to: script.end)
        carryOn(exchange)
    }

    /// Files the next part of an exchange, and the exchange where there is more of it.
    private mutating func carryOn(_ exchange: Exchange) {
        var exchange = exchange
        let part = exchange.nextPart(delay: day.random.below(1_000))
        if let flow = part.forward { file(flow) }
        if let flow = part.reply { file(flow) }
        guard part.goesOn else { return }
        unfinished[slot(of: exchange.start + exchange.elapsed)].append(exchange)
        // A long exchange holds no place in `underWay`: it ends with the script at the latest.
    }

    private mutating func file(_ flow: GeneratedFlow) {
        if !flow.kind.isStory {
            guard made < wanted else { return }
            made += 1
        }
        ring[slot(of: order == .export ? flow.exported : flow.start)].append(flow)
        underWay += 1
    }

    private func slot(of time: UInt64) -> Int {
        let index = (time - script.start) / 1_000
        precondition(index >= second && index < second + Self.slots)
        return Int(index % Self.slots)
    }

    /// Empties a slot in order of time; what is of the same millisecond stays in the order of filing, so
    /// that a reply follows its flow.
    private mutating func sort(_ slot: Int, from now: UInt64, into flows: inout [GeneratedFlow]) {
        keys.removeAll(keepingCapacity: true)
        var due: [GeneratedFlow] = []
        swap(&due, &ring[slot])
        for (index, flow) in due.enumerated() {
            let time = order == .export ? flow.exported : flow.start
            keys.append((time - now) << 40 | UInt64(index))
        }
        keys.sort()
        flows.reserveCapacity(due.count)
        for key in keys { flows.append(due[Int(key & 0xff_ffff_ffff)]) }
        due.removeAll(keepingCapacity: true)
        swap(&due, &ring[slot])
    }
}
