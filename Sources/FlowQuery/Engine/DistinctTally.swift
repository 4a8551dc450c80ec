import FlowModel

/// How many distinct values the groups of a part have.
///
///     pairs    [ group's key … ][ 0 | value … ]                      as long as there are few
///     pairs    [ group's key … ][ 1 | … | register: 14 | rank: 8 ]   of groups with many
///
/// A group that has more than ``exactMax`` values keeps the registers of an estimate instead, which are
/// records like others: they are put together, written to files and merged as those are. Whether a
/// group is counted or estimated depends only on its values.
struct DistinctTally {
    /// Values of a group that are counted exactly.
    static let exactMax = 100_000

    /// By the group's number in the map of groups.
    private(set) var counts: [UInt64]
    /// The estimators of the groups that have more values.
    private(set) var estimators: [Int: HyperLogLog] = [:]

    private let groupWords: Int
    private let groupOfPair: [UInt32]

    private static let registerFlag: UInt64 = 1 << 63
    private static let noGroup = UInt32.max

    /// Counts pairs by group.
    ///
    /// - Parameters:
    ///   - groups: has the group of every pair, or takes it where it is empty.
    init(_ pairs: GroupMap, by groups: GroupMap) {
        let layout = pairs.layout
        let groupWords = layout.groupWords(pairs.form)
        self.groupWords = groupWords
        let entries = pairs.entries
        let isCollecting = groups.count == 0
        let parts = (pairs.form == .full ? layout.full : layout.small).parts
        let presences = parts.filter { $0.start >= groupWords * 64 }.compactMap(\.present)
        var counts = [UInt64](repeating: 0, count: groups.count)
        var groupOfPair: [UInt32] = []
        groupOfPair.reserveCapacity(pairs.count)
        var estimators: [Int: HyperLogLog] = [:]
        for pair in 0..<pairs.count {
            let entry = pair * pairs.stride
            guard let group = groups.group(of: entries, at: entry, adding: isCollecting) else {
                groupOfPair.append(Self.noGroup)
                continue
            }
            if group == counts.count { counts.append(0) }
            if entries[entry + groupWords] & Self.registerFlag != 0 {
                groupOfPair.append(UInt32(group))
                if estimators[group] == nil { estimators[group] = HyperLogLog() }
            } else if presences.allSatisfy({ keyBits(entries, entry, $0, 1) != 0 }) {
                groupOfPair.append(UInt32(group))
                counts[group] += 1
            } else {
                // A value that is not there is none.
                groupOfPair.append(Self.noGroup)
            }
        }
        for (group, count) in counts.enumerated()
        where count > Self.exactMax && estimators[group] == nil {
            estimators[group] = HyperLogLog()
        }
        if !estimators.isEmpty {
            for (pair, group) in groupOfPair.enumerated() where group != Self.noGroup {
                guard let index = estimators.index(forKey: Int(group)) else { continue }
                let entry = pair * pairs.stride
                let first = entries[entry + groupWords]
                if first & Self.registerFlag != 0 {
                    estimators.values[index].raise(
                        Int(first >> 8 & UInt64(HyperLogLog.count - 1)), to: UInt8(first & 0xff))
                } else {
                    estimators.values[index].insert(
                        HyperLogLog.hash(entries, (entry + groupWords)..<(entry + pairs.keyWords)))
                }
            }
        }
        self.counts = counts
        self.estimators = estimators
        self.groupOfPair = groupOfPair
    }

    /// The number of values of a group, and whether it is an estimate.
    func count(_ group: Int) -> (count: UInt64, isEstimate: Bool) {
        guard let estimator = estimators[group] else { return (counts[group], false) }
        return (max(estimator.estimate, UInt64(Self.exactMax) + 1), true)
    }

    /// Fills a map with the pairs of the groups that are still counted and the registers of the others.
    func condense(_ pairs: GroupMap, of groups: GroupMap, into output: GroupMap) {
        let (entries, keys) = (pairs.entries, groups.entries)
        for (pair, group) in groupOfPair.enumerated() where group != Self.noGroup {
            if estimators[Int(group)] != nil { continue }
            let entry = pair * pairs.stride
            output.add(entries.extracting(entry..<(entry + pairs.stride)), pairs.form)
        }
        let record = Scratch<UInt64>(pairs.stride, repeating: 0)
        for (group, estimator) in estimators {
            for word in 0..<groupWords { record[word] = keys[group * groups.stride + word] }
            for (register, rank) in estimator.registers.enumerated() where rank > 0 {
                record[groupWords] = Self.registerFlag | UInt64(register) << 8 | UInt64(rank)
                output.add(record.span, pairs.form)
            }
        }
    }
}
