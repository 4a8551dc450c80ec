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

    func validate() throws {
        if noGeo, countryDatabase != nil {
            throw ValidationError("--no-geo and --country-database exclude each other.")
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
        if let path = countryDatabase ?? Self.variable {
            // A variable that is set and empty looks nothing up.
            return path.isEmpty ? nil : FlowEnricher(try AddressDatabase(countries: path))
        }
        let path = AddressDatabase.countryFolderDefault
        guard AddressDatabase.hasCountries(at: path) else {
            StandardStreams.say(
                "countries are not looked up, as \(path) has no database of them; "
                    + "apt install \(AddressDatabase.countryPackage), or say --no-geo")
            return nil
        }
        return FlowEnricher(try AddressDatabase(countries: path))
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
