/// One column of a ``FlowBatch``: fixed-width values and, unless the field is dense, a bit a row that
/// says whether the row has one.
///
/// Rows without a value read as zero. The memory belongs to the batch and is zero beyond what was
/// written, so a decoder touches only what a template has.
@safe
public final class FlowColumn {
    /// Which field it holds.
    public let field: Field
    /// Bytes a value: 1, 2, 4, 8 or 16.
    public let width: Int
    /// Whether presence bits are not kept because every row has a value.
    public let isDense: Bool

    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let bits: UnsafeMutablePointer<UInt64>
    private let memory: UnsafeMutableRawPointer

    init(_ info: FieldInfo) {
        field = info.field
        width = info.storage.width
        isDense = info.isDense
        let (values, presence) = (FlowBatch.capacity * width, FlowBatch.capacity / 8)
        unsafe memory = .allocate(
            byteCount: values + presence + 2 * Self.page, alignment: Self.page)
        // A record is written to the same row of a score of columns. Were all of them to begin at a page, these
        // would share few lines of the processor's first cache, and push each other out between two records.
        let line = Int(info.field.rawValue) * 3 % (Self.page / 64)
        unsafe base = memory + line * 64
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: values)
        unsafe bits = (base + values + Self.page / 2)
            .initializeMemory(as: UInt64.self, repeating: 0, count: presence / 8)
    }

    deinit { unsafe memory.deallocate() }

    private static let page = 4096

    /// The values of all `FlowBatch.capacity` rows.
    ///
    /// `T` must be as wide as the column.
    @inlinable
    @_lifetime(borrow self)
    public func values<T: BitwiseCopyable>(as type: T.Type) -> Span<T> {
        precondition(MemoryLayout<T>.stride == width)
        let span = unsafe Span(
            _unsafeStart: base.assumingMemoryBound(to: T.self), count: FlowBatch.capacity)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// The values of all `FlowBatch.capacity` rows, for writing.
    ///
    /// Mark what you write as present.
    @inlinable
    @_lifetime(borrow self)
    public func mutableValues<T: BitwiseCopyable>(as type: T.Type) -> MutableSpan<T> {
        precondition(MemoryLayout<T>.stride == width)
        let span = unsafe MutableSpan(
            _unsafeStart: base.assumingMemoryBound(to: T.self), count: FlowBatch.capacity)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Presence, 64 rows a word, the first row lowest.
    ///
    /// Meaningless for dense columns.
    @inlinable
    public var presence: Span<UInt64> {
        @_lifetime(borrow self) get {
            let span = unsafe Span(_unsafeStart: bits, count: FlowBatch.capacity / 64)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Presence for writers that mark 64 rows at a time.
    @inlinable
    public var mutablePresence: MutableSpan<UInt64> {
        @_lifetime(borrow self) get {
            let span = unsafe MutableSpan(_unsafeStart: bits, count: FlowBatch.capacity / 64)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Whether `row` has a value.
    @inlinable
    public func isPresent(_ row: Int) -> Bool {
        precondition(row >= 0 && row < FlowBatch.capacity)
        return unsafe isDense || bits[row >> 6] >> UInt64(row & 63) & 1 != 0
    }

    /// Says that `row` has a value.
    @inlinable
    public func markPresent(_ row: Int) {
        precondition(row >= 0 && row < FlowBatch.capacity)
        unsafe bits[row >> 6] |= 1 << UInt64(row & 63)
    }

    /// Says that `row` has none; its value must be set to zero by the caller.
    @inlinable
    public func markAbsent(_ row: Int) {
        precondition(row >= 0 && row < FlowBatch.capacity)
        unsafe bits[row >> 6] &= ~(1 << UInt64(row & 63))
    }

    /// The column's memory for a writer that does not hold on to the batch.
    @inlinable
    public var writer: ColumnWriter { ColumnWriter(self) }

    /// Says that all of `rows` have a value.
    public func markPresent(_ rows: Range<Int>) { writer.markPresent(rows) }

    /// The value of a column of at most eight bytes, widened; for edges and tests, not for loops.
    public func number(at row: Int) -> UInt64? {
        guard isPresent(row) else { return nil }
        switch width {
        case 1: return UInt64(values(as: UInt8.self)[row])
        case 2: return UInt64(values(as: UInt16.self)[row])
        case 4: return UInt64(values(as: UInt32.self)[row])
        case 8: return values(as: UInt64.self)[row]
        default: return nil
        }
    }

    /// The value of an address column; for edges and tests, not for loops.
    public func address(at row: Int) -> IPAddress? {
        guard width == 16, isPresent(row) else { return nil }
        return values(as: IPAddress.self)[row]
    }

    /// Stores a number, cut to the column's width, and marks it present.
    ///
    /// For row-at-a-time writers.
    @inlinable
    public func set(_ value: UInt64, at row: Int) { writer.set(value, at: row) }

    /// Stores an address and marks it present.
    ///
    /// For row-at-a-time writers.
    @inlinable
    public func set(_ value: IPAddress, at row: Int) { writer.set(value, at: row) }

    func clear(rows: Int) {
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: rows * width)
        unsafe bits.update(repeating: 0, count: (rows + 63) / 64)
    }
}
