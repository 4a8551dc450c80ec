public import FlowModel

/// Memory that one encoded column lies in: aligned to 64 bytes and padded, so a kernel may read a
/// whole vector past the last row.
///
/// Immutable once filled.
@safe
// Sendable: written only by whoever makes it, then read only.
public final class EncodedBytes: @unchecked Sendable {
    /// Octets in use.
    public let count: Int
    @usableFromInline let base: UnsafeMutableRawPointer

    /// Octets that may be read beyond ``count``; they are zero.
    public static let padding = 64

    /// Zeroed memory of `count` octets.
    public init(count: Int) {
        self.count = count
        unsafe base = .allocate(byteCount: count + Self.padding, alignment: 64)
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: count + Self.padding)
    }

    /// Memory of `count` octets with only the padding zeroed, for whoever fills all of it at once.
    init(unfilled count: Int) {
        self.count = count
        unsafe base = .allocate(byteCount: count + Self.padding, alignment: 64)
        unsafe (base + count).initializeMemory(as: UInt8.self, repeating: 0, count: Self.padding)
    }

    deinit { unsafe base.deallocate() }

    /// The octets.
    @inlinable
    public var bytes: RawSpan {
        @_lifetime(borrow self) get {
            let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The octets, for whoever fills them.
    @inlinable
    public var mutableBytes: MutableRawSpan {
        @_lifetime(borrow self) get {
            let span = unsafe MutableRawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The octets as values; `T` must divide ``count``.
    @inlinable
    @_lifetime(borrow self)
    public func values<T: BitwiseCopyable>(as type: T.Type) -> Span<T> {
        let span = unsafe Span(
            _unsafeStart: base.assumingMemoryBound(to: T.self),
            count: count / MemoryLayout<T>.stride)
        return unsafe _overrideLifetime(span, borrowing: self)
    }
}

extension EncodedBytes {
    /// The octets as values, for whoever fills them; `T` must divide ``count``.
    @_lifetime(borrow self)
    func mutableValues<T: BitwiseCopyable>(as type: T.Type) -> MutableSpan<T> {
        mutableValues(as: type, first: count / MemoryLayout<T>.stride)
    }

    /// The first `number` values, for whoever fills them.
    @_lifetime(borrow self)
    func mutableValues<T: BitwiseCopyable>(as type: T.Type, first number: Int) -> MutableSpan<T> {
        precondition(number >= 0 && number <= count / MemoryLayout<T>.stride)
        let span = unsafe MutableSpan(
            _unsafeStart: base.assumingMemoryBound(to: T.self), count: number)
        return unsafe _overrideLifetime(span, borrowing: self)
    }
}

/// One unsigned code a row, 0, 1, 2, 4 or 8 octets wide, little-endian.
///
/// Width 0: every code is 0.
public struct Codes: Sendable {
    /// Octets a code.
    public let width: Int
    /// The codes, `rows × width` octets.
    public let storage: EncodedBytes

    /// Wraps codes.
    public init(width: Int, storage: EncodedBytes) {
        precondition([0, 1, 2, 4, 8].contains(width))
        self.width = width
        self.storage = storage
    }
}

/// The distinct addresses of one column in one block, sorted by ``IPAddress``'s order.
public struct AddressDictionary: Sendable {
    /// The addresses, 16 octets each (``IPAddress`` as it lies in memory), ascending, at least one.
    public let storage: EncodedBytes

    /// Wraps sorted, distinct addresses.
    public init(storage: EncodedBytes) { self.storage = storage }

    /// How many.
    public var count: Int { storage.count / 16 }
}

/// Which rows of a block have a value.
public enum Presence: Sendable {
    /// Every row.
    case all
    /// The rows whose bit is set, 64 rows a word, the first lowest; bits beyond the rows are 0.
    case some(EncodedBytes)
}

/// One column of one block as it lies in memory after decompression: filters test the codes and
/// never widen them.
///
/// Rows without a value have a valid code that means nothing.
public struct EncodedColumn: Sendable {
    /// How codes become values.
    public enum Values: Sendable {
        /// value = base + code.
        case frame(base: UInt64, Codes)
        /// value = dictionary[code]; the dictionary is ascending and distinct.
        case dictionary([UInt64], Codes)
        /// address = dictionary[code].
        case addresses(AddressDictionary, Codes)
        /// value = `start` of the same row + code; only ``Field/end``.
        case afterStart(Codes)
    }

    /// Which field.
    public let field: Field
    /// Rows of the block.
    public let rows: Int
    /// Which rows have a value.
    public let presence: Presence
    /// The values.
    public let values: Values

    /// Puts a column together.
    public init(field: Field, rows: Int, presence: Presence, values: Values) {
        self.field = field
        self.rows = rows
        self.presence = presence
        self.values = values
    }
}

/// What is known of a column of a block without reading it; for pruning.
public struct ColumnSummary: Sendable {
    /// Which field.
    public let field: Field
    /// Rows that have a value; for dense fields all.
    public let presentRows: Int
    /// Smallest and largest value of the rows that have one; nil for address columns and `other`.
    public let range: ClosedRange<UInt64>?
    /// Smallest and largest address; nil for other columns.
    public let addressRange: ClosedRange<IPAddress>?

    /// Puts a summary together.
    public init(
        field: Field, presentRows: Int, range: ClosedRange<UInt64>?,
        addressRange: ClosedRange<IPAddress>?
    ) {
        self.field = field
        self.presentRows = presentRows
        self.range = range
        self.addressRange = addressRange
    }
}
