import FlowModel

/// Makes scenes of steps, one after the other.
///
///     step ─ signals ─ ranking ─ nodes ─ streams ─ layout ─▶ scene
///
/// The totals of a scene are those of its step: what is not drawn one by one is folded into streams
/// between the rest and the rest. The same steps and settings give the same scenes, bit by bit.
public final class SwarmEngine {
    private let settings: SwarmSettings
    private var ranking: SwarmRanking
    private var layout: SwarmLayout
    /// By slot; nil where it is free.
    private var names: [SwarmName?]
    private var slots: [SwarmName: Int] = [:]
    /// When a slot became free, in scenes: what still flies is drawn at its old place.
    private var freedAt: [Int]
    private var scenes = 0
    private var legend: [UInt32: Int] = [:]

    /// Nodes at most.
    public static let slotsMax = 512
    /// Services drawn apart at most.
    public static let servicesMax = 11
    /// Scenes for which a slot that became free stays free.
    private static let restScenes = 4

    /// Begins with nothing.
    public init(_ settings: SwarmSettings) {
        self.settings = settings
        ranking = SwarmRanking(settings)
        layout = SwarmLayout(slots: Self.slotsMax, seed: settings.seed)
        names = Array(repeating: nil, count: Self.slotsMax)
        freedAt = Array(repeating: -Self.restScenes, count: Self.slotsMax)
        for (place, service) in settings.services.prefix(Self.servicesMax).enumerated() {
            legend[service] = place
        }
    }

    /// Services in a scene: those of the legend, and all others.
    private var serviceCount: Int { min(settings.services.count, Self.servicesMax) + 1 }

    /// The scene of the next step.
    public func take(_ step: SwarmStep) -> SwarmScene {
        let signals = SwarmSignals(step, settings)
        let octets = Self.octets(step.edges)
        let marked = Self.markedHosts(signals, max: settings.markedMax)
        ranking.take(octets, marked: marked)
        seat()
        let found = streams(step.edges, marks: signals.marks)
        let weights = names.map { name in
            name.flatMap { ranking.weights[$0] }.map(eighthsOfLog2) ?? 0
        }
        layout.move(
            weights: weights,
            streams: found.streams.map { (Int($0.source), Int($0.target)) })
        scenes += 1
        return SwarmScene(
            number: step.number, nodes: nodes(weights, signals.marks, found.sums),
            streams: found.streams, services: found.services, total: found.total,
            edges: step.edges.count, folded: found.folded, signals: signals.signals)
    }

    // MARK: Nodes

    /// Octets sent and got, by address.
    private static func octets(_ edges: [SwarmEdge]) -> [(address: IPAddress, bytes: UInt64)] {
        var all: [(address: IPAddress, bytes: UInt64)] = []
        all.reserveCapacity(edges.count * 2)
        for edge in edges {
            all.append((edge.source, edge.sums.bytes))
            all.append((edge.target, edge.sums.bytes))
        }
        all.sort { $0.address < $1.address }
        var unique: [(address: IPAddress, bytes: UInt64)] = []
        for entry in all {
            if let last = unique.last, last.address == entry.address {
                unique[unique.count - 1].bytes = SwarmSums.sum(last.bytes, entry.bytes)
            } else {
                unique.append(entry)
            }
        }
        return unique
    }

    /// The hosts that are told of, the first told first; ascending.
    private static func markedHosts(_ signals: SwarmSignals, max: Int) -> [IPAddress] {
        var hosts: [IPAddress] = []
        var seen: Set<IPAddress> = []
        for signal in signals.signals {
            for host in [signal.subject, signal.kind == .beacon ? signal.object : nil] {
                guard let host, hosts.count < max, seen.insert(host).inserted else { continue }
                hosts.append(host)
            }
        }
        return hosts.sorted()
    }

    /// Gives nodes that are new a slot, and takes it from those that are none any more.
    private func seat() {
        var wanted = ranking.hosts.map { SwarmName.host($0) }
        wanted += ranking.networks.map { .network($0) }
        wanted += ranking.countries.map { .country(CountryCode(rawValue: $0)) }
        wanted += [.rest(isInside: true), .rest(isInside: false)]
        let staying = Set(wanted)
        for slot in names.indices {
            guard let name = names[slot], !staying.contains(name) else { continue }
            names[slot] = nil
            slots[name] = nil
            freedAt[slot] = scenes
            layout.remove(slot: slot)
        }
        var next = 0
        for name in wanted where slots[name] == nil {
            while next < names.count,
                names[next] != nil || freedAt[next] + Self.restScenes > scenes
            {
                next += 1
            }
            guard next < names.count else { break }
            names[next] = name
            slots[name] = next
            layout.add(name, slot: next, isInside: isInside(name))
        }
    }

    private func isInside(_ name: SwarmName) -> Bool {
        switch name {
        case .host(let address): settings.isInside(address)
        case .network(let network): settings.isInside(network.address)
        case .country: false
        case .rest(let isInside): isInside
        }
    }

    private func nodes(
        _ weights: [Int], _ marks: [IPAddress: SwarmMarks], _ sums: [SwarmSums]
    ) -> [SwarmNode] {
        names.indices.compactMap { slot in
            guard let name = names[slot], let body = layout.bodies[slot] else { return nil }
            var mark: SwarmMarks = isInside(name) ? .inside : []
            if case .host(let address) = name { mark.formUnion(marks[address] ?? []) }
            return SwarmNode(
                slot: UInt16(slot), name: name, x: quantised(body.x), y: quantised(body.y),
                size: UInt16(weights[slot]), marks: mark, sums: sums[slot])
        }
    }

    // MARK: Streams

    private struct Found {
        var streams: [SwarmStream] = []
        var services: [SwarmSums]
        var total = SwarmSums()
        var folded = SwarmSums()
        /// By slot.
        var sums = [SwarmSums](repeating: SwarmSums(), count: SwarmEngine.slotsMax)
    }

    private struct Cell {
        var key: Int
        var sums: SwarmSums
        var edges: UInt32
        var marks: SwarmMarks
    }

    /// The node that an address is seen by; where it has no slot, the rest, which has one always.
    private func slot(of address: IPAddress) -> Int {
        if let slot = slots[ranking.name(of: address)] { return slot }
        return slots[.rest(isInside: settings.isInside(address))] ?? 0
    }

    private func streams(_ edges: [SwarmEdge], marks: [IPAddress: SwarmMarks]) -> Found {
        var found = Found(services: Array(repeating: SwarmSums(), count: serviceCount))
        var places: [Int: Int] = [:]
        var cells: [Cell] = []
        var slotOf: [IPAddress: Int] = [:]
        func seen(_ address: IPAddress) -> Int {
            if let slot = slotOf[address] { return slot }
            let slot = slot(of: address)
            slotOf[address] = slot
            return slot
        }
        func add(_ sums: SwarmSums, _ edges: UInt32, _ key: Int, _ marks: SwarmMarks) {
            if let place = places[key] {
                cells[place].sums.add(sums)
                cells[place].edges &+= edges
                cells[place].marks.formUnion(marks)
            } else {
                places[key] = cells.count
                cells.append(Cell(key: key, sums: sums, edges: edges, marks: marks))
            }
        }
        for edge in edges {
            let service = legend[edge.service] ?? serviceCount - 1
            found.services[service].add(edge.sums)
            found.total.add(edge.sums)
            let (source, target) = (seen(edge.source), seen(edge.target))
            found.sums[source].add(edge.sums)
            if target != source { found.sums[target].add(edge.sums) }
            var mark: SwarmMarks = []
            if !marks.isEmpty {
                let (sends, gets) = (marks[edge.source] ?? [], marks[edge.target] ?? [])
                mark = sends.intersection([.scans, .listed]).union(
                    gets.intersection([.flooded, .listed]))
                if sends.contains(.beacons), gets.contains(.beacons) { mark.insert(.beacons) }
                if sends.contains(.uploads), gets.contains(.uploads),
                    settings.isInside(edge.source)
                {
                    mark.insert(.uploads)
                }
            }
            add(edge.sums, 1, key(source, target, service), mark)
        }
        let drawn = rank(cells)
        let rest = (
            slots[.rest(isInside: true)] ?? 0, slots[.rest(isInside: false)] ?? 0
        )
        let all = cells
        (cells, places) = ([], [:])
        for place in drawn {
            add(all[place].sums, all[place].edges, all[place].key, all[place].marks)
        }
        let isDrawn = Set(drawn)
        for place in all.indices where !isDrawn.contains(place) {
            let (source, target, service) = parts(all[place].key)
            found.folded.add(all[place].sums)
            let key = key(
                isInside(slot: source) ? rest.0 : rest.1, isInside(slot: target) ? rest.0 : rest.1,
                service)
            add(all[place].sums, all[place].edges, key, [])
        }
        cells.sort { $0.key < $1.key }
        found.streams = cells.map { cell in
            let (source, target, service) = parts(cell.key)
            return SwarmStream(
                source: UInt16(source), target: UInt16(target), service: UInt8(service),
                marks: cell.marks, edges: cell.edges, sums: cell.sums,
                hash: mixed(UInt64(cell.key) ^ mixed(settings.seed &+ 7)))
        }
        return found
    }

    /// The cells that are drawn one by one: the remarkable ones and the largest.
    private func rank(_ cells: [Cell]) -> [Int] {
        let order = cells.indices.sorted { a, b in
            let (first, second) = (cells[a], cells[b])
            if first.marks.isEmpty != second.marks.isEmpty { return second.marks.isEmpty }
            return first.sums.bytes != second.sums.bytes
                ? first.sums.bytes > second.sums.bytes : first.key < second.key
        }
        return Array(order.prefix(settings.streamsMax))
    }

    private func isInside(slot: Int) -> Bool { names[slot].map(isInside) ?? false }

    private func key(_ source: Int, _ target: Int, _ service: Int) -> Int {
        (source * Self.slotsMax + target) * (Self.servicesMax + 1) + service
    }

    private func parts(_ key: Int) -> (source: Int, target: Int, service: Int) {
        let pair = key / (Self.servicesMax + 1)
        return (
            pair / Self.slotsMax, pair % Self.slotsMax, key % (Self.servicesMax + 1)
        )
    }
}

/// −1 to 1 as 1 to 65,535.
private func quantised(_ place: Double) -> UInt16 {
    UInt16(min(max((place * 32_767 + 32_768).rounded(.down), 0), 65_535))
}
