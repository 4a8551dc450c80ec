extension ExportFormat {
    /// What HTTP calls it.
    public var mediaType: String {
        switch self {
        // RFC 4027
        case .rpz: "text/dns"
        // STIX 2.1 has no name of its own but in TAXII 2.1 §1.6.8.
        case .stix: "application/stix+json;version=2.1"
        case .decisions: "text/tab-separated-values; charset=utf-8"
        case .silkV4, .silkV6, .nftables, .ipset, .suricataCategories, .suricataReputation,
            .suricataRules, .zeek, .wazuhAddresses, .wazuhNotes, .wazuhNames, .rbldnsdV4,
            .rbldnsdV6:
            "text/plain; charset=utf-8"
        }
    }
}
