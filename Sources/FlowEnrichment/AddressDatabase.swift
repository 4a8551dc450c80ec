public import FlowModel

/// Countries and AS numbers of addresses, in memory, for many threads at once.
///
/// Made of one file or several, of which the earlier ones go before, and of the special networks
/// that no file needs to know. What replaces a file on disk is seen when another database is made.
public final class AddressDatabase: Sendable {
    /// A file that went into it.
    public struct Origin: Hashable, Sendable {
        /// Its path.
        public let path: String
        /// What it calls itself.
        public let name: String
        /// When it was made, as far as it says.
        public let date: String?

        init(path: String, name: String, date: String?) {
            self.path = path
            self.name = name
            self.date = date
        }
    }

    /// The files that it was made of.
    public let origins: [Origin]
    /// Whether it knows countries.
    public let hasCountries: Bool
    /// Whether it knows AS numbers.
    public let hasSystems: Bool

    let table: AddressTable
    /// The answers' countries and AS numbers by their places, 0 where there is none.
    let countries: [UInt16]
    let systems: [UInt32]

    /// - Parameter sources: those that come first go before.
    init(_ sources: [AddressSource], origins: [Origin]) {
        self.origins = origins
        hasCountries = sources.contains { $0.answers.contains { $0.country != nil } }
        hasSystems = sources.contains { $0.answers.contains { $0.system != nil } }
        var whole = AddressSource()
        whole.families.v4.finish()
        whole.families.v6.finish()
        if let first = sources.first {
            whole = sources.dropFirst().reduce(first) { $0.completed(by: $1) }
        }
        // Without countries it cannot be told from the answer what was looked up in vain.
        if hasCountries { whole = whole.completed(by: .specialNetworks) }
        table = AddressTable(whole.families)
        countries = whole.answers.map { $0.country?.rawValue ?? 0 }
        systems = whole.answers.map { $0.system ?? 0 }
    }

    /// What is known of one address.
    public func answer(for address: IPAddress) -> AddressAnswer {
        let place = Int(table.value(of: address))
        return AddressAnswer(
            country: countries[place] == 0 ? nil : CountryCode(rawValue: countries[place]),
            system: systems[place] == 0 ? nil : systems[place])
    }
}
