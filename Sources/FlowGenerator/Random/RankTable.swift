/// Picks ranks by weight in constant time: a rank stands in the table as often as its weight says.
struct RankTable: Sendable {
    private let slots: [UInt16]

    /// A table of the given weights, each of which gets at least one of 65,536 slots.
    init(weights: [UInt64]) {
        precondition(!weights.isEmpty && weights.count <= 32_768)
        let total = weights.reduce(0, +)
        let spare = UInt64(65_536 - weights.count)
        var slots: [UInt16] = []
        slots.reserveCapacity(65_536)
        for (rank, weight) in weights.enumerated() {
            let count = 1 + spare * weight / total
            for _ in 0..<count { slots.append(UInt16(rank)) }
        }
        self.slots = slots
    }

    /// Zipf's law: rank r is picked in proportion to 1/(r + `flattening`).
    init(zipf count: Int, flattening: UInt64 = 1) {
        self.init(weights: (0..<UInt64(count)).map { 1_000_000_000 / ($0 + flattening) })
    }

    func pick(_ random: inout Xoshiro256) -> Int {
        Int(slots[Int(random.below(UInt64(slots.count)))])
    }
}
