import FlowModel

/// Which hosts, networks and countries are nodes.
///
/// Octets are remembered from step to step, an eighth less each time. Who comes into the first ranks is a
/// node, and stays one until it falls behind a later rank, so that nodes do not come and go. The hosts
/// that are none are seen by their network, those of the other networks by their country.
struct SwarmRanking {
    /// What is remembered of a host.
    private struct Host {
        var address: IPAddress
        var weight: UInt64
        var country: UInt16
    }

    private let settings: SwarmSettings
    private var known: [Host] = []
    private(set) var hosts: [IPAddress] = []
    private(set) var networks: [IPPrefix] = []
    private(set) var countries: [UInt16] = []
    /// The decayed octets of everything that is a node.
    private(set) var weights: [SwarmName: UInt64] = [:]

    init(_ settings: SwarmSettings) { self.settings = settings }

    /// Adds the octets of a step.
    ///
    /// - Parameters:
    ///   - octets: by address, ascending, each once.
    ///   - marked: hosts that are nodes whatever their rank, ascending.
    mutating func take(_ octets: [(address: IPAddress, bytes: UInt64)], marked: [IPAddress]) {
        remember(octets)
        let heaviest = leading(
            known.map(\.weight), members: known.map { contains(hosts, $0.address) },
            entering: settings.hostsIn, leaving: settings.hostsOut)
        hosts = merged(heaviest.map { known[$0].address }, marked)
        weights.removeAll(keepingCapacity: true)
        var rest: [Host] = []
        for host in known {
            if contains(hosts, host.address) {
                weights[.host(host.address)] = host.weight
            } else {
                rest.append(host)
            }
        }
        rankNetworks(&rest)
        rankCountries(rest)
    }

    /// The node that an address is seen by.
    func name(of address: IPAddress) -> SwarmName {
        if contains(hosts, address) { return .host(address) }
        let network = Self.network(of: address)
        if contains(networks, network, by: { $0.address < $1.address }) { return .network(network) }
        let isInside = settings.isInside(address)
        if !isInside, let country = settings.country(address), contains(countries, country.rawValue)
        {
            return .country(country)
        }
        return .rest(isInside: isInside)
    }

    static func network(of address: IPAddress) -> IPPrefix {
        // Both lengths fit their family.
        IPPrefix(address, length: address.isV4 ? 24 : 48) ?? IPPrefix(address)
    }

    /// What is remembered loses an eighth, and gets what is new; both are in the order of addresses.
    private mutating func remember(_ octets: [(address: IPAddress, bytes: UInt64)]) {
        var next: [Host] = []
        next.reserveCapacity(known.count + octets.count)
        var (old, new) = (0, 0)
        while old < known.count || new < octets.count {
            if new == octets.count || old < known.count && known[old].address < octets[new].address
            {
                var host = known[old]
                host.weight -= host.weight / 8 + (host.weight > 0 ? 1 : 0)
                if host.weight > 0 { next.append(host) }
                old += 1
            } else if old == known.count || octets[new].address < known[old].address {
                let address = octets[new].address
                let country = settings.isInside(address) ? nil : settings.country(address)
                next.append(
                    Host(
                        address: address, weight: max(octets[new].bytes, 1),
                        country: country?.rawValue ?? 0))
                new += 1
            } else {
                var host = known[old]
                host.weight = SwarmSums.sum(host.weight - host.weight / 8, octets[new].bytes)
                next.append(host)
                old += 1
                new += 1
            }
        }
        known = next
        guard known.count > settings.hostsMax else { return }
        let kept = leading(
            known.map(\.weight), members: [], entering: settings.hostsMax,
            leaving: settings.hostsMax)
        known = kept.sorted().map { known[$0] }
    }

    private mutating func rankNetworks(_ rest: inout [Host]) {
        // A network's hosts lie together.
        var found: [(network: IPPrefix, weight: UInt64)] = []
        for host in rest {
            let network = Self.network(of: host.address)
            if found.last?.network == network {
                found[found.count - 1].weight = SwarmSums.sum(
                    found[found.count - 1].weight, host.weight)
            } else {
                found.append((network, host.weight))
            }
        }
        let members = found.map { contains(networks, $0.network, by: { $0.address < $1.address }) }
        let kept = leading(
            found.map(\.weight), members: members, entering: settings.networksIn,
            leaving: settings.networksOut
        ).sorted()
        networks = kept.map { found[$0].network }
        for place in kept { weights[.network(found[place].network)] = found[place].weight }
        rest.removeAll {
            contains(networks, Self.network(of: $0.address), by: { $0.address < $1.address })
        }
    }

    private mutating func rankCountries(_ rest: [Host]) {
        var sums = [UInt64](repeating: 0, count: 1 << 16)
        var (inside, outside): (UInt64, UInt64) = (0, 0)
        for host in rest where host.country != 0 {
            sums[Int(host.country)] = SwarmSums.sum(sums[Int(host.country)], host.weight)
        }
        let found = sums.indices.filter { sums[$0] > 0 }.map { UInt16($0) }
        let kept = leading(
            found.map { sums[Int($0)] }, members: found.map { contains(countries, $0) },
            entering: settings.countriesIn, leaving: settings.countriesOut
        ).sorted()
        countries = kept.map { found[$0] }
        for code in countries {
            weights[.country(CountryCode(rawValue: code))] = sums[Int(code)]
        }
        for host in rest where !contains(countries, host.country) {
            if settings.isInside(host.address) {
                inside = SwarmSums.sum(inside, host.weight)
            } else {
                outside = SwarmSums.sum(outside, host.weight)
            }
        }
        weights[.rest(isInside: true)] = inside
        weights[.rest(isInside: false)] = outside
    }

    /// The places of the largest weights: of members those in the first `leaving` ranks, of others in the first `entering`.
    ///
    /// Equal weights are ranked by their place.
    private func leading(
        _ weights: [UInt64], members: [Bool], entering: Int, leaving: Int
    ) -> [Int] {
        // Only what is as large as the smallest of the first ranks is sorted: found by logarithms.
        var counts = [Int](repeating: 0, count: 513)
        for weight in weights { counts[eighthsOfLog2(weight)] += 1 }
        var (least, count) = (512, 0)
        while least >= 0, count < leaving {
            count += counts[least]
            least -= 1
        }
        let candidates = weights.indices.filter { eighthsOfLog2(weights[$0]) > least }.sorted {
            weights[$0] != weights[$1] ? weights[$0] > weights[$1] : $0 < $1
        }
        return candidates.prefix(leaving).enumerated().compactMap { rank, place in
            rank < entering || (!members.isEmpty && members[place]) ? place : nil
        }
    }
}

/// Whether a sorted array has an element.
private func contains<Element: Comparable>(_ array: [Element], _ element: Element) -> Bool {
    contains(array, element, by: <)
}

private func contains<Element: Equatable>(
    _ array: [Element], _ element: Element, by precedes: (Element, Element) -> Bool
) -> Bool {
    var (low, high) = (0, array.count)
    while low < high {
        let middle = (low + high) / 2
        if precedes(array[middle], element) { low = middle + 1 } else { high = middle }
    }
    return low < array.count && array[low] == element
}

/// Both in one, ascending, each element once.
private func merged(_ places: [IPAddress], _ others: [IPAddress]) -> [IPAddress] {
    var all = (places + others).sorted()
    var last: IPAddress?
    all.removeAll { address in
        defer { last = address }
        return address == last
    }
    return all
}
