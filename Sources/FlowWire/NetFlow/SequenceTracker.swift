/// Follows the sequence numbers of one observation domain and says what got lost.
///
///     … │ reordered │ expected │ lost: a gap │ … far away: the exporter restarted
///          ≤ window     0          ≤ gap
///
/// Differences are taken modulo 2³², so that a wrap is no event. A number a little behind is a
/// datagram that was overtaken, or comes twice: the latest gaps are remembered, and what it fills of them was
/// counted as lost before and is taken back. If several that fill no gap follow each other, the exporter has
/// started anew.
struct SequenceTracker {
    /// Units lost so far: flows, datagrams or records, as the protocol counts.
    private(set) var lost: UInt64 = 0
    /// Messages that came after one that followed them.
    private(set) var reordered: UInt64 = 0
    /// How often the exporter seems to have started anew.
    private(set) var restarts: UInt64 = 0

    /// What the next message should have; nil where nothing is known.
    private(set) var expected: UInt32?
    /// Where the message began that moved the number nobody knows how far, since when nothing is expected.
    private var unmeasured: UInt32?
    /// The most units in one message so far: the scale of the window.
    private var unitsMax: UInt32 = 1
    /// What would follow the last late message, and how many in a row did.
    private var lateExpected: UInt32?
    private var lateRun = 0
    /// What has not come of the latest numbers, oldest first.
    private var gaps: [Gap] = []

    /// Numbers that were passed over.
    private struct Gap {
        var start: UInt32
        var count: UInt32
    }

    /// Messages that may be overtaken.
    private static let reorderedMessages: UInt64 = 64
    /// Messages that may get lost before it looks like a restart.
    private static let gapMessages: UInt64 = 65_536
    /// Late messages that follow each other and fill no gap before they are taken for a restart.
    private static let lateRunMax = 3
    /// Gaps that are remembered: one in four of the messages that may be overtaken.
    private static let gapsMax = 16

    /// Notes a message.
    ///
    /// - Parameters:
    ///   - units: how far the message moves the number; nil where that is unknown because part of it
    ///     could not be decoded.
    ///   - isRestart: whether the header itself says so, by an uptime that went back.
    mutating func note(_ sequence: UInt32, units: UInt32?, isRestart: Bool = false) {
        guard let units else {
            guard !isLate(sequence) || isRestart else { return }
            expected = nil
            unmeasured = sequence
            return
        }
        unitsMax = min(max(unitsMax, units), 65_536)
        guard !isRestart else {
            restarts += 1
            begin(at: sequence &+ units)
            return
        }
        guard let due = expected else {
            // Nothing is known of what came before, but that a late message is late.
            if let unmeasured, isLate(sequence) || sequence == unmeasured {
                noteLate(sequence, units: units)
            } else {
                adopt(sequence &+ units)
            }
            return
        }
        let ahead = sequence &- due
        if ahead == 0 {
            adopt(due &+ units)
        } else if ahead < 1 << 31, UInt64(ahead) <= UInt64(unitsMax) * Self.gapMessages {
            lost += UInt64(ahead)
            if gaps.count == Self.gapsMax { gaps.removeFirst() }
            gaps.append(Gap(start: due, count: ahead))
            adopt(sequence &+ units)
        } else if isLate(sequence) {
            noteLate(sequence, units: units)
        } else {
            restarts += 1
            begin(at: sequence &+ units)
        }
    }

    /// A tracker that goes on where another one stopped.
    init(expected: UInt32? = nil) { self.expected = expected }

    /// Whether a number lies a little behind.
    private func isLate(_ sequence: UInt32) -> Bool {
        guard let due = expected ?? unmeasured, sequence != due else { return false }
        return UInt64(due &- sequence) <= UInt64(unitsMax) * Self.reorderedMessages
    }

    private mutating func noteLate(_ sequence: UInt32, units: UInt32) {
        let found = fill(sequence, units: units)
        lost -= min(lost, UInt64(found))
        // A message without records fills nothing, wherever it belongs: it tells neither way.
        if found > 0 || units == 0 {
            reordered += 1
            return
        }
        lateRun = sequence == lateExpected ? lateRun + 1 : 1
        lateExpected = sequence &+ units
        guard lateRun < Self.lateRunMax else {
            restarts += 1
            begin(at: sequence &+ units)
            return
        }
        reordered += 1
    }

    /// Takes out of the gaps what a message fills, and answers how many numbers that is.
    private mutating func fill(_ sequence: UInt32, units: UInt32) -> UInt32 {
        guard
            let index = gaps.lastIndex(where: { sequence &- $0.start < $0.count }), units > 0
        else { return 0 }
        let gap = gaps[index]
        let before = sequence &- gap.start
        let found = min(units, gap.count - before)
        let after = gap.count - before - found
        var left: [Gap] = []
        if before > 0 { left.append(Gap(start: gap.start, count: before)) }
        if after > 0 { left.append(Gap(start: sequence &+ found, count: after)) }
        gaps.replaceSubrange(index...index, with: left)
        if gaps.count > Self.gapsMax { gaps.removeFirst() }
        return found
    }

    /// Goes on from a number with nothing before it.
    private mutating func begin(at next: UInt32) {
        gaps.removeAll()
        adopt(next)
    }

    private mutating func adopt(_ next: UInt32) {
        expected = next
        unmeasured = nil
        lateRun = 0
        lateExpected = nil
    }
}
