/// Finds the word that was probably meant.
public enum NearestWord {
    /// The candidate nearest to `text`, nil where none is near.
    ///
    /// A candidate that begins with `text` comes first, then one that is a slip of the finger away,
    /// then one that ends with it (`srcport` for `port`), then the fewest insertions, deletions,
    /// replacements and swaps of neighbours; of equals the earlier. Case is ignored.
    ///
    /// - Complexity: the product of the lengths for each candidate of similar length.
    public static func find(_ text: String, among candidates: some Sequence<String>) -> String? {
        let wanted = Array(text.lowercased().utf8)
        guard !wanted.isEmpty, wanted.count <= 32 else { return nil }
        let limit = wanted.count < 4 ? 1 : wanted.count < 8 ? 2 : 3
        var best: (word: String, distance: Int)?
        var longer: String?
        for candidate in candidates {
            let letters = Array(candidate.lowercased().utf8)
            if letters.starts(with: wanted) { return candidate }
            if longer == nil, wanted.count > 1, letters.suffix(wanted.count).elementsEqual(wanted) {
                longer = candidate
            }
            guard abs(letters.count - wanted.count) <= limit else { continue }
            let distance = distance(wanted, letters)
            if distance <= limit && distance < wanted.count && distance < best?.distance ?? .max {
                best = (candidate, distance)
            }
        }
        return best?.distance == 1 ? best?.word : longer ?? best?.word
    }

    /// Optimal string alignment distance.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for row in 1...a.count {
            var current = [row]
            for column in 0..<b.count {
                let isSame = a[row - 1] == b[column]
                var cost = min(
                    last[column + 1] + 1, current[column] + 1, last[column] + (isSame ? 0 : 1))
                if row > 1, column > 0, a[row - 1] == b[column - 1], a[row - 2] == b[column] {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[b.count]
    }
}
