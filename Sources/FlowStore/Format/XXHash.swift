/// The lower half of XXH64 (seed 0), which guards the chunks and directories of a segment since
/// version 2: it reads several octets a cycle where a CRC by tables reads one.
func fastChecksum(_ octets: RawSpan) -> UInt32 { UInt32(truncatingIfNeeded: xxHash64(octets)) }

private let prime1: UInt64 = 0x9e37_79b1_85eb_ca87
private let prime2: UInt64 = 0xc2b2_ae3d_27d4_eb4f
private let prime3: UInt64 = 0x1656_67b1_9e37_79f9
private let prime4: UInt64 = 0x85eb_ca77_c2b2_ae63
private let prime5: UInt64 = 0x27d4_eb2f_1656_67c5

/// XXH64 with seed 0, as its specification has it (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
func xxHash64(_ octets: RawSpan) -> UInt64 {
    let count = octets.byteCount
    var offset = 0
    var hash: UInt64
    if count >= 32 {
        var lane1 = prime1 &+ prime2
        var lane2 = prime2
        var lane3: UInt64 = 0
        var lane4 = 0 &- prime1
        while offset &+ 32 <= count {
            lane1 = unsafe round(
                lane1,
                octets.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
            lane2 = unsafe round(
                lane2,
                octets.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 8, as: UInt64.self))
            lane3 = unsafe round(
                lane3,
                octets.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 16, as: UInt64.self))
            lane4 = unsafe round(
                lane4,
                octets.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 24, as: UInt64.self))
            offset &+= 32
        }
        hash = rotate(lane1, 1) &+ rotate(lane2, 7) &+ rotate(lane3, 12) &+ rotate(lane4, 18)
        for lane in [lane1, lane2, lane3, lane4] {
            hash = (hash ^ round(0, lane)) &* prime1 &+ prime4
        }
    } else {
        hash = prime5
    }
    hash &+= UInt64(count)
    while offset &+ 8 <= count {
        let word = unsafe octets.unsafeLoadUnaligned(
            fromUncheckedByteOffset: offset, as: UInt64.self)
        hash = rotate(hash ^ round(0, word), 27) &* prime1 &+ prime4
        offset &+= 8
    }
    if offset &+ 4 <= count {
        let word = unsafe octets.unsafeLoadUnaligned(
            fromUncheckedByteOffset: offset, as: UInt32.self)
        hash = rotate(hash ^ UInt64(word) &* prime1, 23) &* prime2 &+ prime3
        offset &+= 4
    }
    while offset < count {
        let octet = unsafe octets.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
        hash = rotate(hash ^ UInt64(octet) &* prime5, 11) &* prime1
        offset &+= 1
    }
    hash = (hash ^ hash >> 33) &* prime2
    hash = (hash ^ hash >> 29) &* prime3
    return hash ^ hash >> 32
}

@inline(__always)
private func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    rotate(lane &+ word &* prime2, 31) &* prime1
}

@inline(__always)
private func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 {
    word &<< bits | word &>> (64 &- bits)
}
