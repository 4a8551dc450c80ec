import CPage

/// The outlines of countries, for whoever draws a map outside the page; `scripts/world` makes them.
public struct WorldOutlines: Sendable {
    /// A country.
    public struct Country: Sendable {
        /// Two letters.
        public let code: String
        /// Where its bubble stands.
        public let x: Int
        /// Where its bubble stands.
        public let y: Int
        /// Its outline as the path of an SVG; empty where it is too small to have one.
        public let path: String
    }

    /// The width of the whole.
    public let width: Int
    /// The height of the whole.
    public let height: Int
    /// The rim of the world as the path of an SVG.
    public let rim: String
    /// In the order of their letters.
    public let countries: [Country]

    /// The outlines that the page has.
    public static let embedded = WorldOutlines(PageFiles.text(named: "world.txt"))

    init(_ text: String) {
        var lines = text.split(separator: "\n")[...]
        let size = (lines.popFirst() ?? "").split(separator: " ").compactMap { Int($0) }
        width = size.first ?? 0
        height = size.last ?? 0
        let all = lines.compactMap { line -> Country? in
            let words = line.split(separator: " ", maxSplits: 3)
            guard words.count >= 3, let x = Int(words[1]), let y = Int(words[2]) else { return nil }
            return Country(
                code: String(words[0]), x: x, y: y, path: words.count > 3 ? String(words[3]) : "")
        }
        rim = all.first?.path ?? ""
        countries = Array(all.dropFirst())
    }
}
