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
        /// As a regular expression, which may match anywhere; in linear time, since whoever writes a list
        /// must not choose how long matching takes.
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

/// Kinds of values, as MISP's attribute types tell them apart.
struct ValueKinds: OptionSet {
    let rawValue: UInt8

    static let addresses = Self(rawValue: 1)
    static let names = Self(rawValue: 2)
    static let urls = Self(rawValue: 4)
    static let mail = Self(rawValue: 8)
    static let digests = Self(rawValue: 16)
    static let rest = Self(rawValue: 32)
    static let all: Self = [.addresses, .names, .urls, .mail, .digests, .rest]

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// What an indicator of a kind is.
    init(_ kind: IndicatorKind) {
        switch kind {
        case .address, .network: self = .addresses
        case .domain, .hostname, .subtree: self = .names
        case .url, .uri: self = .urls
        case .email: self = .mail
        case .md5, .sha1, .sha256, .sha512, .imphash, .pehash: self = .digests
        case .filePath, .mutex, .cve, .yara, .asn, .other: self = .rest
        }
    }

    /// What a warning list is meant for, by the attribute types that it names; all where it names none.
    init(attributes: [String]) {
        self = attributes.isEmpty ? .all : []
        for attribute in attributes {
            for type in attribute.lowercased().split(separator: "|") {
                switch type {
                case "ip-src", "ip-dst", "ip": insert(.addresses)
                case "domain", "hostname": insert(.names)
                case "url", "uri", "link": insert(.urls)
                case "email", "email-src", "email-dst", "target-email": insert(.mail)
                case "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "imphash", "pehash":
                    insert(.digests)
                case "port": break
                default: insert(.rest)
                }
            }
        }
    }
}
