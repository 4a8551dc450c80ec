import FlowModel

/// Gathers what arrives into steps by the time of its arrival.
///
///     add ─▶ the oldest open step │ the next │ … ─ close ─▶ SwarmStep
///
/// What comes after its step was closed counts in the oldest one that is open, what comes from ahead of
/// all in the newest, so the sums of all steps are those of what was added. The edges of a step are
/// bounded: beyond that the smallest are added up, by service, between nobody and nobody.
public struct LiveSteps: Sendable {
    /// Milliseconds of a step.
    public let step: UInt64
    /// The number of the oldest open step, counted since 1970.
    public private(set) var next: UInt64
    /// Flows that only count in the sums of their service, for want of room.
    public private(set) var foldedFlows: UInt64 = 0
    private var open: [Open]
    private let edgesMax: Int
    private let services: Set<UInt32>

    private struct Open: Sendable {
        var edges: [SwarmEdge] = []
        var rest: [UInt32: SwarmSums] = [:]
        var flows: UInt64 = 0
    }

    /// Steps that are open at once.
    public static let openMax = 4
    /// The service of what was added up and has no colour of its own.
    public static let otherServices = UInt32.max

    /// - Parameters:
    ///   - step: ms of a step.
    ///   - next: the first one.
    ///   - services: those with a colour of their own.
    ///   - edgesMax: edges of a step at most, besides one for each service.
    public init(step: UInt64, from next: UInt64, services: [UInt32], edgesMax: Int = 65_536) {
        self.step = step
        self.next = next
        self.services = Set(services)
        self.edgesMax = edgesMax
        open = Array(repeating: Open(), count: Self.openMax)
    }

    /// Adds what somebody sent somebody.
    ///
    /// - Parameter received: when it arrived, ms since 1970.
    public mutating func add(_ edge: SwarmEdge, received: UInt64) {
        let number = min(max(received / step, next), next + UInt64(Self.openMax - 1))
        let place = Int(number - next)
        open[place].edges.append(edge)
        open[place].flows = SwarmSums.sum(open[place].flows, edge.sums.flows)
        if open[place].edges.count >= edgesMax * 2 { fold(place) }
    }

    /// Takes the oldest open step out.
    public mutating func close() -> SwarmStep {
        if open[0].edges.count > edgesMax { fold(0) }
        let closed = takeOldest()
        let rest = closed.rest.map { service, sums in
            SwarmEdge(source: .v6Zero, target: .v6Zero, service: service, sums: sums)
        }
        return SwarmStep(number: next - 1, edges: closed.edges + rest)
    }

    /// Throws the oldest open step away.
    ///
    /// - Returns: the flows that were in it.
    public mutating func drop() -> UInt64 { takeOldest().flows }

    private mutating func takeOldest() -> Open {
        let oldest = open.removeFirst()
        open.append(Open())
        next += 1
        return oldest
    }

    /// Adds up what is twice there, and the smallest beyond the limit.
    private mutating func fold(_ place: Int) {
        var edges = SwarmStep(number: 0, edges: open[place].edges).edges
        if edges.count > edgesMax {
            // Not by their bytes alone: which of equals stay must not depend on chance.
            let ranked = edges.indices.sorted {
                let (a, b) = (edges[$0].sums.bytes, edges[$1].sums.bytes)
                return a != b ? a > b : $0 < $1
            }
            for index in ranked[edgesMax...] {
                let edge = edges[index]
                let service = services.contains(edge.service) ? edge.service : Self.otherServices
                open[place].rest[service, default: SwarmSums()].add(edge.sums)
                foldedFlows = SwarmSums.sum(foldedFlows, edge.sums.flows)
            }
            edges = ranked[..<edgesMax].map { edges[$0] }
        }
        open[place].edges = edges
    }
}
