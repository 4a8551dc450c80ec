public import FlowModel

/// Values that raise no alert whoever lists them: the user's own, and MISP warning lists.
///
/// Applied when matching and exporting, not when a feed is read: what is allowed remains known, and is
/// in force again when the allowance goes. An allowed address within a listed network is a hole in it.
public struct AllowList: Sendable {
    /// Who allows a value.
    public typealias Origin = String

    /// Allowed addresses.
    public private(set) var addresses = AddressSet()
    private var origins: [Origin] = []
    /// What each origin allows.
    private var sets: [AddressSet] = []
    /// Names that allow themselves and what lies below.
    private var subtrees: [String: Int] = [:]
    /// Values that allow themselves.
    private var exact: [String: Int] = [:]
    private var substrings: [(text: String, origin: Int)] = []
    /// The user's own entries, for formats that can carry an allow-list.
    public private(set) var ownNames: [String] = []
    /// The user's own networks that are allowed.
    public private(set) var ownRanges: [AddressRange] = []
    /// Entries that were not understood, and of lists of regular expressions.
    public private(set) var unusable = 0

    /// Makes an empty list.
    public init() {}

    /// Adds what the user allows: addresses and networks, names (with what lies below), other values.
    public mutating func add(_ entries: [String], origin: Origin) {
        let number = number(of: origin)
        var ranges: [AddressRange] = []
        for entry in entries.map(\.trimmedText) where !entry.isEmpty {
            if let range = AddressRange(listed: entry) {
                ranges.append(range)
                ownRanges.append(range)
            } else if let (name, _) = NameText.parse(entry, scope: .domain) {
                if subtrees.updateValue(number, forKey: name) == nil { ownNames.append(name) }
            } else {
                exact[entry.lowercased()] = number
            }
        }
        allow(AddressSet(ranges), origin: number)
    }

    /// Adds a MISP warning list.
    public mutating func add(_ list: WarningList) {
        let number = number(of: list.name)
        var ranges: [AddressRange] = []
        for entry in list.entries {
            switch list.comparison {
            case .cidr, .string:
                if let range = AddressRange(listed: entry) {
                    ranges.append(range)
                } else if list.comparison == .cidr {
                    unusable += 1
                } else if let (name, _) = NameText.parse(entry, scope: .hostname) {
                    exact[name] = number
                } else {
                    exact[entry.lowercased()] = number
                }
            case .hostname:
                let bare = entry.hasPrefix(".") ? String(entry.dropFirst()) : entry
                if let (name, _) = NameText.parse(bare, scope: .domain) {
                    subtrees[name] = number
                } else {
                    unusable += 1
                }
            case .substring: substrings.append((entry.lowercased(), number))
            case .regex: unusable += 1
            }
        }
        allow(AddressSet(ranges), origin: number)
    }

    private mutating func number(of origin: Origin) -> Int {
        if let number = origins.firstIndex(of: origin) { return number }
        origins.append(origin)
        sets.append(AddressSet())
        return origins.count - 1
    }

    private mutating func allow(_ set: AddressSet, origin: Int) {
        sets[origin] = sets[origin].union(set)
        addresses = addresses.union(set)
    }

    /// Allowed names, and whether what lies below each is allowed as well; in no order.
    var names: [(name: String, isSubtree: Bool)] {
        exact.keys.filter {
            NameText.parse($0, scope: .hostname)?.name == $0 && subtrees[$0] == nil
        }
        .map { ($0, false) } + subtrees.keys.map { ($0, true) }
    }

    /// Who allows all of `range`; nil where some of it is not allowed.
    ///
    /// Where only several entries together do, the first of them.
    public func origin(allowing range: AddressRange) -> Origin? {
        guard addresses.pieces(outside: range).isEmpty else { return nil }
        let whole = sets.firstIndex { $0.pieces(outside: range).isEmpty }
        return (whole ?? sets.firstIndex { $0.overlaps(range) }).map { origins[$0] }
    }

    /// All who allow `address`.
    public func origins(allowing address: IPAddress) -> [Origin] {
        sets.indices.filter { sets[$0].contains(address) }.map { origins[$0] }
    }

    /// Who allows a value that is no address, in its canonical form.
    public func origin(allowing value: String, kind: IndicatorKind) -> Origin? {
        let value = value.lowercased()
        if let number = exact[value] { return origins[number] }
        if kind.isName {
            var rest = Substring(value)
            while true {
                if let number = subtrees[String(rest)] { return origins[number] }
                guard let dot = rest.firstIndex(of: ".") else { break }
                rest = rest[rest.index(after: dot)...]
            }
        }
        return substrings.first { value.contains($0.text) }.map { origins[$0.origin] }
    }
}
