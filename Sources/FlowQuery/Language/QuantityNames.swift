import FlowModel

extension Quantity {
    /// The quantities that are no columns, by name.
    static let derived: [(name: String, quantity: Quantity)] = [
        ("duration", .duration), ("pps", .pps), ("bps", .bps), ("bpp", .bpp),
    ]

    /// Every name of a quantity, in the order of the vocabulary.
    public static let names: [String] =
        Field.table.filter { $0.meaning != .elements }.map(\.name)
        + Field.derived.map(\.name) + derived.map(\.name)

    /// The quantity of that name, case ignored.
    public init?(name: String) {
        if let entry = Self.derived.first(where: { $0.name == name.lowercased() }) {
            self = entry.quantity
        } else if let field = Field(name: name), field != .other {
            self = .field(field)
        } else {
            return nil
        }
    }
}

extension GroupKey {
    /// Why a text is not a key.
    public enum TextError: Error, Hashable, Sendable, CustomStringConvertible {
        /// No field has that name.
        case unknownField(String, suggestion: String?)
        /// The field cannot be grouped by, or not cut.
        case cannotGroup(String)
        /// A prefix length that no family has.
        case prefixLength(String)
        /// A step that is no length of time, or 0.
        case step(String)

        /// What is wrong and what would be right.
        public var description: String {
            switch self {
            case .unknownField(let name, let suggestion):
                "there is no field ‘\(name)’"
                    + (suggestion.map { "; did you mean ‘\($0)’?" } ?? "; see docs/fields.md")
            case .cannotGroup(let text):
                "cannot group by ‘\(text)’; keys are columns, addresses may have a length "
                    + "(srcip/24), times a step (start/5m)"
            case .prefixLength(let text):
                "‘\(text)’: the length is 1–32 for IPv4, 33–128 for IPv6, or both as /24/64"
            case .step(let text): "‘\(text)’ is not a step such as 30s, 5m or 1h"
            }
        }
    }

    /// Reads `srcip`, `srcip/24`, `dstip/64`, `srcip/24/48`, `start/5m`.
    ///
    /// A length up to 32 cuts IPv4 addresses, a longer one IPv6.
    public init(parsing text: String) throws(TextError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let field = Field(name: parts[0]), let info = field.info else {
            if Quantity(name: parts[0]) != nil { throw .cannotGroup(text) }
            throw .unknownField(
                parts[0],
                suggestion: NearestWord.find(parts[0], among: Field.table.map(\.name)))
        }
        switch (info.meaning, parts.count) {
        case (.elements, _): throw .cannotGroup(text)
        case (_, 1): self = .field(field)
        case (.address, 2):
            guard let length = Self.length(parts[1]), (1...128).contains(length) else {
                throw .prefixLength(text)
            }
            self = .prefix(
                field, v4: length <= 32 ? length : nil, v6: length > 32 ? length : nil)
        case (.address, 3):
            guard let v4 = Self.length(parts[1]), (1...32).contains(v4),
                let v6 = Self.length(parts[2]), (1...128).contains(v6)
            else { throw .prefixLength(text) }
            self = .prefix(field, v4: v4, v6: v6)
        case (.instant, 2):
            guard let step = DurationText.milliseconds(parts[1], bare: nil), step > 0 else {
                throw .step(parts[1])
            }
            self = .bucket(field, step: step)
        default: throw .cannotGroup(text)
        }
    }

    private static func length(_ text: String) -> Int? {
        guard text.utf8.count <= 3, text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}
