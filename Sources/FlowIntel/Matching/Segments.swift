/// Disjoint ranges in ascending order, each with the number of the set of sources that list all of it.
///
///     source 0   ├────────────────┤
///     source 1          ├────────────────┤
///     allowed                 ├──┤
///     segments   ├──0──┤├─0,1─┤  ├1──────┤
struct Segments<Bound: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>: Sendable {
    private(set) var starts: [Bound] = []
    private(set) var ends: [Bound] = []
    private(set) var numbers: [UInt32] = []

    /// The number that stands for the allow-list among the sources.
    private static var allowList: UInt32 { .max }

    private struct Edge {
        var position: Bound
        var source: UInt32
    }

    init(sources: [IntervalSet<Bound>], allowed: IntervalSet<Bound>, sets: inout SourceSets) {
        let count = sources.reduce(0) { $0 + $1.intervals.count }
        var edges: [Edge] = []
        edges.reserveCapacity(2 * (count + allowed.intervals.count))
        for (index, source) in sources.enumerated() {
            Self.append(source, UInt32(index), to: &edges)
        }
        guard count > 0 else { return }
        Self.append(allowed, Self.allowList, to: &edges)
        // A single source without holes is sorted already.
        if sources.count > 1 || !allowed.intervals.isEmpty {
            edges.sort { $0.position < $1.position }
        }
        starts.reserveCapacity(count)
        ends.reserveCapacity(count)
        numbers.reserveCapacity(count)
        join(edges, &sets)
    }

    private static func append(
        _ set: IntervalSet<Bound>, _ source: UInt32, to edges: inout [Edge]
    ) {
        for interval in set.intervals {
            edges.append(Edge(position: interval.first, source: source))
            // What goes on to the very end has no other edge.
            guard interval.last < .max else { continue }
            edges.append(Edge(position: interval.last + 1, source: source))
        }
    }

    private mutating func join(_ edges: [Edge], _ sets: inout SourceSets) {
        var set: UInt32 = 0
        var start: Bound = 0
        var index = 0
        while index < edges.count {
            let position = edges[index].position
            var next = set
            while index < edges.count, edges[index].position == position {
                next = sets.toggling(edges[index].source, in: next)
                index += 1
            }
            guard next != set else { continue }
            if position > start { append(start, position - 1, set, sets) }
            set = next
            start = position
        }
        append(start, .max, set, sets)
    }

    private mutating func append(
        _ first: Bound, _ last: Bound, _ set: UInt32, _ sets: SourceSets
    ) {
        guard set != 0, sets.sets[Int(set)].last != Self.allowList else { return }
        starts.append(first)
        ends.append(last)
        numbers.append(set)
    }
}
