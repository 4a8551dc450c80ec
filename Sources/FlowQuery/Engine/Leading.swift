/// The first `limit` elements of an order, kept as a heap whose root is the last of them.
struct Leading<Element> {
    /// How many are kept.
    let limit: Int
    private(set) var elements: [Element] = []

    init(limit: Int) {
        precondition(limit > 0)
        self.limit = limit
    }

    /// Offers an element.
    @inline(__always)
    mutating func offer(_ element: Element, by precedes: (Element, Element) -> Bool) {
        if elements.count == limit {
            guard precedes(element, elements[0]) else { return }
            elements[0] = element
            sink(by: precedes)
        } else {
            elements.append(element)
            rise(by: precedes)
        }
    }

    private mutating func rise(by precedes: (Element, Element) -> Bool) {
        var place = elements.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard precedes(elements[parent], elements[place]) else { return }
            elements.swapAt(parent, place)
            place = parent
        }
    }

    private mutating func sink(by precedes: (Element, Element) -> Bool) {
        var place = 0
        while true {
            var last = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < elements.count && precedes(elements[last], elements[child]) {
                last = child
            }
            if last == place { return }
            elements.swapAt(last, place)
            place = last
        }
    }
}
