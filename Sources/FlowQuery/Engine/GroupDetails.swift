import FlowModel

/// What a request asks of each group besides its sums.
struct DetailPlan: Sendable {
    /// What is counted; empty where nothing is.
    let distinct: [KeyPlan]
    let statistics: [ValueStatistics]

    init(_ request: QueryRequest) throws {
        distinct = try request.distinct.map { try KeyPlan($0) }
        statistics = request.statistics
    }

    /// Sinks that a worker needs besides that of the groups.
    var sinks: Int { (distinct.isEmpty ? 0 : 1) + statistics.count }

    /// Words of a group's numbers: how many distinct values and whether that is an estimate, then of
    /// each quantity the number of values and the statistics.
    var words: Int {
        (distinct.isEmpty ? 0 : 2) + statistics.reduce(0) { $0 + 1 + $1.statistics.count }
    }

    /// The columns of these numbers.
    var columns: [AnswerColumn] {
        var columns: [AnswerColumn] = []
        if !distinct.isEmpty {
            columns.append(AnswerColumn(name: "distinct", meaning: .number, absentIsZero: true))
            columns.append(AnswerColumn(name: "estimated", meaning: .number, absentIsZero: true))
        }
        for wanted in statistics {
            let column = FlowOutput.quantity(wanted.quantity).column
            columns += wanted.statistics.map { statistic in
                AnswerColumn(
                    name: "\(column.name)_\(statistic.name)", meaning: column.meaning)
            }
        }
        return columns
    }

    /// The cells of ``columns``.
    func cells(_ words: Span<UInt64>, at first: Int) -> [Cell] {
        var cells: [Cell] = []
        var place = first
        if !distinct.isEmpty {
            cells += [.number(words[place]), .number(words[place + 1])]
            place += 2
        }
        for wanted in statistics {
            let count = words[place]
            for (index, statistic) in wanted.statistics.enumerated() {
                let word = words[place + 1 + index]
                switch statistic {
                case _ where count == 0: cells.append(.null)
                case .mean: cells.append(.real(Double(bitPattern: word)))
                default: cells.append(.number(word))
                }
            }
            place += 1 + wanted.statistics.count
        }
        return cells
    }

    /// The cells where there is no flow.
    var emptyCells: [Cell] {
        (distinct.isEmpty ? [] : [.number(0), .number(0)])
            + statistics.flatMap { $0.statistics.map { _ in Cell.null } }
    }

    /// The feeds of one worker, the groups' first.
    func feeds(
        _ keys: [KeyPlan], _ layout: GroupLayout, seed: UInt64, _ memory: GroupMemory,
        _ addressParts: AddressParts?
    ) throws -> [GroupFeed] {
        var feeds = [
            GroupFeed(
                .sums, keys: keys,
                into: try GroupSink(
                    layout, seed: seed, memory: memory, addressParts: addressParts))
        ]
        if !distinct.isEmpty {
            let layout = GroupLayout(keys, details: distinct, hasSums: false)
            feeds.append(
                GroupFeed(
                    .nothing, keys: keys, details: distinct,
                    into: try GroupSink(
                        layout, seed: seed, memory: memory, countsDistinct: true)))
        }
        for wanted in statistics {
            let step = KeyPlan(sketchOf: wanted.quantity)
            let layout = GroupLayout(keys, details: [step], hasTimes: true)
            feeds.append(
                GroupFeed(
                    .values(wanted.quantity), keys: keys, details: [step],
                    into: try GroupSink(layout, seed: seed, memory: memory)))
        }
        return feeds
    }
}

/// Computes what is asked of the groups of one part besides their sums, for one worker.
final class GroupDetails {
    private let plan: DetailPlan
    private let maps: [[GroupMap]]
    /// The numbers of each group, in the order of the plan.
    private(set) var words: [UInt64] = []
    /// Groups whose distinct values are an estimate.
    private(set) var estimates: UInt64 = 0

    init(_ plan: DetailPlan, layouts: [GroupLayout], seed: UInt64) {
        self.plan = plan
        maps = layouts.map { layout in
            [GroupLayout.Form.small, .full].map { GroupMap(layout, $0, seed: seed) }
        }
    }

    /// Takes the records of a part.
    ///
    /// - Parameter sinks: of each worker, those behind the groups' own.
    func read(_ part: Int, of sinks: [[GroupSink]], by buffer: Scratch<UInt64>) throws {
        for (index, maps) in maps.enumerated() {
            for map in maps { map.removeAll() }
            for sinks in sinks {
                try sinks[index].merge(part, small: maps[0], full: maps[1], by: buffer)
            }
        }
    }

    /// Fills ``words`` for the groups of a map.
    func compute(_ groups: GroupMap) {
        words = [UInt64](repeating: 0, count: groups.count * plan.words)
        if groups.count == 0 { return }
        let form = groups.form == .full ? 1 : 0
        var (place, index) = (0, 0)
        if !plan.distinct.isEmpty {
            let tally = DistinctTally(maps[0][form], by: groups)
            for group in 0..<groups.count {
                let (count, isEstimate) = tally.count(group)
                words[group * plan.words] = count
                words[group * plan.words + 1] = isEstimate ? 1 : 0
                estimates += isEstimate ? 1 : 0
            }
            (place, index) = (2, 1)
        }
        for wanted in plan.statistics {
            sketches(of: maps[index][form], by: groups) { group, values in
                let first = group * plan.words + place
                words[first] = values.count
                for (offset, statistic) in wanted.statistics.enumerated() {
                    words[first + 1 + offset] = values.value(statistic)
                }
            }
            place += 1 + wanted.statistics.count
            index += 1
        }
    }

    /// Calls `body` with the values of each group that has some.
    private func sketches(
        of steps: GroupMap, by groups: GroupMap, _ body: (Int, SketchedValues) -> Void
    ) {
        let layout = steps.layout
        let parts = (steps.form == .full ? layout.full : layout.small).parts
        guard let part = parts.last, let present = part.present else { return }
        let entries = steps.entries
        // A group, then a step of 16 bits, then where that lies.
        var order: [(groupAndStep: UInt64, entry: Int)] = []
        order.reserveCapacity(steps.count)
        for step in 0..<steps.count {
            let entry = step * steps.stride
            guard keyBits(entries, entry, present, 1) != 0,
                let group = groups.group(of: entries, at: entry, adding: false)
            else { continue }
            let number = keyBits(entries, entry, part.start, part.bits)
            order.append((UInt64(group) << 16 | number, entry + steps.keyWords))
        }
        order.sort { $0.groupAndStep < $1.groupAndStep }
        var next = 0
        while next < order.count {
            let group = order[next].groupAndStep >> 16
            var values = SketchedValues()
            while next < order.count, order[next].groupAndStep >> 16 == group {
                let sums = GroupSums(entries, at: order[next].entry, layout)
                values.count += sums.flows
                values.sum = values.sum.clampedAdding(sums.bytes)
                values.least = min(values.least, sums.first)
                values.greatest = max(values.greatest, sums.last)
                values.steps.append((order[next].groupAndStep & 0xffff, sums.flows))
                next += 1
            }
            body(Int(group), values)
        }
    }
}

extension SketchedValues {
    /// One number that describes the values, as the word that is kept of it.
    fileprivate func value(_ statistic: ValueStatistics.Statistic) -> UInt64 {
        switch statistic {
        case .least: least
        case .greatest: greatest
        case .mean: (Double(sum) / Double(max(count, 1))).bitPattern
        case .percentile(let thousandths): percentile(UInt64(thousandths))
        }
    }
}
