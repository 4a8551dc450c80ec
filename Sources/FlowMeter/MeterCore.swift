import FlowModel
import FlowWire

/// The state of a meter.
///
/// Idle flows are found by a lazy queue: a flow is queued when it begins, and looked at again when
/// the idle timeout has passed since then; where packets came meanwhile it goes to the end. So a
/// packet costs no relinking. A packet that meets a flow which was due ends it first, so that laziness
/// shows only in when a record is written, never in what it says.
struct MeterCore: ~Copyable {
    private(set) var counters = MeterCounters()

    private var table: FlowTable
    private var fragments = FragmentTable()
    /// Flows in the order of their next look.
    private var running = FlowQueue()
    /// Closed TCP connections in the order of their closing.
    private var closed = FlowQueue()
    /// The latest packet's time, nanoseconds since 1970.
    private var clock: UInt64 = 0
    /// No flow is due before this.
    private var nextLook: UInt64 = 0

    private let active: UInt64
    private let idle: UInt64
    private let linger: UInt64
    private let isUniflow: Bool
    private let withVLAN: Bool
    private let reassembles: Bool
    private let unwrapsTunnels: Bool
    private let exporter: IPAddress
    private let seed: UInt64

    /// A step back that is taken for a clock that was set, not for packets out of order.
    private static let stepBack: UInt64 = 60_000_000_000

    init(_ options: MeterOptions) {
        table = FlowTable(limit: options.maxFlows)
        active = options.activeTimeout.nanoseconds
        idle = options.idleTimeout.nanoseconds
        linger = options.closeLinger.nanoseconds
        isUniflow = options.isUniflow
        withVLAN = options.key == .vlan
        reassembles = options.reassembles
        unwrapsTunnels = options.unwrapsTunnels
        exporter = options.exporter
        seed = .random(in: 1...UInt64.max)
    }

    var flowCount: Int { table.count }

    /// Meters a packet.
    mutating func add(
        frame: RawSpan, linkType: LinkType, time: UInt64, originalLength: Int,
        _ appender: BatchAppender
    ) throws {
        counters.packets += 1
        var headers = PacketHeaders()
        let isKnown = headers.read(
            frame: frame, linkType: linkType, unwrapsTunnels: unwrapsTunnels)
        guard isKnown, headers.contents.contains(.ip) else {
            counters.otherPackets += 1
            return
        }
        try advance(to: time, appender)
        let frameLength = max(originalLength, frame.byteCount)
        let bytes =
            headers.ipLength > 0
            ? UInt64(headers.ipLength) : UInt64(max(frameLength - headers.ipOffset, 0))
        let tally = PacketTally(bytes: bytes, time: time, ttl: headers.ttl)
        if headers.contents.contains(.fragment) {
            try addFragment(headers, tally, appender)
        } else {
            try count(headers, tally, appender)
        }
    }

    /// Moves the clock on and reports what is due.
    @inline(__always)
    mutating func advance(to time: UInt64, _ appender: BatchAppender) throws {
        if time > clock {
            clock = time
        } else if clock - time > Self.stepBack {
            clock = time
            nextLook = 0
        }
        if clock >= nextLook { try look(appender) }
    }

    /// Reports everything.
    mutating func finish(_ appender: BatchAppender) throws {
        while let due = fragments.takeDue(clock: clock, all: true) {
            if let waiting = due { try countOrphan(waiting, appender) }
        }
        while closed.head != 0 { try end(closed.head, .endOfFlow, appender) }
        while running.head != 0 { try end(running.head, .forcedEnd, appender) }
    }

    private mutating func addFragment(
        _ headers: PacketHeaders, _ tally: PacketTally, _ appender: BatchAppender
    ) throws {
        counters.fragments += 1
        guard reassembles else { return try count(headers, tally, appender) }
        switch fragments.take(headers, tally, clock: clock) {
        case .wait: break
        case .count(let whole): try count(whole, tally, appender)
        case .countWith(let waiting):
            try count(headers, tally, appender)
            try count(waiting.headers, waiting.tally, appender)
        }
        while let due = fragments.takeDue(clock: clock) {
            if let waiting = due { try countOrphan(waiting, appender) }
        }
    }

    private mutating func countOrphan(
        _ waiting: FragmentTable.Waiting, _ appender: BatchAppender
    ) throws {
        counters.orphanFragments += waiting.tally.packets
        try count(waiting.headers, waiting.tally, appender)
    }

    /// Counts packets to their flow.
    @inline(__always)
    private mutating func count(
        _ headers: borrowing PacketHeaders, _ tally: PacketTally, _ appender: BatchAppender
    ) throws {
        let isSwapped = isUniflow ? false : FlowKey.swaps(headers)
        let key = FlowKey(headers, isSwapped: isSwapped, withVLAN: withVLAN)
        let hash = key.hash(seed)
        var number = table.find(key, hash: hash)
        if number != 0, let reason = endBefore(number, headers, tally) {
            try end(number, reason, appender)
            number = 0
        }
        if number == 0 {
            if table.isFull { try evict(appender) }
            var state: FlowEntry.State = isSwapped ? .isSwapped : []
            if headers.contents.contains(.tcp) { state.insert(.isTCP) }
            number = table.insert(
                FlowEntry(
                    key: key, first: tally.first, last: tally.last, clock: clock, hash: hash,
                    state: state), headers)
            running.append(number, in: &table, at: clock)
            if idle > 0 { nextLook = min(nextLook, clock &+ idle) }
        }
        let isReverse = table[number].state.contains(.isSwapped) != isSwapped
        table[number].add(tally, flags: headers.tcpFlags, isReverse: isReverse, clock: clock)
        if headers.tcpFlags & 0x05 != 0, idle > 0 {
            close(number, flags: headers.tcpFlags, isReverse: isReverse)
        }
    }

    /// Why the flow ended before this packet came; nil where it goes on.
    @inline(__always)
    private func endBefore(
        _ number: UInt32, _ headers: borrowing PacketHeaders, _ tally: PacketTally
    ) -> FlowEndReason? {
        let touched = table[number].touched
        if idle > 0 {
            if table[number].state.contains(.isClosed) {
                // A SYN alone opens the same ports anew.
                if headers.tcpFlags & 0x12 == 0x02 { return .endOfFlow }
                if clock &- table[number].queued >= linger { return .endOfFlow }
            } else if clock &- touched >= idle {
                return .idleTimeout
            }
        }
        let first = table[number].first
        return active > 0 && tally.last > first && tally.last - first >= active
            ? .activeTimeout : nil
    }

    /// Takes in a FIN or RST.
    private mutating func close(_ number: UInt32, flags: UInt8, isReverse: Bool) {
        var state = table[number].state
        guard !state.contains(.isClosed) else { return }
        if flags & 0x01 != 0 { state.insert(isReverse ? .reverseFIN : .forwardFIN) }
        // One direction alone has ended when its FIN was sent; what it still acknowledges lingers.
        let isOver =
            flags & 0x04 != 0
            || (isUniflow
                ? state.contains(.forwardFIN) : state.isSuperset(of: [.forwardFIN, .reverseFIN]))
        if isOver { state.insert(.isClosed) }
        table[number].state = state
        guard isOver else { return }
        running.remove(number, in: &table)
        closed.append(number, in: &table, at: clock)
        nextLook = min(nextLook, clock &+ linger)
    }

    /// Goes through what may be due; sets ``nextLook``.
    private mutating func look(_ appender: BatchAppender) throws {
        nextLook = .max
        guard idle > 0 else { return }
        while closed.head != 0 {
            let queued = table[closed.head].queued
            // Wrapping: where the clock was set back, what is in its future is due too.
            guard clock &- queued >= linger else {
                nextLook = queued &+ linger
                break
            }
            try end(closed.head, .endOfFlow, appender)
        }
        while running.head != 0 {
            let number = running.head
            let queued = table[number].queued
            guard clock &- queued >= idle else {
                nextLook = min(nextLook, queued &+ idle)
                break
            }
            if clock &- table[number].touched >= idle {
                try end(number, .idleTimeout, appender)
            } else {
                running.remove(number, in: &table)
                running.append(number, in: &table, at: clock)
            }
        }
    }

    private mutating func evict(_ appender: BatchAppender) throws {
        counters.evictedFlows += 1
        try end(closed.head != 0 ? closed.head : running.head, .lackOfResources, appender)
    }

    /// Writes the flow's record and forgets it.
    private mutating func end(
        _ number: UInt32, _ reason: FlowEndReason, _ appender: BatchAppender
    ) throws {
        // First what may fail, so that then no flow is lost half-way.
        try appender.reserve(1)
        if table[number].state.contains(.isClosed) {
            closed.remove(number, in: &table)
        } else {
            running.remove(number, in: &table)
        }
        let entry = table[number]
        let headers = table.firstHeaders(number)
        table.remove(number)
        let row = appender.batch.count
        entry.write(headers, reason, exporter: exporter, to: appender.batch, row: row)
        appender.batch.advance(by: 1)
        counters.flows += 1
    }
}

extension FlowEntry {
    /// Writes the record: what varies over the first packet's headers.
    func write(
        _ headers: PacketHeaders, _ reason: FlowEndReason, exporter: IPAddress, to batch: FlowBatch,
        row: Int
    ) {
        headers.write(to: batch, row: row)
        let end = last / 1_000_000
        batch.columnForWriting(.start).set(first / 1_000_000, at: row)
        batch.columnForWriting(.end).set(end, at: row)
        batch.columnForWriting(.received).set(end, at: row)
        batch.columnForWriting(.exporter).set(exporter, at: row)
        batch.columnForWriting(.packets).set(packets, at: row)
        batch.columnForWriting(.bytes).set(bytes, at: row)
        if reversePackets > 0 {
            batch.columnForWriting(.rpackets).set(reversePackets, at: row)
            batch.columnForWriting(.rbytes).set(reverseBytes, at: row)
        }
        if state.contains(.isTCP) { batch.columnForWriting(.flags).set(UInt64(flags), at: row) }
        batch.columnForWriting(.minttl).set(UInt64(minTTL), at: row)
        batch.columnForWriting(.maxttl).set(UInt64(maxTTL), at: row)
        batch.columnForWriting(.endreason).set(UInt64(reason.rawValue), at: row)
    }
}

extension Duration {
    /// The duration in nanoseconds, at least 0 and as many as fit.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = whole.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
        return overflow || carry ? .max : sum
    }
}
