import ArgumentParser
import FlowModel
import FlowQuery

/// Which of a flow's two countries counts.
enum MapSide: String, CaseIterable, ExpressibleByArgument {
    case any, src, dst

    /// What flows are grouped by.
    var fields: [Field] {
        switch self {
        case .any: [.srcgeo, .dstgeo]
        case .src: [.srcgeo]
        case .dst: [.dstgeo]
        }
    }
}

/// What countries are ordered by, and their shares taken of.
enum MapOrder: String, CaseIterable, ExpressibleByArgument {
    case flows, packets, bytes
}

/// Makes a row a country of groups by one country or by two, which come in as an answer.
///
/// A flow between two countries counts for both, one within a country once, so that shares of the whole
/// may sum to more than 1.
final class MapTable: AnswerWriter {
    private let order: MapOrder
    private let top: Int
    private var columns: [AnswerColumn] = []
    private var keys = 0
    private var sums: [CountryCode?: [UInt64]] = [:]
    private var whole: [UInt64] = []
    private var footing = Footing()

    init(order: MapOrder, top: Int) {
        self.order = order
        self.top = top
    }

    func begin(columns: [AnswerColumn]) throws {
        keys = columns.prefix { $0.meaning == .country }.count
        // Behind the sums stands the share of each group.
        self.columns = columns.dropFirst(keys).filter { $0.name != "share" }
        whole = Array(repeating: 0, count: self.columns.count)
    }

    func row(_ cells: [Cell]) throws {
        let countries = Set(
            cells.prefix(keys).map { cell -> CountryCode? in
                if case .number(let code) = cell {
                    CountryCode(rawValue: UInt16(truncatingIfNeeded: code))
                } else {
                    nil
                }
            })
        let counts = cells.dropFirst(keys).prefix(columns.count).map { cell -> UInt64 in
            if case .number(let count) = cell { count } else { 0 }
        }
        add(counts, to: &whole)
        for country in countries {
            add(counts, to: &sums[country, default: Array(repeating: 0, count: columns.count)])
        }
    }

    private func add(_ counts: [UInt64], to sums: inout [UInt64]) {
        for (place, count) in counts.enumerated() {
            let (sum, overflows) = sums[place].addingReportingOverflow(count)
            sums[place] = overflows ? .max : sum
        }
    }

    func end(footing: Footing) throws { self.footing = footing }

    /// Writes the countries, the largest first, equal ones by their letters.
    ///
    /// - Parameter all: whether all countries are written, not only the first.
    func write(to writer: any AnswerWriter, all: Bool = false) throws {
        try writer.begin(
            columns: [AnswerColumn(name: "country", meaning: .country)] + columns
                + [AnswerColumn(name: "share", meaning: .number)])
        let place = columns.firstIndex { $0.name == order.rawValue } ?? 0
        let ranked = sums.sorted { a, b in
            a.value[place] != b.value[place]
                ? a.value[place] > b.value[place]
                : a.key?.rawValue ?? 0 < b.key?.rawValue ?? 0
        }
        for (country, counts) in top == 0 || all ? ranked[...] : ranked.prefix(top) {
            let share =
                whole[place] == 0 ? 0 : Double(counts[place]) / Double(whole[place])
            try writer.row(
                [country.map { .number(UInt64($0.rawValue)) } ?? .null]
                    + counts.map { .number($0) } + [.real(share)])
        }
        footing.groups = UInt64(ranked.count)
        try writer.end(footing: footing)
    }
}
