public import FlowModel

/// Who exports.
public struct ExporterSettings: Hashable, Sendable {
    /// Who may; everybody where it is empty.
    public var allow: [IPPrefix] = []
    /// Whether templates are kept apart by the sender's port.
    public var useSourcePort = false
    /// What is known of single exporters.
    public var overrides: [ExporterOverride] = []
}

/// What the user knows of an exporter.
public struct ExporterOverride: Hashable, Sendable {
    /// Its address, or those of several.
    public var address = IPPrefix(.v6Zero)
    /// Its observation domain; nil = all of them.
    public var domain: UInt32?
    /// What people call it.
    public var name: String?
    /// 1 in N packets, whatever it says itself; nil = what it says.
    public var sampling: UInt32?
}

extension ExporterOverride {
    static let table: SettingTable<ExporterOverride> = {
        let setting = SettingMaker(initial: ExporterOverride())
        return SettingTable([
            setting(
                "address", \.address, .prefix, required: true,
                "The exporter, or several by a prefix; the longest prefix that fits holds."),
            setting(
                "domain", \.domain, .optional(.number(0...UInt32.max)),
                "Only this observation domain (v9: source id)."),
            setting("name", \.name, .optional(.label), "What people call it."),
            setting(
                "sampling", \.sampling, .optional(.number(1...UInt32.max)),
                "One in this many packets is counted, whatever the exporter says of it."),
        ])
    }()

    /// What is wrong with it as a whole.
    static func problem(of entry: ExporterOverride) -> String? {
        entry.name == nil && entry.sampling == nil
            ? "it changes nothing: say ‘name’, ‘sampling’ or both" : nil
    }
}
