public import FlowCollector
public import FlowEnrichment
import Glibc
import SkeinConfiguration

extension FlowEnricher: BatchEnricher {}

/// Where the addresses of a server's flows are looked up.
enum ServerGeography {
    /// Reads the databases that are configured; nil where there is none.
    ///
    /// A default that is not installed is worth a word, one that was asked for and cannot be read an
    /// error.
    static func enricher(_ settings: GeoSettings, _ log: ServerLog) throws -> EnricherMaker? {
        var countries = settings.countries
        if countries == SkeinSettings().geo.countries,
            let variable = getenv("SKEIN_COUNTRY_DATABASE")
        {
            // As for an import; empty looks nothing up.
            let path = String(cString: variable)
            countries = path.isEmpty ? nil : path
        }
        if let path = countries, path == SkeinSettings().geo.countries,
            !AddressDatabase.hasCountries(at: path)
        {
            countries = nil
            if settings.mmdb.isEmpty {
                log.say(
                    .notice,
                    "no country database at \(path), so flows have no countries: install "
                        + "\(AddressDatabase.countryPackage), or set geo.countries to none")
            }
        }
        guard countries != nil || !settings.mmdb.isEmpty else { return nil }
        let database = try AddressDatabase(countries: countries, mmdb: settings.mmdb)
        return { FlowEnricher(database) }
    }
}
