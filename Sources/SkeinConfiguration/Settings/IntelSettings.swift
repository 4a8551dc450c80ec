public import FlowModel

/// Lists of known-bad peers (design.md §8).
public struct IntelSettings: Hashable, Sendable {
    /// Where is kept what the sources list.
    public var database = "./skein-intel.sqlite"
    /// Who lists.
    public var sources: [IntelSource] = []
    /// What is allowed whoever lists it: addresses, networks, names, other values.
    public var allow: [String] = []
    /// MISP warning lists: files, or folders of such.
    public var warningLists: [String] = []
    /// The user's own networks, which no source can list.
    public var own: [IPPrefix] = []
}

/// A source of indicators.
public struct IntelSource: Hashable, Sendable {
    /// What alerts and exports call it.
    public var name = ""
    /// The file, or the folder of files.
    public var path = ""
    /// Its format; `auto` to recognise it.
    public var format = "auto"
    /// CSV: the column of the indicators, by name or by number from 1.
    public var column = "1"
    /// CSV: the column of descriptions, by name or by number from 1.
    public var description: String?
    /// CSV: what stands between columns.
    public var separator = ","
}

extension IntelSource {
    /// The formats that can be named.
    static let formats = [
        "auto", "plain", "hosts", "dshield", "feodo", "sslbl", "threatfox", "csv", "zeek",
        "spamhaus", "misp", "stix", "otx",
    ]

    static let table: SettingTable<IntelSource> = {
        let setting = SettingMaker(initial: IntelSource())
        return SettingTable([
            setting(
                "name", \.name, .label, required: true, "What alerts and exports call it."),
            setting(
                "path", \.path, .path, required: true,
                "The file with its list, or a folder of such files; a folder with `manifest.json` "
                    + "is a MISP feed."),
            setting(
                "format", \.format, .word(formats.map { ($0, $0) }, noun: "a format"),
                "Its format; docs/intel.md says what each is."),
            setting(
                "column", \.column, .label,
                "CSV: the column of the indicators, by its name in the first row or by its number."
            ),
            setting(
                "description", \.description, .optional(.label),
                "CSV: the column of descriptions."),
            setting(
                "separator", \.separator,
                .word([",", ";", "|", "tab"].map { ($0, $0) }, noun: "a separator"),
                "CSV: what stands between columns."),
        ])
    }()

    /// What is wrong with it as a whole.
    static func problem(of entry: IntelSource) -> String? {
        if entry.format != "csv", entry.column != "1" || entry.description != nil {
            return "‘column’ and ‘description’ are for ‘format: csv’"
        }
        return nil
    }
}
