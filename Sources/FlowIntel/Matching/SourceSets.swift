/// Sets of sources, each once, by number; 0 is the empty one.
///
/// While a matcher is built, the set changes by one source at a time: which set follows from which is
/// remembered, so that a million changes among a few sets cost a look-up each.
struct SourceSets: Sendable {
    private(set) var sets: [[UInt32]] = [[]]
    private var numbers: [[UInt32]: UInt32] = [[]: 0]
    private var following: [UInt64: UInt32] = [:]

    /// The number of the set `number` with `source` added, or taken away where it was in it.
    mutating func toggling(_ source: UInt32, in number: UInt32) -> UInt32 {
        let key = UInt64(number) << 32 | UInt64(source)
        if let next = following[key] { return next }
        var set = sets[Int(number)]
        if let index = set.firstIndex(of: source) {
            set.remove(at: index)
        } else {
            set.insert(source, at: set.firstIndex { $0 > source } ?? set.count)
        }
        let next: UInt32
        if let known = numbers[set] {
            next = known
        } else {
            next = UInt32(sets.count)
            sets.append(set)
            numbers[set] = next
        }
        following[key] = next
        return next
    }

    /// What is needed only while building, given back.
    mutating func finish() {
        numbers = [:]
        following = [:]
    }
}
