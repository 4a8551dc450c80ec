import FlowModel

extension ValueFormat<String> {
    /// A file or folder; relative ones go by where `skein` was started.
    static let path = ValueFormat.scalar(
        "path", noun: "a path",
        parse: { text throws(ValueProblem) in
            guard text.utf8.count < 4096 else {
                throw .notAValue(hint: "a path has fewer than 4096 octets")
            }
            guard !text.hasPrefix("~") else {
                throw .notAValue(hint: "‘~’ is a word of the shell; write the folder out")
            }
            return text
        }, write: { $0 })

    /// A name for people, one line.
    static let label = ValueFormat.scalar(
        "text", noun: "a text of one line",
        parse: { text throws(ValueProblem) in
            guard !text.unicodeScalars.contains(where: { $0.value < 32 }), text.utf8.count <= 256
            else { throw .notAValue(hint: "one line of at most 256 octets") }
            return text
        }, write: { $0 })

    /// A filter of packets, in libpcap's language; libpcap checks it when it is used.
    static let packetFilter = ValueFormat.scalar(
        "pcap filter", noun: "a filter of packets", parse: { text throws(ValueProblem) in text },
        write: { $0 })

    /// A network interface.
    static let interface = ValueFormat.scalar(
        "interface", noun: "a network interface",
        parse: { text throws(ValueProblem) in
            // What the kernel takes for a name (dev_valid_name).
            guard text.utf8.count < 16, text != ".", text != "..",
                text.utf8.allSatisfy({ $0 > 32 && $0 != UInt8(ascii: "/") && $0 != 58 })
            else { throw .notAValue(hint: "it has at most 15 letters, as in eth0") }
            return text
        }, write: { $0 })

    /// A user of the system.
    static let user = ValueFormat.scalar(
        "user", noun: "a user",
        parse: { text throws(ValueProblem) in
            // What useradd(8) makes.
            guard text.utf8.count <= 32, let first = text.utf8.first, !(48...57).contains(first),
                text.utf8.allSatisfy({
                    (97...122).contains($0 | 32) || (48...57).contains($0) || $0 == 95 || $0 == 45
                })
            else { throw .notAValue(hint: "a name, as in skein") }
            return text
        }, write: { $0 })

    /// A country.
    static let country = ValueFormat.scalar(
        "two letters", noun: "a country of two letters (ISO 3166)",
        parse: { text throws(ValueProblem) in
            let country = text.uppercased()
            guard country.utf8.count == 2, country.utf8.allSatisfy({ (65...90).contains($0) })
            else { throw .notAValue(hint: "write CH or US") }
            return country
        }, write: { $0 })

    /// The name by which a browser asks for the page.
    static let hostName = ValueFormat.scalar(
        "host name", noun: "a host name",
        parse: { text throws(ValueProblem) in
            let name = text.lowercased()
            guard name.utf8.count <= 253,
                name.utf8.allSatisfy({
                    (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 46
                })
            else {
                throw .notAValue(hint: "a name only, without scheme and port: flows.example.org")
            }
            return name
        }, write: { $0 })

    /// A place on the web.
    static let webPlace = ValueFormat.scalar(
        "URL", noun: "a URL",
        parse: { text throws(ValueProblem) in
            let lower = text.lowercased()
            guard lower.hasPrefix("https://") || lower.hasPrefix("http://") else {
                throw .notAValue(hint: "write https://feeds.example.org/list.txt")
            }
            guard text.utf8.count <= 4096, text.utf8.allSatisfy({ (33...126).contains($0) }) else {
                throw .notAValue(hint: "what is no printable ASCII is written as %20")
            }
            let rest = text.drop { $0 != "/" }.dropFirst(2)
            let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            guard !host.isEmpty else { throw .notAValue(hint: "it names no host") }
            guard !host.contains("@") else {
                throw .notAValue(hint: "give the user as ‘user’, the password as ‘key-file’")
            }
            return text
        }, write: { $0 })

    /// A proxy of the web.
    static let proxy = ValueFormat.scalar(
        "`http://HOST:PORT`", noun: "a proxy",
        parse: { text throws(ValueProblem) in
            guard text.lowercased().hasPrefix("http://"), text.utf8.count <= 1024,
                text.utf8.allSatisfy({ (33...126).contains($0) })
            else { throw .notAValue(hint: "write http://proxy.example.org:3128") }
            return text
        }, write: { $0 })

    /// The name of a header of HTTP (RFC 9110 §5.1).
    static let headerName = ValueFormat.scalar(
        "header name", noun: "the name of a header",
        parse: { text throws(ValueProblem) in
            guard (1...64).contains(text.utf8.count),
                text.utf8.allSatisfy({
                    (97...122).contains($0 | 32) || (48...57).contains($0) || $0 == 45 || $0 == 95
                })
            else { throw .notAValue(hint: "a name alone, as in X-Api-Key") }
            return text
        }, write: { $0 })
}

extension ValueFormat<ResolverPlace> {
    /// A resolver of the DNS: `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:5353`.
    static let resolver = ValueFormat.scalar(
        "address, or address:port", noun: "a resolver",
        parse: { text throws(ValueProblem) in
            let problem = ValueProblem.notAValue(
                hint: "write 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353")
            if let address = IPAddress(text) { return ResolverPlace(address: address, port: 53) }
            guard let colon = text.lastIndex(of: ":"),
                let port = UInt16(text[text.index(after: colon)...]), port > 0
            else { throw problem }
            var host = text[..<colon]
            if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            guard let address = IPAddress(String(host)), address.isV4 == !text.hasPrefix("[") else {
                throw problem
            }
            return ResolverPlace(address: address, port: port)
        },
        write: { place in
            if place.port == 53 { return "\(place.address)" }
            return place.address.isV4
                ? "\(place.address):\(place.port)" : "[\(place.address)]:\(place.port)"
        })
}
