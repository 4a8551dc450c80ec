import FlowIntel
import FlowModel
import FlowQuery
import Glibc
import SkeinConfiguration

/// The listed addresses as sets of filters: one a source, and `@intel` for all.
struct IntelSets: Sendable {
    /// What is in force; nil where there are no indicators.
    let load: @Sendable () throws -> IndicatorSnapshot?

    /// All sources together.
    static let all = "intel"

    /// The sets of the indicator store that the configuration names, judged as it says.
    ///
    /// - Parameter config: a configuration file; nil: `$SKEIN_CONFIG`, else the defaults.
    static func configured(_ config: String?) -> IntelSets {
        IntelSets {
            let settings = try SkeinSettings.configured(by: config)
            guard access(settings.intel.database, R_OK) == 0 else { return nil }
            let intelligence = try Intelligence(settings)
            return try intelligence.store.snapshot(by: intelligence.judge)
        }
    }

    /// The names of the sets.
    func names() -> [String] {
        guard let snapshot = try? load() else { return [] }
        return snapshot.sets.map { Self.name(of: $0.name) } + [Self.all]
    }

    /// The addresses of a set; nil where there is none of that name.
    func addresses(of name: String) throws(FilterSourceError) -> [ClosedRange<IPAddress>]? {
        let snapshot: IndicatorSnapshot?
        do {
            snapshot = try load()
        } catch {
            throw FilterSourceError("\(error)")
        }
        guard let snapshot else { return nil }
        let wanted = name.lowercased()
        if let set = snapshot.sets.first(where: { Self.name(of: $0.name).lowercased() == wanted }) {
            return set.addresses.ranges.map { $0.first...$0.last }
        }
        guard wanted == Self.all else { return nil }
        return snapshot.all.ranges.map { $0.first...$0.last }
    }

    /// A source's name as a set's: what cannot be in one becomes `-`.
    private static func name(of source: String) -> String {
        String(
            source.map { letter in
                letter.isASCII && (letter.isLetter || letter.isNumber || "-._".contains(letter))
                    ? letter : "-"
            })
    }
}
