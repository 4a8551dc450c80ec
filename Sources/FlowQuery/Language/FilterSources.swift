public import FlowModel

/// Where a filter finds what is not in its own text: named sets, files, the addresses of hosts.
///
/// The parser asks, and never opens or looks up anything itself. What a filter is allowed at all is
/// for ``FilterRules`` to say, before anybody is asked.
public protocol FilterSources: Sendable {
    /// The names of all sets, for messages about a name that is none.
    var setNames: [String] { get }

    /// The set of that name, nil where there is none.
    ///
    /// Names have only letters, digits, `_`, `-` and `.`, and do not begin with `.`.
    func set(named name: String) throws(FilterSourceError) -> FilterSet?

    /// What a path means.
    ///
    /// Equal files should have equal locations: that is how a file that includes itself is noticed.
    ///
    /// - Parameters:
    ///   - path: as written.
    ///   - includer: the location of the file that names it; nil for the filter itself.
    func location(of path: String, from includer: String?) throws(FilterSourceError) -> String

    /// The octets of a file, of which there may be `bytesMax` at most.
    func contents(of location: String, bytesMax: Int) throws(FilterSourceError) -> [UInt8]

    /// All addresses of a host, of both families.
    func addresses(of host: String) throws(FilterSourceError) -> [IPAddress]
}

/// A set that has a name.
public enum FilterSet: Sendable {
    /// The octets of a list, one value a line, and where it stands.
    case list([UInt8], location: String)
    /// Addresses; ranges in any order, which may overlap.
    case addresses([ClosedRange<IPAddress>])
}

/// Why a set, file or host could not be had.
public struct FilterSourceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// For people, without the name of the thing: `no such file`.
    public let description: String

    /// Says why.
    public init(_ description: String) { self.description = description }
}

/// What a filter may use, and how large it may be.
public struct FilterRules: Hashable, Sendable {
    /// Whether `in FILE` is allowed.
    public var allowsFiles: Bool
    /// Whether `@include FILE` is allowed.
    public var allowsIncludes: Bool
    /// Whether names of hosts may stand for their addresses.
    public var allowsHostNames: Bool
    /// Whether sets, files and hosts are looked at: where not, they are taken as empty sets.
    public var readsSources = true
    /// Octets of a filter at most, and of each file that it includes.
    public var bytesMax: Int
    /// Terms and values at most, those of included files with them; lines of lists do not count.
    public var termsMax: Int
    /// Nesting of parentheses and `not` at most.
    public var depthMax = 100
    /// Files that include each other at most, as in nfdump.
    public var includesMax = 10
    /// Octets of a list at most.
    public var listBytesMax = 1 << 28
    /// Regular expressions at most: each may have ``RegexError/stepsMax`` steps.
    public var regexesMax = 64

    /// For the one who runs the program: on the command line, in a configuration file.
    public static let trusted = FilterRules(
        allowsFiles: true, allowsIncludes: true, allowsHostNames: true, bytesMax: 1 << 22,
        termsMax: 1 << 18)

    /// For whoever sends a filter over the network: named sets, but nothing else outside the text,
    /// and a bounded size.
    public static let untrusted: FilterRules = {
        var rules = FilterRules(
            allowsFiles: false, allowsIncludes: false, allowsHostNames: false, bytesMax: 1 << 14,
            termsMax: 1 << 10)
        rules.depthMax = 32
        rules.regexesMax = 8
        return rules
    }()

    /// The rules for whoever is trusted, to check the text alone.
    public static let unread: FilterRules = {
        var rules = FilterRules.trusted
        rules.readsSources = false
        return rules
    }()

    private init(
        allowsFiles: Bool, allowsIncludes: Bool, allowsHostNames: Bool, bytesMax: Int,
        termsMax: Int
    ) {
        self.allowsFiles = allowsFiles
        self.allowsIncludes = allowsIncludes
        self.allowsHostNames = allowsHostNames
        self.bytesMax = bytesMax
        self.termsMax = termsMax
    }
}
