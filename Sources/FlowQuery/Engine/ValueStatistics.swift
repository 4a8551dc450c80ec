/// What is asked of the values of one quantity in each group.
public struct ValueStatistics: Hashable, Sendable {
    /// One number that describes many.
    public enum Statistic: Hashable, Sendable {
        /// The smallest value.
        case least
        /// The largest value.
        case greatest
        /// The sum divided by the number of values.
        case mean
        /// The smallest value that so many thousandths of a percent of all do not exceed; within 1 %.
        case percentile(thousandths: UInt32)

        /// `min`, `max`, `mean`, `p50`, `p99.9`.
        public var name: String {
            switch self {
            case .least: return "min"
            case .greatest: return "max"
            case .mean: return "mean"
            case .percentile(let thousandths):
                var rest = String(thousandths % 1000 + 1000).dropFirst()
                while rest.last == "0" { rest.removeLast() }
                return "p\(thousandths / 1000)" + (rest.isEmpty ? "" : ".\(rest)")
            }
        }

        init?(_ name: Substring) {
            switch name {
            case "min": self = .least
            case "max": self = .greatest
            case "mean": self = .mean
            default:
                let parts = name.dropFirst().split(
                    separator: ".", omittingEmptySubsequences: false)
                guard name.first == "p", (1...2).contains(parts.count),
                    parts.allSatisfy({ part in
                        (1...3).contains(part.utf8.count)
                            && part.utf8.allSatisfy { (48...57).contains($0) }
                    }), let whole = UInt32(parts[0]), whole <= 100
                else { return nil }
                var thousandths = whole * 1000
                if parts.count == 2 {
                    guard let rest = UInt32((parts[1] + "00").prefix(3)) else { return nil }
                    thousandths += rest
                }
                guard thousandths <= 100_000 else { return nil }
                self = .percentile(thousandths: thousandths)
            }
        }
    }

    /// Of what.
    public var quantity: Quantity
    /// What is wanted, in this order.
    public var statistics: [Statistic]

    /// What is answered where only the quantity is named.
    public static let usual: [Statistic] = [
        .percentile(thousandths: 50_000), .percentile(thousandths: 95_000),
        .percentile(thousandths: 99_000), .least, .greatest, .mean,
    ]

    /// Asks for statistics of a quantity.
    public init(_ quantity: Quantity, _ statistics: [Statistic] = Self.usual) {
        self.quantity = quantity
        self.statistics = statistics
    }
}

/// A list of statistics that cannot be read.
public struct ValueStatisticsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let description: String
}

extension [ValueStatistics] {
    /// Reads `bytes,duration` or `bytes:p50,p99.9,duration:max`.
    ///
    /// A name that is no statistic begins the next quantity.
    public init(parsing text: String) throws(ValueStatisticsError) {
        self = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            let word = word.drop { $0 == " " }
            let parts = word.split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 1, !isEmpty, let statistic = ValueStatistics.Statistic(word) {
                guard isOpen else {
                    throw ValueStatisticsError(
                        description: "‘\(word)’ needs a quantity before it, as in bytes:\(word)")
                }
                self[count - 1].statistics.append(statistic)
                continue
            }
            guard let quantity = Quantity(name: String(parts[0])) else {
                throw ValueStatisticsError(
                    description: "there is no quantity ‘\(parts[0])’")
            }
            if case .field(let field) = quantity, !field.isNumeric {
                throw ValueStatisticsError(
                    description: "‘\(parts[0])’ is not a number that has percentiles")
            }
            guard !contains(where: { $0.quantity == quantity }) else {
                throw ValueStatisticsError(description: "‘\(parts[0])’ stands there twice")
            }
            guard parts.count == 2 else {
                append(ValueStatistics(quantity))
                continue
            }
            guard let statistic = ValueStatistics.Statistic(parts[1]) else {
                throw ValueStatisticsError(
                    description: "‘\(parts[1])’ is none of min, max, mean, p50, p99.9")
            }
            append(ValueStatistics(quantity, [statistic]))
        }
    }

    /// Whether the last quantity names its statistics.
    private var isOpen: Bool { last.map { $0.statistics != ValueStatistics.usual } ?? false }
}
