import FlowModel

/// Where nodes are: what belongs together stands together, nothing covers anything else.
///
///     inside     in the middle
///     outside    on a ring, neighbours of the address space side by side
///
/// Each node is drawn to a place that only its name and the seed decide, so the same network looks the
/// same tomorrow; nodes push each other away, and streams pull a little.
struct SwarmLayout {
    /// A node at its place.
    struct Body {
        var name: SwarmName
        var x: Double
        var y: Double
        fileprivate var speedX: Double = 0
        fileprivate var speedY: Double = 0
        fileprivate var anchorX: Double
        fileprivate var anchorY: Double
        fileprivate var mass: Double = 1
    }

    /// By slot; nil where there is no node.
    private(set) var bodies: [Body?]
    private let seed: UInt64

    /// Steps of movement in each step of time.
    private static let rounds = 4

    init(slots: Int, seed: UInt64) {
        bodies = Array(repeating: nil, count: slots)
        self.seed = seed
    }

    mutating func add(_ name: SwarmName, slot: Int, isInside: Bool) {
        let place = firstPlace(of: name, isInside: isInside)
        bodies[slot] = Body(
            name: name, x: place.x, y: place.y, anchorX: place.x, anchorY: place.y)
    }

    mutating func remove(slot: Int) { bodies[slot] = nil }

    /// Moves all nodes.
    ///
    /// - Parameters:
    ///   - weights: of nodes by slot, eighths of a logarithm.
    ///   - streams: what pulls, slots of both ends.
    mutating func move(weights: [Int], streams: [(source: Int, target: Int)]) {
        let slots = bodies.indices.filter { bodies[$0] != nil }
        var moving: [Body] = []
        var places = [Int](repeating: -1, count: bodies.count)
        for slot in slots {
            guard var body = bodies[slot] else { continue }
            body.mass = 1 + Double(weights[slot]) / 64
            places[slot] = moving.count
            moving.append(body)
        }
        let pulls = streams.filter { places[$0.source] >= 0 && places[$0.target] >= 0 }.map {
            (places[$0.source], places[$0.target])
        }
        for _ in 0..<Self.rounds { advance(&moving, pulls) }
        for (place, slot) in slots.enumerated() { bodies[slot] = moving[place] }
    }

    private func advance(_ bodies: inout [Body], _ pulls: [(Int, Int)]) {
        var bodies = bodies.mutableSpan
        let count = bodies.count
        for i in 0..<count {
            for j in (i + 1)..<max(count, i + 1) {
                let (dx, dy) = (bodies[i].x - bodies[j].x, bodies[i].y - bodies[j].y)
                let square = dx * dx + dy * dy + 0.000_1
                // Only neighbours matter.
                if square > 0.09 { continue }
                let force = 0.000_006 / (square * square.squareRoot())
                let (fx, fy) = (dx * force, dy * force)
                bodies[i].speedX += fx * bodies[j].mass
                bodies[i].speedY += fy * bodies[j].mass
                bodies[j].speedX -= fx * bodies[i].mass
                bodies[j].speedY -= fy * bodies[i].mass
            }
        }
        for (i, j) in pulls {
            let (dx, dy) = (bodies[j].x - bodies[i].x, bodies[j].y - bodies[i].y)
            let force = 0.000_08
            bodies[i].speedX += dx * force
            bodies[i].speedY += dy * force
            bodies[j].speedX -= dx * force
            bodies[j].speedY -= dy * force
        }
        for i in 0..<count {
            let body = bodies[i]
            var speedX = (body.speedX + (body.anchorX - body.x) * 0.05) * 0.7
            var speedY = (body.speedY + (body.anchorY - body.y) * 0.05) * 0.7
            let speed = (speedX * speedX + speedY * speedY).squareRoot()
            if speed > 0.05 {
                speedX = speedX / speed * 0.05
                speedY = speedY / speed * 0.05
            }
            bodies[i].speedX = speedX
            bodies[i].speedY = speedY
            bodies[i].x = min(max(body.x + speedX, -1), 1)
            bodies[i].y = min(max(body.y + speedY, -1), 1)
        }
    }

    private func firstPlace(of name: SwarmName, isInside: Bool) -> (x: Double, y: Double) {
        let hash: UInt64
        let turn: Double
        let radius: Double
        switch name {
        case .host(let address):
            hash = mixed(address, seed: seed)
            turn = isInside ? insideTurn(address, hash) : Self.turn(address, hash)
            radius = isInside ? 0.06 + 0.36 * fraction(hash, 1) : 0.66 + 0.20 * fraction(hash, 1)
        case .network(let network):
            hash = mixed(network.address, seed: seed ^ 1)
            turn = isInside ? insideTurn(network.address, hash) : Self.turn(network.address, hash)
            radius = isInside ? 0.46 + 0.04 * fraction(hash, 1) : 0.88 + 0.04 * fraction(hash, 1)
        case .country(let code):
            hash = mixed(UInt64(code.rawValue) ^ mixed(seed))
            turn = fraction(hash, 0)
            radius = 0.96
        case .rest(let isInside):
            return isInside ? (0, 0.02) : (0, -0.98)
        }
        let point = circlePoint(turn)
        return (point.x * radius, point.y * radius)
    }

    /// The hosts of an own network in one direction, each network in another.
    private func insideTurn(_ address: IPAddress, _ hash: UInt64) -> Double {
        let network = SwarmRanking.network(of: address).address
        return fraction(mixed(network, seed: seed ^ 2), 0) + (fraction(hash, 2) - 0.5) * 0.16
    }

    /// Neighbours of the address space in one direction, IPv6 in a part of the circle of its own.
    private static func turn(_ address: IPAddress, _ hash: UInt64) -> Double {
        let spread = (fraction(hash, 2) - 0.5) * 0.03
        if let number = address.v4 { return Double(number >> 16) / 65_536 * 0.85 + spread }
        // 2000::/3 is what is in use.
        return 0.85 + Double((address.high >> 45) & 0xFFFF) / 65_536 * 0.15 + spread
    }
}
