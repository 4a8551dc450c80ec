import FlowModel
import FlowTestSupport

/// Numbers that are the same in every run (SplitMix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

extension IPAddress {
    init(number: UInt128) {
        self.init(
            high: UInt64(truncatingIfNeeded: number >> 64),
            low: UInt64(truncatingIfNeeded: number))
    }
}

extension TemporaryFolder {
    /// Writes the two files of a country database and answers the folder's path.
    func countries(_ v4: String, _ v6: String? = nil) throws -> String {
        try write("geoip", Array(v4.utf8))
        if let v6 { try write("geoip6", Array(v6.utf8)) }
        return path("")
    }
}
