// Numbers stored as byte planes: first the most significant octet of every number, then the next …
// Octets of one kind lie together, so that each plane compresses by its own statistics.

/// Writes numbers as planes, the first at `offset`.
func split<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ values: Span<T>, into planes: inout MutableSpan<UInt8>, at offset: Int = 0
) {
    let count = values.count
    precondition(offset >= 0 && planes.count - offset >= count * MemoryLayout<T>.size)
    for plane in 0..<MemoryLayout<T>.size {
        let shift = T((MemoryLayout<T>.size - 1 - plane) * 8)
        let start = offset + plane * count
        for index in 0..<count {
            planes[start &+ index] = UInt8(truncatingIfNeeded: values[index] >> shift)
        }
    }
}

/// Puts numbers together from planes.
func join<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ planes: Span<UInt8>, into values: inout MutableSpan<T>
) {
    let count = values.count
    precondition(planes.count == count * MemoryLayout<T>.size)
    for index in 0..<count { values[index] = 0 }
    for plane in 0..<MemoryLayout<T>.size {
        let shift = T((MemoryLayout<T>.size - 1 - plane) * 8)
        let start = plane * count
        for index in 0..<count { values[index] |= T(planes[start &+ index]) << shift }
    }
}
