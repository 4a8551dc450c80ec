/// How many of many values lie in each of a few steps, from which percentiles are read.
///
/// Values below 64 have a step each; above, every doubling has 64 steps of one length. A value is known
/// to within 1/128 of itself, 0.8 %: half a step. Only integers are computed with, and counts are
/// added: the same values give the same answer in whatever order and on however many threads.
enum ValueSketch {
    /// Steps of all numbers of 64 bits.
    static let steps = 64 + 58 * 64

    /// The step of a value.
    @inline(__always)
    static func step(_ value: UInt64) -> UInt64 {
        if value < 64 { return value }
        let exponent = UInt64(truncatingIfNeeded: 63 &- value.leadingZeroBitCount)
        return (exponent &- 5) << 6 &+ (value >> (exponent &- 6) & 63)
    }

    /// The value in the middle of a step.
    static func middle(_ step: UInt64) -> UInt64 {
        if step < 64 { return step }
        let shift = step >> 6 - 1
        let first = (64 | step & 63) << shift
        return first + (1 << shift - 1) / 2
    }
}

/// Replaces values by their steps.
func sketchNumbers(_ values: inout MutableSpan<UInt64>, count: Int) {
    precondition(count <= values.count)
    for row in 0..<count {
        unsafe values[unchecked: row] = ValueSketch.step(values[unchecked: row])
    }
}

/// What is known of the values of one quantity in one group.
struct SketchedValues {
    var count: UInt64 = 0
    var sum: UInt64 = 0
    var least: UInt64 = .max
    var greatest: UInt64 = 0
    /// Steps that have values, ascending, and how many.
    var steps: [(step: UInt64, count: UInt64)] = []

    /// The smallest value that is not exceeded by so many thousandths of a percent of all.
    ///
    /// Smallest and largest value are exact.
    func percentile(_ thousandths: UInt64) -> UInt64 {
        let product = count.multipliedFullWidth(by: thousandths)
        let (quotient, remainder) = UInt64(100_000).dividingFullWidth(product)
        let rank = max(quotient + (remainder > 0 ? 1 : 0), 1)
        if rank == 1 { return least }
        if rank >= count { return greatest }
        var below: UInt64 = 0
        for (step, count) in steps {
            below += count
            if below >= rank { return min(max(ValueSketch.middle(step), least), greatest) }
        }
        return greatest
    }
}
