public import FlowCollector
public import FlowEnrichment
import SkeinConfiguration

extension FlowEnricher: BatchEnricher {}

/// Where the addresses of a server's flows are looked up.
enum ServerGeography {
    /// Reads the databases that are configured; nil where there is none.
    ///
    /// A default that is not installed is worth a word, one that was asked for and cannot be read an
    /// error.
    static func enricher(_ settings: GeoSettings, _ log: ServerLog) throws -> EnricherMaker? {
        guard let path = settings.countries else { return nil }
        guard AddressDatabase.hasCountries(at: path) || path != SkeinSettings().geo.countries else {
            log.say(
                .notice,
                "no country database at \(path), so flows have no countries: "
                    + "apt install \(AddressDatabase.countryPackage), or set geo.countries to none")
            return nil
        }
        let database = try AddressDatabase(countries: path)
        return { FlowEnricher(database) }
    }
}
