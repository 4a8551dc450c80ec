import FlowModel

extension Export {
    /// A response policy zone.
    ///
    /// All owner names are relative: `named` ignores an absolute one, although `named-checkzone` finds
    /// nothing wrong with it. Holes in networks are passthru records, since the longest prefix wins.
    func rpz(_ options: ExportOptions) -> [UInt8] {
        let names = RPZNames(self)
        let serial = options.serial ?? serialOfToday(revision: options.revision)
        var file = TextFile()
        file.line("$TTL 60")
        file.line("@ IN SOA localhost. hostmaster.localhost. ( \(serial) 60 60 604800 60 )")
        file.line("@ IN NS localhost.")
        file.line(
            "; allow-list first (order does not matter to named: the longest / most specific trigger wins inside one zone)"
        )
        for name in names.allowed.sorted(by: {
            ($0.needsBelow ? 1 : 0, $0.name) < ($1.needsBelow ? 1 : 0, $1.name)
        }) {
            if name.needsBelow { file.line("*.\(name.name) CNAME rpz-passthru.") }
            file.line("\(name.name) CNAME rpz-passthru.")
        }
        let allowed = AddressSet(holes.ranges + allowList.ownRanges)
        for owner in (allowed.prefixesV4 + allowed.prefixesV6).map(\.rpzOwner).sorted() {
            file.line("\(owner) CNAME rpz-passthru.")
        }
        file.line(
            "; names: type domain = the name and everything below; type hostname = the exact name only; *.x = below x only"
        )
        for (name, kind) in names.listed.sorted(by: { $0.key < $1.key }) {
            if let above = names.subtree(above: name) {
                file.line("; \(name) is covered by *.\(above)")
                continue
            }
            if kind != .subtree { file.line("\(name) CNAME .") }
            if kind != .hostname { file.line("*.\(name) CNAME .") }
        }
        file.line(
            "; addresses in answers (optional section): allow-listed holes are passthru records above"
        )
        for prefix in listed.prefixesV4 + listed.prefixesV6 {
            file.line("\(prefix.rpzOwner) CNAME .")
        }
        return file.octets
    }
}

/// Which names a policy zone blocks and which it lets pass.
private struct RPZNames {
    /// Listed names and their scope; the wider one where there are two.
    private(set) var listed: [String: IndicatorKind] = [:]
    private(set) var allowed: [(name: String, needsBelow: Bool)] = []

    /// Octets that a name may have beside the zone's own and `*.`: 255 in all (RFC 1035 §2.3.4).
    private static let octetsMax = 180

    init(_ export: Export) {
        for judgement in export.inForce {
            guard case .text(let kind, let name) = judgement.indicator.value, kind.isName,
                name.utf8.count <= Self.octetsMax
            else { continue }
            listed[name] = listed[name].map { Self.join($0, kind) } ?? kind
        }
        let own = Set(export.allowList.ownNames)
        for (name, isSubtree) in export.allowList.names where name.utf8.count <= Self.octetsMax {
            let isBelowListed = subtree(above: name) != nil
            guard own.contains(name) || isBelowListed else { continue }
            allowed.append((name, isBelowListed && isSubtree))
        }
    }

    private static func join(_ a: IndicatorKind, _ b: IndicatorKind) -> IndicatorKind {
        a == b ? a : .domain
    }

    /// The listed name that blocks all below it and has `name` below it.
    func subtree(above name: String) -> String? {
        var rest = Substring(name)
        while let dot = rest.firstIndex(of: ".") {
            rest = rest[rest.index(after: dot)...]
            if let kind = listed[String(rest)], kind != .hostname { return String(rest) }
        }
        return nil
    }
}

extension IPPrefix {
    /// `24.0.2.0.192.rpz-ip`, `48.zz.bad.db8.2001.rpz-ip`: "zz" stands for "::".
    fileprivate var rpzOwner: String {
        let parts: [Substring]
        if address.isV4 {
            parts = "\(address)".split(separator: ".")
        } else {
            let halves = "\(address)".split(separator: "::", omittingEmptySubsequences: false)
            let groups = halves.map { $0.split(separator: ":") }
            parts = groups.count == 2 ? groups[0] + ["zz"] + groups[1] : groups[0]
        }
        return "\(familyLength)." + parts.reversed().joined(separator: ".") + ".rpz-ip"
    }
}
