public import FlowModel
import FlowQuery

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
    private var subtrees: [String: Allowance] = [:]
    /// Values that allow themselves.
    private var exact: [String: Allowance] = [:]
    private var substrings: [(text: String, allowance: Allowance)] = []
    private var patterns: [(pattern: RegexPattern, allowance: Allowance)] = []
    /// The user's own entries, for formats that can carry an allow-list.
    public private(set) var ownNames: [String] = []
    /// The user's own networks that are allowed.
    public private(set) var ownRanges: [AddressRange] = []
    /// Entries that were not understood, and regular expressions that are none or too many.
    public private(set) var unusable = 0

    /// Who allows something, and of which kinds.
    private struct Allowance {
        var origin: Int
        var kinds: ValueKinds

        /// The same, for the kinds of another one as well.
        mutating func add(_ other: Allowance) { kinds.formUnion(other.kinds) }
    }

    /// Regular expressions at most: each value is held against all of them.
    private static let patternsMax = 500

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
                let own = Allowance(origin: number, kinds: [.names])
                if subtrees.updateValue(own, forKey: name) == nil { ownNames.append(name) }
            } else {
                exact[entry.lowercased()] = Allowance(origin: number, kinds: .all)
            }
        }
        allow(AddressSet(ranges), origin: number)
    }

    /// Adds a MISP warning list, for the kinds of values that it names.
    public mutating func add(_ list: WarningList) {
        let allowance = Allowance(
            origin: number(of: list.name), kinds: ValueKinds(attributes: list.attributes))
        var ranges: [AddressRange] = []
        for entry in list.entries {
            switch list.comparison {
            case .cidr, .string:
                if let range = AddressRange(listed: entry) {
                    ranges.append(range)
                } else if list.comparison == .cidr {
                    unusable += 1
                } else if let (name, _) = NameText.parse(entry, scope: .hostname) {
                    exact[name, default: allowance].add(allowance)
                } else {
                    exact[entry.lowercased(), default: allowance].add(allowance)
                }
            case .hostname:
                let bare = entry.hasPrefix(".") ? String(entry.dropFirst()) : entry
                if let (name, _) = NameText.parse(bare, scope: .domain) {
                    subtrees[name, default: allowance].add(allowance)
                } else {
                    unusable += 1
                }
            case .substring: substrings.append((entry.lowercased(), allowance))
            case .regex: add(pattern: entry, allowance)
            }
        }
        if allowance.kinds.contains(.addresses) {
            allow(AddressSet(ranges), origin: allowance.origin)
        }
    }

    /// Adds a regular expression, bare or as `/…/i`.
    private mutating func add(pattern text: String, _ allowance: Allowance) {
        var (text, flags) = (Substring(text), "")
        if text.hasPrefix("/"), let end = text.lastIndex(of: "/"), end > text.startIndex {
            flags = String(text[text.index(after: end)...])
            text = text[text.index(after: text.startIndex)..<end]
        }
        guard patterns.count < Self.patternsMax, !text.isEmpty,
            let pattern = try? RegexPattern(String(text), flags: flags)
        else {
            unusable += 1
            return
        }
        patterns.append((pattern, allowance))
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
        let kinds = ValueKinds(kind)
        func origin(_ allowance: Allowance?) -> Origin? {
            guard let allowance, allowance.kinds.isSuperset(of: kinds) else { return nil }
            return origins[allowance.origin]
        }
        if let found = origin(exact[value]) { return found }
        // A list of names that is meant for URLs is meant for their hosts.
        if let host = kind.isName ? value : kind == .url ? Self.host(of: value) : nil {
            var rest = Substring(host)
            while true {
                if let found = origin(subtrees[String(rest)]) { return found }
                guard let dot = rest.firstIndex(of: ".") else { break }
                rest = rest[rest.index(after: dot)...]
            }
        }
        for (text, allowance) in substrings where value.contains(text) {
            if let found = origin(allowance) { return found }
        }
        if patterns.isEmpty { return nil }
        let octets = Array(value.utf8)
        for (pattern, allowance) in patterns where allowance.kinds.isSuperset(of: kinds) {
            if pattern.matches(octets) { return origins[allowance.origin] }
        }
        return nil
    }

    /// The host of a URL in lower case; nil where it has none.
    private static func host(of url: String) -> String? {
        guard let start = url.firstRange(of: "://") else { return nil }
        var host = url[start.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if let at = host.lastIndex(of: "@") { host = host[host.index(after: at)...] }
        host = host.prefix { $0 != ":" }
        return host.isEmpty ? nil : String(host)
    }
}
