import Glibc

/// Memory that one worker fills again for every piece of a block.
@safe
final class Scratch<Element: BitwiseCopyable> {
    /// Elements it holds.
    let count: Int
    private static var hugePage: Int { 2 << 20 }
    private let base: UnsafeMutablePointer<Element>

    /// Memory of `count` elements, each as given.
    convenience init(_ count: Int, repeating element: Element) {
        self.init(unwritten: count)
        unsafe base.initialize(repeating: element, count: count)
    }

    /// Memory of `count` elements that are anything: whoever makes it writes before it reads.
    init(unwritten count: Int) {
        self.count = count
        // Aligned to cache lines, so that entries of 64 bytes lie in one each; and where it is large,
        // to huge pages, because what is large here is a hash table: read all over.
        let size = count * MemoryLayout<Element>.stride
        let isHuge = size >= 2 * Self.hugePage
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: size, alignment: isHuge ? Self.hugePage : 64)
        if isHuge { _ = unsafe madvise(raw, size, Int32(MADV_HUGEPAGE)) }
        unsafe base = raw.bindMemory(to: Element.self, capacity: count)
    }

    deinit { unsafe UnsafeMutableRawPointer(base).deallocate() }

    var span: Span<Element> {
        @_lifetime(borrow self) get {
            let span = unsafe Span(_unsafeStart: base, count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    var mutable: MutableSpan<Element> {
        @_lifetime(borrow self) get {
            let span = unsafe MutableSpan(_unsafeStart: base, count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count)
            return unsafe base[index]
        }
        set {
            precondition(index >= 0 && index < count)
            unsafe base[index] = newValue
        }
    }
}
