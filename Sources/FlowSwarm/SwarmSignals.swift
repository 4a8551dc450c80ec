import FlowModel

/// Finds in a step's edges what deserves to be told: scans, floods, uploads, listed hosts, beacons.
struct SwarmSignals {
    /// What is to be told, the largest count first.
    private(set) var signals: [SwarmSignal] = []
    /// What is remarkable about an address.
    private(set) var marks: [IPAddress: SwarmMarks] = [:]

    /// Hosts or services that one asks, or by which one is asked, before it is remarkable.
    private static let peersMin = 32
    /// Of a scan's or flood's flows: octets on average at most.
    private static let meanBytesMax: UInt64 = 400
    /// Octets that leave in a step before they are an upload; of those that come back from there so many times
    /// as many; and of all that leaves one part in so many.
    private static let uploadMin: UInt64 = 1 << 20
    private static let uploadTimes: UInt64 = 16
    private static let uploadPart: UInt64 = 4
    /// Signals of a step at most.
    private static let signalsMax = 64

    init(_ step: SwarmStep, _ settings: SwarmSettings) {
        guard settings.tellsSignals else { return }
        let edges = step.edges
        findScans(edges)
        findFloods(edges)
        findUploads(edges, settings)
        findKnown(edges, settings)
        signals.sort {
            if $0.count != $1.count { return $0.count > $1.count }
            return $0.subject != $1.subject
                ? $0.subject < $1.subject : $0.kind.rawValue < $1.kind.rawValue
        }
        if signals.count > Self.signalsMax { signals.removeLast(signals.count - Self.signalsMax) }
    }

    private mutating func tell(_ signal: SwarmSignal, _ mark: SwarmMarks) {
        signals.append(signal)
        marks[signal.subject, default: []].insert(mark)
    }

    /// A source with many targets, or many services of a target, most of which send nothing back.
    private mutating func findScans(_ edges: [SwarmEdge]) {
        for source in runs(edges, { $0.source == $1.source }) {
            guard source.count >= Self.peersMin else { continue }
            var (targets, answered) = (0, 0)
            var sums = SwarmSums()
            for target in runs(edges[source], { $0.target == $1.target }) {
                var small = SwarmSums()
                for edge in edges[target] where isSmall(edge.sums) { small.add(edge.sums) }
                guard small.flows > 0 else { continue }
                targets += 1
                sums.add(small)
                let first = edges[target.lowerBound]
                let isAnswered = Self.hasEdge(edges, from: first.target, to: first.source)
                if isAnswered { answered += 1 }
                if target.count >= Self.peersMin, small.flows >= UInt64(target.count) / 2,
                    answeredServices(edges, of: target) * 2 < target.count
                {
                    tell(
                        SwarmSignal(
                            kind: .portScan, subject: first.source, object: first.target,
                            service: nil, count: target.count, sums: small), .scans)
                }
            }
            if targets >= Self.peersMin, answered * 2 < targets {
                tell(
                    SwarmSignal(
                        kind: .scan, subject: edges[source.lowerBound].source, object: nil,
                        service: Self.commonService(edges[source]), count: targets, sums: sums),
                    .scans)
            }
        }
    }

    /// A target with many sources to which it sends little back.
    private mutating func findFloods(_ edges: [SwarmEdge]) {
        let byTarget = edges.indices.sorted {
            let (a, b) = (edges[$0], edges[$1])
            return a.target != b.target ? a.target < b.target : $0 < $1
        }
        var from = 0
        while from < byTarget.count {
            let target = edges[byTarget[from]].target
            var to = from
            while to < byTarget.count, edges[byTarget[to]].target == target { to += 1 }
            defer { from = to }
            guard to - from >= Self.peersMin else { continue }
            var (sources, answered) = (0, 0)
            var sums = SwarmSums()
            var last: IPAddress?
            for place in from..<to where isSmall(edges[byTarget[place]].sums) {
                let edge = edges[byTarget[place]]
                sums.add(edge.sums)
                if edge.source == last { continue }
                last = edge.source
                sources += 1
                if Self.hasEdge(edges, from: target, to: edge.source) { answered += 1 }
            }
            guard sources >= Self.peersMin, answered * 2 < sources else { continue }
            tell(
                SwarmSignal(
                    kind: .flood, subject: target, object: nil,
                    service: Self.commonService(byTarget[from..<to].map { edges[$0] }[...]),
                    count: sources, sums: sums), .flooded)
        }
    }

    /// An own host and one outside to which it sends much of all that leaves, and from which little comes back.
    private mutating func findUploads(_ edges: [SwarmEdge], _ settings: SwarmSettings) {
        var pairs: [(range: Range<Int>, sums: SwarmSums)] = []
        var leaving = SwarmSums()
        for source in runs(edges, { $0.source == $1.source })
        where settings.isInside(edges[source.lowerBound].source) {
            for pair in runs(edges[source], { $0.target == $1.target })
            where !settings.isInside(edges[pair.lowerBound].target) {
                var sums = SwarmSums()
                for edge in edges[pair] { sums.add(edge.sums) }
                leaving.add(sums)
                if sums.bytes >= Self.uploadMin { pairs.append((pair, sums)) }
            }
        }
        for (pair, sums) in pairs where sums.bytes >= leaving.bytes / Self.uploadPart {
            let first = edges[pair.lowerBound]
            let back = Self.bytes(edges, from: first.target, to: first.source)
            guard sums.bytes / Self.uploadTimes >= back else { continue }
            tell(
                SwarmSignal(
                    kind: .upload, subject: first.source, object: first.target,
                    service: Self.commonService(edges[pair]), count: 1, sums: sums), .uploads)
            marks[first.target, default: []].insert(.uploads)
        }
    }

    /// Listed hosts, and contacts that were found to be beacons.
    private mutating func findKnown(_ edges: [SwarmEdge], _ settings: SwarmSettings) {
        var listed: [IPAddress: Bool] = [:]
        func isListed(_ address: IPAddress) -> Bool {
            if let known = listed[address] { return known }
            let found = settings.isListed(address)
            listed[address] = found
            return found
        }
        var places: [IPAddress: Int] = [:]
        for edge in edges {
            for (address, peer) in [(edge.source, edge.target), (edge.target, edge.source)]
            where isListed(address) {
                if let place = places[address] {
                    signals[place].count += 1
                    signals[place].sums.add(edge.sums)
                } else {
                    places[address] = signals.count
                    tell(
                        SwarmSignal(
                            kind: .listed, subject: address, object: peer, service: edge.service,
                            count: 1, sums: edge.sums), .listed)
                }
            }
            if !settings.beacons.isEmpty,
                settings.beacons.contains(
                    SwarmContact(source: edge.source, target: edge.target))
            {
                tell(
                    SwarmSignal(
                        kind: .beacon, subject: edge.source, object: edge.target,
                        service: edge.service, count: 1, sums: edge.sums), .beacons)
                marks[edge.target, default: []].insert(.beacons)
            }
        }
    }

    private func isSmall(_ sums: SwarmSums) -> Bool {
        sums.flows > 0 && sums.bytes / sums.flows <= Self.meanBytesMax
    }

    /// Of the services that one asked another for, how many sent something back.
    private func answeredServices(_ edges: [SwarmEdge], of range: Range<Int>) -> Int {
        range.reduce(0) { count, place in
            let edge = edges[place]
            let back = SwarmEdge(
                source: edge.target, target: edge.source, service: edge.service, sums: edge.sums)
            let found = Self.firstPlace(edges, notBefore: back)
            let isThere =
                found < edges.count && edges[found].source == back.source
                && edges[found].target == back.target && edges[found].service == back.service
            return count + (isThere ? 1 : 0)
        }
    }

    /// The service of most edges, nil where it is that of less than half.
    private static func commonService(_ edges: ArraySlice<SwarmEdge>) -> UInt32? {
        let services = edges.map(\.service).sorted()
        let middle = services[services.count / 2]
        return services.count { $0 == middle } * 2 >= services.count ? middle : nil
    }

    private static func hasEdge(
        _ edges: [SwarmEdge], from source: IPAddress, to target: IPAddress
    ) -> Bool {
        let found = firstPlace(
            edges,
            notBefore: SwarmEdge(source: source, target: target, service: 0, sums: SwarmSums()))
        return found < edges.count && edges[found].source == source && edges[found].target == target
    }

    /// Octets from one to another, of all services.
    private static func bytes(
        _ edges: [SwarmEdge], from source: IPAddress, to target: IPAddress
    ) -> UInt64 {
        var sums = SwarmSums()
        let start = SwarmEdge(source: source, target: target, service: 0, sums: sums)
        for edge in edges[firstPlace(edges, notBefore: start)...] {
            guard edge.source == source, edge.target == target else { break }
            sums.add(edge.sums)
        }
        return sums.bytes
    }

    private static func firstPlace(_ edges: [SwarmEdge], notBefore edge: SwarmEdge) -> Int {
        var (low, high) = (0, edges.count)
        while low < high {
            let middle = (low + high) / 2
            if SwarmEdge.precedes(edges[middle], edge) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// The runs of neighbours that belong together.
private func runs(
    _ edges: [SwarmEdge], _ areTogether: (SwarmEdge, SwarmEdge) -> Bool
) -> [Range<Int>] { runs(edges[...], areTogether) }

private func runs(
    _ edges: ArraySlice<SwarmEdge>, _ areTogether: (SwarmEdge, SwarmEdge) -> Bool
) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var from = edges.startIndex
    for place in edges.indices where !areTogether(edges[from], edges[place]) {
        found.append(from..<place)
        from = place
    }
    if from < edges.endIndex { found.append(from..<edges.endIndex) }
    return found
}
