/// A MISP warning list: values that are no indicators whoever lists them.
public struct WarningList: Sendable {
    /// How its entries are compared.
    public enum Comparison: String, Sendable {
        /// With the whole value.
        case string
        /// With any part of the value.
        case substring
        /// With a name and everything below it.
        case hostname
        /// With the addresses of a network.
        case cidr
        /// As a regular expression: not applied, since whoever writes a list must not choose how long
        /// matching takes.
        case regex
    }

    /// Its title.
    public var name: String
    /// Its version: the date it was made, in eight digits.
    public var version: Int64
    /// How its entries are compared.
    public var comparison: Comparison
    /// MISP's attribute types that it is meant for; empty for all.
    public var attributes: [String]
    /// The entries as they stand.
    public var entries: [String]

    init?(_ document: JSON) {
        guard let list = document["list"]?.array,
            let comparison = document["type"]?.string.flatMap(Comparison.init)
        else { return nil }
        name = (document["name"]?.string ?? "a MISP warning list").asOneLine
        version = document["version"]?.integer ?? 0
        self.comparison = comparison
        attributes = document["matching_attributes"]?.strings ?? []
        entries = list.compactMap { $0.string?.trimmedText }.filter { !$0.isEmpty }
    }

    /// The addresses of its entries, where it is a list of networks or of whole values.
    public var ranges: [AddressRange] {
        guard comparison == .cidr || comparison == .string else { return [] }
        return entries.compactMap { AddressRange(listed: $0) }
    }
}
