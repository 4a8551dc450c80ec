import FlowModel
import FlowStore

extension RollupFooting {
    /// What is to be said of it, a sentence each.
    var notes: [String] {
        var notes = uses.map(Self.text)
        if flowsUnlisted > 0 {
            notes.append(
                "rollups list the largest keys of each bucket: \(flowsUnlisted) flows with "
                    + "\(bytesUnlisted) bytes are in none of these groups, and a group can have up to "
                    + "\(min(bytesBound, bytesUnlisted)) bytes more than is shown")
        }
        if isRounded {
            notes.append(
                "of expired records whole buckets are counted, those that start within --from and --to"
            )
        }
        if hasRoughTimes {
            notes.append("of expired records first is the start of a bucket, and last is not known")
        }
        if ofOtherRates > 0 {
            notes.append(
                "\(ofOtherRates) rollups of expired records were counted before the sampling rates "
                    + "that are known now")
        }
        if outOfDate > 0 {
            notes.append(
                "\(outOfDate) rollups were counted with other sampling rates than are known now and "
                    + "not used: skein store rollup counts them anew")
        }
        if damaged > 0 {
            notes.append(
                "\(damaged) rollups cannot be read: skein store verify says which and why")
        }
        if let missing {
            notes.append(
                "\(flowsMissing) flows that started from \(Self.time(missing.lowerBound)) to "
                    + "\(Self.time(missing.upperBound)) have expired and are not in the answer; "
                    + "rollups of that time answer --total, --series of 1min or 1h, and --by "
                    + "\(Self.keys), with filters of the same words")
        } else if let expired {
            notes.append(
                "records received up to \(Self.time(expired)) have expired; where they had other "
                    + "records of the time asked for, these are not in the answer")
        }
        return notes
    }

    private static var keys: String {
        var names: [String] = []
        for dimension in RollupDimension.all {
            for field in dimension.fields where !names.contains(field.name) {
                names.append(field.name)
            }
        }
        return names.joined(separator: ", ")
    }

    private static func text(_ use: Use) -> String {
        "answered from rollups of \(use.step.name) by \(use.dimension): \(use.flows) flows"
            + (use.isOfExpired ? " that have expired" : "")
            + ", \(time(use.buckets.lowerBound)) to "
            + time(use.buckets.upperBound.clampedAdding(use.step.milliseconds))
    }

    private static func time(_ instant: UInt64) -> String {
        var text: [UInt8] = []
        TimeText(zone: .utc).append(instant, to: &text)
        // Buckets begin with a minute; the rest says nothing.
        if text.suffix(7).elementsEqual(":00.000".utf8) { text.removeLast(7) }
        return String(decoding: text, as: UTF8.self) + " UTC"
    }
}
