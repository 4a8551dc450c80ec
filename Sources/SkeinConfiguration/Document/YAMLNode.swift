/// A place in a text.
public struct TextPlace: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// From 1.
    public let line: Int
    /// From 1, in characters (Unicode scalars).
    public let column: Int

    /// Names a place.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// `12:5`.
    public var description: String { "\(line):\(column)" }

    /// Reading order.
    public static func < (a: TextPlace, b: TextPlace) -> Bool {
        (a.line, a.column) < (b.line, b.column)
    }
}

/// A value of a document, and where it stands.
///
/// Scalars are their text: what `no`, `012` or `2024-01-01` mean is for the setting to say, not for
/// YAML's guess at a type.
struct YAMLNode {
    indirect enum Content {
        case scalar(String, isQuoted: Bool)
        case sequence([YAMLNode])
        case mapping([(key: YAMLKey, value: YAMLNode)])
        /// Something that was complained of already.
        case refused
    }

    var content: Content
    var place: TextPlace

    /// Whether nothing stands here: `key:` alone, `~` or `null`.
    var isNull: Bool {
        if case .scalar(let text, isQuoted: false) = content {
            return text.isEmpty || text == "~" || text == "null"
        }
        return false
    }
}

/// The name of an entry of a mapping.
struct YAMLKey {
    let name: String
    let place: TextPlace
}
