import Glibc

/// Octets in memory that grows, in which records lie behind each other.
@safe
final class RecordBuffer {
    /// Octets that there is room for.
    private(set) var capacity: Int
    private var base: UnsafeMutableRawPointer

    init(capacity: Int) {
        self.capacity = capacity
        unsafe base = Self.allocated(nil, capacity)
    }

    deinit { unsafe free(base) }

    /// Makes room for so many octets, and keeps what is there.
    func reserve(_ octets: Int) {
        guard octets > capacity else { return }
        capacity = octets
        unsafe base = Self.allocated(base, octets)
    }

    private static func allocated(
        _ old: UnsafeMutableRawPointer?, _ octets: Int
    ) -> UnsafeMutableRawPointer {
        guard let base = unsafe realloc(old, max(octets, 1)) else {
            fatalError("there is no memory for \(octets) octets")
        }
        return unsafe base
    }

    /// Some of the octets.
    @_lifetime(borrow self)
    func bytes(_ range: Range<Int>) -> RawSpan {
        precondition(range.lowerBound >= 0 && range.upperBound <= capacity)
        let span = unsafe RawSpan(_unsafeStart: base + range.lowerBound, byteCount: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Some of the octets, for whoever fills them.
    @_lifetime(borrow self)
    func mutableBytes(_ range: Range<Int>) -> MutableRawSpan {
        precondition(range.lowerBound >= 0 && range.upperBound <= capacity)
        let span = unsafe MutableRawSpan(
            _unsafeStart: base + range.lowerBound, byteCount: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// The number of `width` octets at a place.
    @inline(__always)
    func number(_ width: Int, at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset + 8 <= capacity)
        // All records end with as many octets to spare, so one load serves every width.
        let word = unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        return width == 8 ? word : word & ~(~0 << UInt64(8 * width))
    }

    /// Stores a number's lowest `width` octets.
    @inline(__always)
    func store(_ value: UInt64, _ width: Int, at offset: Int) {
        precondition(offset >= 0 && offset + width <= capacity)
        switch width {
        case 1:
            unsafe base.storeBytes(
                of: UInt8(truncatingIfNeeded: value), toByteOffset: offset, as: UInt8.self)
        case 2:
            unsafe base.storeBytes(
                of: UInt16(truncatingIfNeeded: value), toByteOffset: offset, as: UInt16.self)
        case 4:
            unsafe base.storeBytes(
                of: UInt32(truncatingIfNeeded: value), toByteOffset: offset, as: UInt32.self)
        default: unsafe base.storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
        }
    }

    /// Copies octets to a place.
    func copy(_ octets: RawSpan, to offset: Int) {
        precondition(offset >= 0 && offset + octets.byteCount <= capacity)
        unsafe octets.withUnsafeBytes { source in
            if let from = source.baseAddress {
                unsafe (base + offset).copyMemory(from: from, byteCount: source.count)
            }
        }
    }

    /// Moves octets to the front.
    func moveToFront(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= capacity)
        unsafe base.copyMemory(from: base + range.lowerBound, byteCount: range.count)
    }
}
