/// What was used and waits to be used again, the last first.
///
/// A burst leaves many of them behind. Those that were not wanted for a while are let go, so that memory
/// follows what is used now and not what once was.
struct SpareList<Element> {
    private var elements: [Element] = []
    /// So few there were at one time since the last look.
    private var least = 0
    private var takes = 0
    /// Takes between two looks.
    private let span: Int

    /// - Parameter span: how often something is taken before those that were never wanted meanwhile go.
    init(span: Int) { self.span = span }

    var count: Int { elements.count }

    /// The one that was put back last; nil where there is none.
    mutating func take() -> Element? {
        let taken = elements.popLast()
        least = min(least, elements.count)
        takes += 1
        if takes >= span {
            elements.removeFirst(least)
            least = elements.count
            takes = 0
        }
        return taken
    }

    mutating func put(_ element: Element) { elements.append(element) }
}
