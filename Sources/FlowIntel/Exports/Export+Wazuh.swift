import FlowModel

extension Export {
    /// A CDB list: `key:value`, a key once.
    ///
    /// Prefixes end with a dot and are whole octets, so networks are expanded to the next such
    /// length, never widened.
    func wazuhAddresses() -> (keys: [UInt8], notes: [UInt8]) {
        let matcher = Matcher(sources: sources.map { ($0, addresses(of: $0)) })
        func source(of address: IPAddress) -> String {
            let name = matcher.sources(listing: address).first.map { matcher.sources[$0] } ?? ""
            return name.asOneLine
        }
        var file = TextFile()
        for interval in carved.v4.intervals {
            interval.forEachBlock { address, length in
                let whole = (max(length, 1) + 7) / 8 * 8
                let step = UInt32(1) << UInt32(32 - whole)
                for index in 0..<(1 << (whole - length)) {
                    let key = IPAddress(v4: address + UInt32(index) * step)
                    let octets = "\(key)".split(separator: ".").prefix(whole / 8)
                    file.line(
                        octets.joined(separator: ".") + (whole < 32 ? "." : "") + ":"
                            + source(of: key))
                }
            }
        }
        var inexpressible: [String] = []
        for prefix in carved.prefixesV6 {
            guard prefix.bits == 128 else {
                inexpressible.append("\(prefix)")
                continue
            }
            file.line("\"\(prefix.address)\":" + source(of: prefix.address))
        }
        var notes = TextFile()
        if !inexpressible.isEmpty {
            notes.line(
                "CDB has no IPv6 prefix form; not exported: "
                    + inexpressible.joined(separator: ", "))
        }
        notes.line(
            "IPv4 prefixes are only /8 /16 /24 /32: everything else is expanded upwards in length (never widened)."
        )
        return (file.octets, notes.octets)
    }

    private func addresses(of source: String) -> AddressSet {
        AddressSet(inForce.filter { $0.indicator.source == source }.flatMap(\.pieces))
    }

    func wazuhNames() -> [UInt8] {
        var sourceOf: [String: String] = [:]
        for judgement in inForce {
            guard case .text(let kind, let name) = judgement.indicator.value,
                kind == .domain || kind == .hostname, sourceOf[name] == nil
            else { continue }
            sourceOf[name] = judgement.indicator.source.asOneLine
        }
        var file = TextFile()
        for (name, source) in sourceOf.sorted(by: { $0.key < $1.key }) {
            file.line("\(name):\(source)")
        }
        return file.octets
    }
}
