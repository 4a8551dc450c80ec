import Glibc

/// Where a database keeps something, as libmaxminddb takes it: words, the last one null.
@safe
final class MaxMindPath {
    let words: UnsafePointer<UnsafePointer<CChar>?>
    private let count: Int

    init(_ texts: String...) {
        count = texts.count
        let words = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: count + 1)
        for (place, text) in texts.enumerated() {
            unsafe (words + place).initialize(to: UnsafePointer(strdup(text)))
        }
        unsafe (words + count).initialize(to: nil)
        unsafe self.words = UnsafePointer(words)
    }

    deinit {
        for place in 0..<count { unsafe free(UnsafeMutablePointer(mutating: words[place])) }
        unsafe words.deallocate()
    }
}
