/// The generator xoshiro256** 1.0 (Blackman and Vigna), seeded by SplitMix64.
///
/// Only integers come out of it, so a script is the same on every machine.
struct Xoshiro256: Sendable {
    private var s0: UInt64
    private var s1: UInt64
    private var s2: UInt64
    private var s3: UInt64

    init(seed: UInt64) {
        var state = seed
        func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            return mixed(state)
        }
        s0 = next()
        s1 = next()
        s2 = next()
        s3 = next()
    }

    mutating func next() -> UInt64 {
        let product = s1 &* 5
        let result = (product << 7 | product >> 57) &* 9
        let shifted = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= shifted
        s3 = s3 << 45 | s3 >> 19
        return result
    }

    /// A number from 0 up to, not including, `bound`; the bias of at most `bound`/2⁶⁴ is accepted.
    mutating func below(_ bound: UInt64) -> UInt64 {
        next().multipliedFullWidth(by: bound).high
    }

    mutating func within(_ range: ClosedRange<UInt64>) -> UInt64 {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    /// True in `part` of `whole` cases.
    mutating func chance(_ part: UInt64, in whole: UInt64) -> Bool { below(whole) < part }

    /// A heavy-tailed size from 2^`least` to 2^(`most` + 1): every doubling is half as frequent, which is
    /// a Pareto distribution with exponent 1 without a logarithm.
    mutating func size(_ least: UInt64, _ most: UInt64) -> UInt64 {
        let octave = min(least + UInt64(next().trailingZeroBitCount), most)
        return 1 << octave + below(1 << octave)
    }
}

/// SplitMix64's finaliser: a hash of one number whose every bit depends on every bit of `value`.
func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
}

/// `value` × `part` / `whole`, rounded down, exact however large the product.
///
/// `part` is at most `whole`.
func share(of value: UInt64, _ part: UInt64, in whole: UInt64) -> UInt64 {
    precondition(part <= whole && whole > 0)
    return whole.dividingFullWidth(value.multipliedFullWidth(by: part)).quotient
}
