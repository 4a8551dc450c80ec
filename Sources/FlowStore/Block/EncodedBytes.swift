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
    private let room: BufferPool.Room

    /// Octets that may be read beyond ``count``; they are zero.
    public static let padding = 64

    /// Zeroed memory of `count` octets.
    public init(count: Int) {
        self.count = count
        room = BufferPool.Room(octets: count)
        unsafe base = BufferPool.shared.take(room)
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: count + Self.padding)
    }

    /// Memory of `count` octets with only the padding zeroed, for whoever fills all of it at once.
    init(unfilled count: Int) {
        self.count = count
        room = BufferPool.Room(octets: count)
        unsafe base = BufferPool.shared.take(room)
        unsafe (base + count).initializeMemory(as: UInt8.self, repeating: 0, count: Self.padding)
    }

    deinit { unsafe BufferPool.shared.give(base, room) }

    /// Octets that it takes from the system.
    var footprint: Int { room.octets }

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
