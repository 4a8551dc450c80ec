import FlowModel

// Everything here gives the same bits in debug and release, on any machine and in a browser: integers,
// and + − × ÷ √ of Double.

/// Mixes the bits of a number, so that neighbours lie anywhere.
@inline(__always)
package func mixed(_ number: UInt64) -> UInt64 {
    var word = number
    word ^= word >> 33
    word = word &* 0xFF51_AFD7_ED55_8CCD
    word ^= word >> 33
    word = word &* 0xC4CE_B9FE_1A85_EC53
    return word ^ (word >> 33)
}

/// Mixes an address.
func mixed(_ address: IPAddress, seed: UInt64) -> UInt64 {
    mixed(address.low ^ mixed(address.high ^ mixed(seed &+ 1)))
}

/// The binary logarithm of a number in steps of an eighth, 0 for 0 and 1.
///
/// The eighths are those of a straight line between powers of two: at most 0.09 too low.
package func eighthsOfLog2(_ number: UInt64) -> Int {
    guard number > 1 else { return 0 }
    let exponent = 63 - number.leadingZeroBitCount
    let fraction =
        exponent >= 3 ? (number >> UInt64(exponent - 3)) & 7 : (number << UInt64(3 - exponent)) & 7
    return exponent * 8 + Int(fraction)
}

/// A number from a part of a hash, 0 up to 1.
func fraction(_ hash: UInt64, _ part: Int) -> Double {
    Double((hash >> UInt64(16 * (part & 3))) & 0xFFFF) / 65_536
}

/// A point of the unit circle; `turn` is a part of a whole turn, in about equal measure.
///
/// x = (1 − t²) ÷ (1 + t²), y = 2t ÷ (1 + t²) for each of four quarters: no sine is needed.
func circlePoint(_ turn: Double) -> (x: Double, y: Double) {
    let quarters = (turn - turn.rounded(.down)) * 4
    let quarter = Int(quarters) & 3
    // t runs from 0 to 1 over the quarter; u makes the steps more even.
    let u = quarters - quarters.rounded(.down)
    let t = u * (0.82 + 0.18 * u)
    let divisor = 1 + t * t
    let (x, y) = ((1 - t * t) / divisor, 2 * t / divisor)
    switch quarter {
    case 0: return (x, y)
    case 1: return (-y, x)
    case 2: return (-x, -y)
    default: return (y, -x)
    }
}
