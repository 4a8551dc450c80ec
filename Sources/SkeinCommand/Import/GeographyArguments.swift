import ArgumentParser
import FlowEnrichment
import Glibc

/// The options of `skein import` that are about countries and AS numbers.
struct GeographyArguments: ParsableArguments {
    @Flag(help: "Do not look up countries and AS numbers.")
    var noGeo = false

    @Option(
        help: ArgumentHelp(
            "The country database: a folder with tor-geoipdb's geoip and geoip6 (default: $SKEIN_COUNTRY_DATABASE, else \(AddressDatabase.countryFolderDefault)).",
            valueName: "path"))
    var countryDatabase: String?

    @Option(
        help: ArgumentHelp(
            "A database in MaxMind's format with countries, AS numbers or both; may stand several times, and goes before the country database.",
            valueName: "file"))
    var mmdb: [String] = []

    func validate() throws {
        if noGeo, countryDatabase != nil || !mmdb.isEmpty {
            throw ValidationError("--no-geo excludes --country-database and --mmdb.")
        }
        if countryDatabase?.isEmpty == true {
            throw ValidationError("--country-database needs a path; --no-geo looks nothing up.")
        }
    }

    /// What adds countries and AS numbers; nil where nothing is to be looked up.
    ///
    /// That Debian's database is not there is no error: it is said once, with what to do.
    func enricher() throws(DatabaseError) -> FlowEnricher? {
        if noGeo { return nil }
        var path = countryDatabase ?? Self.variable
        if path == nil {
            let usual = AddressDatabase.countryFolderDefault
            if AddressDatabase.hasCountries(at: usual) {
                path = usual
            } else if mmdb.isEmpty {
                StandardStreams.say(
                    "countries are not looked up, as \(usual) has no database of them: install "
                        + "\(AddressDatabase.countryPackage) (docs/geography.md), or say --no-geo")
            }
        }
        // A variable that is set and empty looks nothing up.
        if path?.isEmpty == true { path = nil }
        guard path != nil || !mmdb.isEmpty else { return nil }
        return FlowEnricher(try AddressDatabase(countries: path, mmdb: mmdb))
    }

    private static var variable: String? {
        getenv("SKEIN_COUNTRY_DATABASE").map { String(cString: $0) }
    }
}

extension FlowEnricher {
    /// What was looked up where, for the summary of an import.
    var json: JSONValue {
        let databases = database.origins.map { origin in
            JSONValue.object([
                ("path", .text(origin.path)), ("name", .text(origin.name)),
                ("date", origin.date.map { .text($0) } ?? .null),
            ])
        }
        return .object([
            ("databases", .array(databases)), ("addressesKnown", .number(counters.known)),
            ("addressesPrivate", .number(counters.privateSpace)),
            ("addressesUnknown", .number(counters.unknown)),
            ("systemsFilled", .number(counters.systems)),
        ])
    }

    /// The same for people, on one line.
    var text: String {
        let names = database.origins.map { origin in
            origin.name + (origin.date.map { " (\($0))" } ?? "")
        }
        var text = "addresses looked up in \(names.joined(separator: ", ")): "
        text += "\(counters.known) known, \(counters.privateSpace) private, "
        text += "\(counters.unknown) unknown"
        if counters.systems > 0 { text += "; \(counters.systems) AS numbers filled in" }
        return text
    }
}
