/// A file of what is in force, which serve keeps up to date.
public struct IntelExport: Hashable, Sendable {
    /// For which tool.
    public var format = ""
    /// Where it is.
    public var path = ""
    /// Only what these sources list; empty: all.
    public var sources: [String] = []
    /// What sets of nftables and ipset are named after.
    public var setName = "threat"
    /// The program and its arguments that are run when the file has changed.
    public var then: [String] = []
    /// How long the program may run.
    public var timeout = Duration.seconds(60)
}

extension IntelExport {
    /// The formats that can be named.
    public static let formats = [
        "rpz", "silk-v4", "silk-v6", "nftables", "ipset", "suricata-categories",
        "suricata-reputation", "suricata-rules", "zeek", "wazuh-addresses", "wazuh-notes",
        "wazuh-names", "rbldnsd-ip4set", "rbldnsd-ip6trie", "stix", "decisions",
    ]

    static let table: SettingTable<IntelExport> = {
        let setting = SettingMaker(initial: IntelExport())
        return SettingTable([
            setting(
                "format", \.format, .word(formats.map { ($0, $0) }, noun: "a format"),
                required: true, "For which tool; docs/intel.md says what each is."),
            setting("path", \.path, .path, required: true, "The file; it is replaced as a whole."),
            setting(
                "sources", \.sources, .list(.label),
                "Only what these sources list; an empty list: all."),
            setting(
                "set-name", \.setName, .setName,
                "What sets of nftables and ipset are named after."),
            setting(
                "then", \.then, .arguments,
                "A program and its arguments, run without a shell when the file has changed."),
            setting(
                "timeout", \.timeout, .duration(.milliseconds(100) ... .seconds(3600)),
                "How long the program may run before it is killed."),
        ])
    }()

    /// What is wrong with it as a whole.
    static func problem(of entry: IntelExport) -> String? {
        if entry.setName != "threat", entry.format != "nftables", entry.format != "ipset" {
            return "‘set-name’ is for ‘format: nftables’ and ‘format: ipset’"
        }
        return nil
    }
}

extension ValueFormat<String> {
    /// A name that nftables and ipset take, with what is put behind it.
    static let setName = ValueFormat.scalar(
        "name", noun: "the name of a set",
        parse: { text throws(ValueProblem) in
            guard (1...26).contains(text.utf8.count),
                text.utf8.allSatisfy({
                    (97...122).contains($0 | 32) || (48...57).contains($0) || $0 == 95 || $0 == 45
                })
            else { throw .notAValue(hint: "1 to 26 letters, digits, ‘-’ and ‘_’") }
            return text
        }, write: { $0 })
}
