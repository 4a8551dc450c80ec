/// Writes one column of a ``FlowBatch`` without holding on to it.
///
/// For decoders that keep the columns of a template at hand: handing a class about costs a reference
/// count a field and set, which is more than copying a short run of values. Good as long as the batch
/// lives, also after ``FlowBatch/reset(written:)`` where the column is asked for again.
@safe
public struct ColumnWriter {
    /// Bytes a value: 1, 2, 4, 8 or 16.
    public let width: Int
    /// Whether every row has a value, so that presence is not kept.
    public let isDense: Bool

    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let bits: UnsafeMutablePointer<UInt64>

    @inlinable
    init(_ column: FlowColumn) {
        width = column.width
        isDense = column.isDense
        unsafe base = column.base
        unsafe bits = column.bits
    }

    /// The largest number that fits; for columns of at most eight bytes.
    public var largest: UInt64 { width >= 8 ? .max : 1 << UInt64(8 * width) - 1 }

    /// The values of all `FlowBatch.capacity` rows, for writing.
    ///
    /// `T` must be as wide as the column. Mark what you write as present.
    @inlinable
    @inline(__always)
    @_lifetime(borrow self)
    public func mutableValues<T: BitwiseCopyable>(as type: T.Type) -> MutableSpan<T> {
        precondition(MemoryLayout<T>.stride == width)
        let span = unsafe MutableSpan(
            _unsafeStart: base.assumingMemoryBound(to: T.self), count: FlowBatch.capacity)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Says that all of `rows` have a value.
    @inlinable
    @inline(__always)
    public func markPresent(_ rows: Range<Int>) {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= FlowBatch.capacity)
        guard !rows.isEmpty, !isDense else { return }
        let first = rows.lowerBound >> 6
        let last = (rows.upperBound - 1) >> 6
        let head = ~UInt64(0) << UInt64(rows.lowerBound & 63)
        let tail = ~UInt64(0) >> UInt64(63 - (rows.upperBound - 1) & 63)
        if first == last {
            unsafe bits[first] |= head & tail
            return
        }
        unsafe bits[first] |= head
        for word in (first + 1)..<last { unsafe bits[word] = ~0 }
        unsafe bits[last] |= tail
    }

    /// Stores a number, cut to the column's width, and marks it present.
    @inlinable
    public func set(_ value: UInt64, at row: Int) {
        precondition(row >= 0 && row < FlowBatch.capacity)
        switch width {
        case 1:
            unsafe base.storeBytes(
                of: UInt8(truncatingIfNeeded: value), toByteOffset: row, as: UInt8.self)
        case 2:
            unsafe base.storeBytes(
                of: UInt16(truncatingIfNeeded: value), toByteOffset: row &* 2, as: UInt16.self)
        case 4:
            unsafe base.storeBytes(
                of: UInt32(truncatingIfNeeded: value), toByteOffset: row &* 4, as: UInt32.self)
        default:
            precondition(width == 8)
            unsafe base.storeBytes(of: value, toByteOffset: row &* 8, as: UInt64.self)
        }
        if !isDense { unsafe bits[row >> 6] |= 1 << UInt64(row & 63) }
    }

    /// Stores an address and marks it present.
    @inlinable
    public func set(_ value: IPAddress, at row: Int) {
        precondition(width == 16 && row >= 0 && row < FlowBatch.capacity)
        unsafe base.storeBytes(of: value, toByteOffset: row &* 16, as: IPAddress.self)
        if !isDense { unsafe bits[row >> 6] |= 1 << UInt64(row & 63) }
    }

    /// The number at `row`, 0 where there is none; not for addresses.
    @inlinable
    public func number(at row: Int) -> UInt64 {
        precondition(row >= 0 && row < FlowBatch.capacity)
        switch width {
        case 1: return unsafe UInt64(base.load(fromByteOffset: row, as: UInt8.self))
        case 2: return unsafe UInt64(base.load(fromByteOffset: row &* 2, as: UInt16.self))
        case 4: return unsafe UInt64(base.load(fromByteOffset: row &* 4, as: UInt32.self))
        default:
            precondition(width == 8)
            return unsafe base.load(fromByteOffset: row &* 8, as: UInt64.self)
        }
    }
}
