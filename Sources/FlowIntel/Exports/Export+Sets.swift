import FlowModel

extension IPPrefix {
    /// `192.0.2.1` for one address, else `192.0.2.0/24`.
    var shortText: String { bits == 128 ? "\(address)" : description }
}

extension Export {
    func silk(_ prefixes: [IPPrefix], family: Int) -> [UInt8] {
        var file = TextFile()
        file.line("# input for: rwsetbuild silk-v\(family).txt bad\(family).set")
        for prefix in prefixes { file.line("\(prefix)") }
        return file.octets
    }

    func nftables(_ options: ExportOptions) -> [UInt8] {
        let table = "inet \(options.setName)"
        var file = TextFile()
        file.line("#!/usr/sbin/nft -f")
        file.line(
            "# atomic: add + flush + fill in one transaction; the table survives reloads")
        file.line("add table \(table)")
        for (set, type) in [("bad4", "ipv4_addr"), ("bad6", "ipv6_addr")] {
            file.line("add set \(table) \(set) { type \(type); flags interval; auto-merge; }")
        }
        for set in ["bad4", "bad6"] { file.line("flush set \(table) \(set)") }
        for (set, prefixes) in [("bad4", carved.prefixesV4), ("bad6", carved.prefixesV6)]
        where !prefixes.isEmpty {
            file.append("add element \(table) \(set) { ")
            for (index, prefix) in prefixes.enumerated() {
                file.append((index > 0 ? ", " : "") + prefix.shortText)
            }
            file.line(" }")
        }
        return file.octets
    }

    func ipset(_ options: ExportOptions) -> [UInt8] {
        var file = TextFile()
        for (family, digit, prefixes) in [
            ("inet", "4", carved.prefixesV4), ("inet6", "6", carved.prefixesV6),
        ] {
            let name = options.setName + digit
            var elementsMax = 1 << 20
            while elementsMax < prefixes.count { elementsMax <<= 1 }
            for set in [name, name + "-new"] {
                file.line(
                    "create \(set) hash:net family \(family) hashsize 1024 maxelem \(elementsMax) -exist"
                )
            }
            file.line("flush \(name)-new")
            for prefix in prefixes { file.line("add \(name)-new \(prefix) -exist") }
            file.line("swap \(name)-new \(name)")
            file.line("destroy \(name)-new")
        }
        return file.octets
    }

    /// Merged networks, with exclusions for their holes; 127.0.0.2 is the test entry of RFC 5782 §5.
    func rbldnsdV4() -> [UInt8] {
        var file = TextFile()
        file.line(":127.0.0.2:https://localhost/why?ip=$")
        file.line("127.0.0.2")
        for prefix in holes.prefixesV4 { file.line("!" + prefix.shortText) }
        for prefix in listed.prefixesV4 { file.line("\(prefix)") }
        return file.octets
    }

    func rbldnsdV6() -> [UInt8] {
        var file = TextFile()
        file.line(":127.0.0.2:listed")
        file.line("::ffff:7f00:2")
        for prefix in holes.prefixesV6 { file.line("!\(prefix)") }
        for prefix in listed.prefixesV6 { file.line("\(prefix)") }
        return file.octets
    }
}
