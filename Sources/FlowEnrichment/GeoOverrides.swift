public import FlowModel

/// What the user knows better than a database: in which country networks are, and when.
///
/// Applied when flows are read, so that it mends what was stored before it was known. Of the rules
/// whose network an address is in and that are valid at the flow's time, the one with the longest
/// prefix counts; of equal ones the last.
public struct GeoOverrides: Hashable, Sendable {
    /// One network.
    public struct Rule: Hashable, Sendable {
        /// The network.
        public var network: IPPrefix
        /// Where it is; nil: nobody knows, whatever a database says.
        public var country: CountryCode?
        /// Valid from this time on, ms since 1970; nil: since ever.
        public var from: UInt64?
        /// Valid before this time; nil: for ever.
        public var to: UInt64?
        /// What the user calls the place.
        public var label: String

        /// Makes a rule.
        public init(
            network: IPPrefix, country: CountryCode?, from: UInt64? = nil, to: UInt64? = nil,
            label: String = ""
        ) {
            self.network = network
            self.country = country
            self.from = from
            self.to = to
            self.label = label
        }

        /// Whether it holds at a time.
        public func isValid(at time: UInt64) -> Bool { time >= from ?? 0 && time < to ?? .max }

        /// Whether it holds always.
        var isTimeless: Bool { from == nil && to == nil }

        /// Whether it can hold within a span of time.
        func isValid(within times: ClosedRange<UInt64>) -> Bool {
            times.upperBound >= from ?? 0 && times.lowerBound < to ?? .max
        }
    }

    /// The rules: longer prefixes behind shorter ones, so that the last one that fits counts.
    public let rules: [Rule]

    /// Makes overrides of rules in any order.
    public init(_ rules: [Rule]) {
        let ordered = rules.enumerated().sorted {
            ($0.element.network.bits, $0.offset) < ($1.element.network.bits, $1.offset)
        }
        self.rules = ordered.map(\.element)
    }

    /// Whether there are none.
    public var isEmpty: Bool { rules.isEmpty }

    /// The rule for an address at a time; nil: what the database said holds.
    public func rule(for address: IPAddress, at time: UInt64) -> Rule? {
        rules.last { $0.network.contains(address) && $0.isValid(at: time) }
    }

    /// What they say of sorted addresses within a span of time.
    ///
    /// - Returns: for each address one of the ``Verdict``s; nil where no rule speaks of any.
    public func verdicts(
        on addresses: Span<IPAddress>, within times: ClosedRange<UInt64>
    ) -> [Verdict]? {
        var verdicts: [Verdict]?
        for rule in rules where rule.isValid(within: times) {
            var index = firstIndex(of: addresses, from: rule.network.address)
            let isConstant =
                rule.isValid(at: times.lowerBound) && rule.isValid(at: times.upperBound)
            while index < addresses.count, addresses[index] <= rule.network.last {
                // A large network of IPv6 goes around IPv4.
                if rule.network.contains(addresses[index]) {
                    if verdicts == nil {
                        verdicts = Array(repeating: .stored, count: addresses.count)
                    }
                    verdicts?[index] = isConstant ? .country(rule.country) : .byTime
                }
                index += 1
            }
        }
        return verdicts
    }

    /// What holds for an address.
    public enum Verdict: Hashable, Sendable {
        /// What was stored.
        case stored
        /// This, or that none is known.
        case country(CountryCode?)
        /// It depends on the flow's time.
        case byTime
    }

    /// The ranges of addresses that rules speak of, ascending and disjoint.
    public var ranges: [ClosedRange<IPAddress>] {
        var ranges: [ClosedRange<IPAddress>] = []
        for network in rules.map(\.network).sorted(by: { $0.address < $1.address }) {
            // Networks lie in each other or apart; one of IPv6 may have all of IPv4 within.
            if let last = ranges.last, network.address <= last.upperBound {
                ranges[ranges.count - 1] =
                    last.lowerBound...max(last.upperBound, network.last)
            } else {
                ranges.append(network.address...network.last)
            }
        }
        return ranges
    }
}

/// The place of the first address that is not below `bound`.
private func firstIndex(of addresses: Span<IPAddress>, from bound: IPAddress) -> Int {
    var low = 0
    var high = addresses.count
    while low < high {
        let middle = (low + high) / 2
        if addresses[middle] < bound { low = middle + 1 } else { high = middle }
    }
    return low
}
