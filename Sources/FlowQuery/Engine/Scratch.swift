/// Memory that one worker fills again for every piece of a block.
@safe
final class Scratch<Element: BitwiseCopyable> {
    /// Elements it holds.
    let count: Int
    private let base: UnsafeMutablePointer<Element>
    private let room: ScratchPool.Room

    /// Memory of `count` elements, each as given.
    convenience init(_ count: Int, repeating element: Element) {
        self.init(unwritten: count)
        unsafe base.initialize(repeating: element, count: count)
    }

    /// Memory of `count` elements that are anything: whoever makes it writes before it reads.
    init(unwritten count: Int) {
        self.count = count
        room = ScratchPool.Room(octets: count * MemoryLayout<Element>.stride)
        let raw = unsafe ScratchPool.shared.take(room)
        unsafe base = raw.bindMemory(to: Element.self, capacity: count)
    }

    deinit { unsafe ScratchPool.shared.give(UnsafeMutableRawPointer(base), room) }

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
