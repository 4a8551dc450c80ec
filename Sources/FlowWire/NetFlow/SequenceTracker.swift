/// Follows the sequence numbers of one observation domain and says what got lost.
///
///     … │ reordered │ expected │ lost: a gap │ … far away: the exporter restarted
///          ≤ window     0          ≤ gap
///
/// Differences are taken modulo 2³², so that a wrap is no event. A number a little behind is a
/// datagram that was overtaken: what it carries was counted as lost before and is taken back. If what
/// follows goes on from there instead, the exporter has started anew.
struct SequenceTracker {
    /// Units lost so far: flows, datagrams or records, as the protocol counts.
    private(set) var lost: UInt64 = 0
    /// Messages that came after one that followed them.
    private(set) var reordered: UInt64 = 0
    /// How often the exporter seems to have started anew.
    private(set) var restarts: UInt64 = 0

    /// What the next message should have; nil where nothing is known.
    private(set) var expected: UInt32?
    /// The most units in one message so far: the scale of the window.
    private var unitsMax: UInt32 = 1
    /// What would follow the last late message, and how many in a row did.
    private var lateExpected: UInt32?
    private var lateRun = 0

    /// Messages that may be overtaken.
    private static let reorderedMessages: UInt64 = 64
    /// Messages that may get lost before it looks like a restart.
    private static let gapMessages: UInt64 = 65_536
    /// Late messages that follow each other before they are taken for a restart.
    private static let lateRunMax = 3

    /// Notes a message.
    ///
    /// - Parameters:
    ///   - units: how far the message moves the number; nil where that is unknown because part of it
    ///     could not be decoded.
    ///   - isRestart: whether the header itself says so, by an uptime that went back.
    mutating func note(_ sequence: UInt32, units: UInt32?, isRestart: Bool = false) {
        guard let units else {
            expected = nil
            return
        }
        unitsMax = min(max(unitsMax, units), 65_536)
        guard let due = expected, !isRestart else {
            if isRestart { restarts += 1 }
            adopt(sequence &+ units)
            return
        }
        let ahead = sequence &- due
        let behind = due &- sequence
        if ahead == 0 {
            adopt(due &+ units)
        } else if ahead < 1 << 31, UInt64(ahead) <= UInt64(unitsMax) * Self.gapMessages {
            lost += UInt64(ahead)
            adopt(sequence &+ units)
        } else if UInt64(behind) <= UInt64(unitsMax) * Self.reorderedMessages {
            noteLate(sequence, units: units)
        } else {
            restarts += 1
            adopt(sequence &+ units)
        }
    }

    /// A tracker that goes on where another one stopped.
    init(expected: UInt32? = nil) { self.expected = expected }

    private mutating func noteLate(_ sequence: UInt32, units: UInt32) {
        lateRun = sequence == lateExpected ? lateRun + 1 : 1
        lateExpected = sequence &+ units
        guard lateRun < Self.lateRunMax else {
            restarts += 1
            adopt(sequence &+ units)
            return
        }
        reordered += 1
        lost -= min(lost, UInt64(units))
    }

    private mutating func adopt(_ next: UInt32) {
        expected = next
        lateRun = 0
        lateExpected = nil
    }
}
