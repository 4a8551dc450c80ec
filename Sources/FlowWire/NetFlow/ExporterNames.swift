public import FlowModel

/// A number that has a meaning only within one observation domain of one exporter.
public struct ExporterScoped<Number: Hashable & Sendable>: Hashable, Sendable {
    /// The exporter's address as its rows bear it.
    public var exporter: IPAddress
    /// Its observation domain.
    public var domain: UInt32
    /// The number.
    public var number: Number

    /// Names a number of an exporter.
    public init(exporter: IPAddress, domain: UInt32, number: Number) {
        self.exporter = exporter
        self.domain = domain
        self.number = number
    }
}

/// What an exporter calls something.
public struct ExporterName: Hashable, Sendable {
    /// Its name, empty where the exporter gives only a description.
    public var name: String
    /// A longer text, empty where there is none.
    public var description: String

    /// A name.
    public init(name: String, description: String = "") {
        self.name = name
        self.description = description
    }
}

/// The tables that exporters send as options data.
public struct ExporterNames: Sendable {
    /// Interfaces by SNMP index (elements 82, 83).
    public internal(set) var interfaces: [ExporterScoped<UInt32>: ExporterName] = [:]
    /// Applications by applicationId (95) as a number (96, 94).
    public internal(set) var applications: [ExporterScoped<UInt64>: ExporterName] = [:]
    /// VRFs by id (234, 235, with name 236).
    public internal(set) var vrfs: [ExporterScoped<UInt32>: ExporterName] = [:]

    /// Enters the names in a record; false where a table is full.
    mutating func note(
        _ reading: OptionsReading, exporter: IPAddress, domain: UInt32, namesMax: Int
    ) -> Bool {
        var fits = true
        if let index = reading.interface,
            reading.interfaceName != nil || reading.interfaceDescription != nil
        {
            let key = ExporterScoped(exporter: exporter, domain: domain, number: index)
            let name = ExporterName(
                name: reading.interfaceName ?? "", description: reading.interfaceDescription ?? "")
            fits = Self.enter(name, key, &interfaces, namesMax) && fits
        }
        if let id = reading.application,
            reading.applicationName != nil || reading.applicationDescription != nil
        {
            let key = ExporterScoped(exporter: exporter, domain: domain, number: id)
            let name = ExporterName(
                name: reading.applicationName ?? "",
                description: reading.applicationDescription ?? "")
            fits = Self.enter(name, key, &applications, namesMax) && fits
        }
        if let id = reading.vrf, let text = reading.vrfName {
            let key = ExporterScoped(exporter: exporter, domain: domain, number: id)
            fits = Self.enter(ExporterName(name: text), key, &vrfs, namesMax) && fits
        }
        return fits
    }

    private static func enter<Key: Hashable>(
        _ name: ExporterName, _ key: Key, _ table: inout [Key: ExporterName], _ namesMax: Int
    ) -> Bool {
        if table[key] == nil, table.count >= namesMax { return false }
        table[key] = name
        return true
    }
}
