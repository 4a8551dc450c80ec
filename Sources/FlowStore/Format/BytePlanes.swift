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
            unsafe planes[unchecked: start &+ index] = UInt8(
                truncatingIfNeeded: values[unchecked: index] &>> shift)
        }
    }
}

/// Puts numbers together from planes; false where one is larger than `limit`.
///
/// - Parameter first: the place of the first number in `values`; as many follow as the planes have.
@discardableResult
func join<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ planes: Span<UInt8>, into values: inout MutableSpan<T>, at first: Int = 0,
    atMost limit: T = .max
) -> Bool {
    let width = MemoryLayout<T>.size
    let count = planes.count / width
    precondition(planes.count == count * width && first >= 0 && values.count - first >= count)
    // Written out for each width, so that a row's octets are loaded together and rows by the vector.
    var isBeyond: T = 0
    for index in 0..<count {
        var value = unsafe T(truncatingIfNeeded: planes[unchecked: index])
        if width > 1 {
            value = unsafe value &<< 8 | T(truncatingIfNeeded: planes[unchecked: count &+ index])
        }
        if width > 2 {
            value =
                unsafe value &<< 8
                | T(truncatingIfNeeded: planes[unchecked: 2 &* count &+ index])
            value =
                unsafe value &<< 8
                | T(truncatingIfNeeded: planes[unchecked: 3 &* count &+ index])
        }
        if width > 4 {
            for plane in 4..<8 {
                value =
                    unsafe value &<< 8
                    | T(truncatingIfNeeded: planes[unchecked: plane &* count &+ index])
            }
        }
        unsafe values[unchecked: first &+ index] = value
        isBeyond |= value > limit ? 1 : 0
    }
    return isBeyond == 0
}
