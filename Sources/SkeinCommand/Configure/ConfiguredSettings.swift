import Glibc
import SkeinConfiguration

/// What commands take from the configuration of `skein serve`.
extension SkeinSettings {
    /// The file that `--config` names, else `$SKEIN_CONFIG`; nil where neither does.
    static func file(_ option: String?) -> String? {
        if let option { return option }
        let variable = getenv("SKEIN_CONFIG").map { String(cString: $0) } ?? ""
        return variable.isEmpty ? nil : variable
    }

    /// What that file and the environment say.
    ///
    /// - Parameter store: what `--store` says; nil: what is configured.
    static func configured(by option: String?, store: String? = nil) throws -> SkeinSettings {
        try Configuration(
            file: file(option).map(ConfigurationOverrides.read),
            environment: ConfigurationOverrides.environment,
            assignments: store.map {
                [.init(option: "--store", setting: "store.path", value: $0)]
            } ?? []
        ).settings
    }
}

extension GeoSettings {
    /// The countries in which the user's own networks are at a time, the first named first, each once.
    ///
    /// - Parameter now: ms since 1970.
    func homeCountries(at now: UInt64) -> [String] {
        let countries = home.filter { $0.validity.contains(now) }.compactMap(\.country)
        return countries.enumerated().filter { countries.firstIndex(of: $1) == $0 }.map(\.1)
    }
}
