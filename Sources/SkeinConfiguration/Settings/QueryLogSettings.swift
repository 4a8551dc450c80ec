/// A log of a resolver.
public struct QueryLogSettings: Hashable, Sendable {
    /// The file.
    public var path = ""
    /// Only what this policy zone has blocked; nil: any.
    public var zone: String?
    /// `end` or `beginning`.
    public var from = "end"

    static let table: SettingTable<QueryLogSettings> = {
        let setting = SettingMaker(initial: QueryLogSettings())
        return SettingTable([
            setting(
                "path", \.path, .path, required: true,
                "The file that BIND writes its category `rpz` to; it may be rotated away."),
            setting(
                "zone", \.zone, .optional(.hostName),
                "Only what this policy zone has blocked; none: any."),
            setting(
                "from", \.from,
                .word(["end", "beginning"].map { ($0, $0) }, noun: "a place in a file"),
                "Where reading begins in the file that is there at the start."),
        ])
    }()
}
