import FlowModel

/// The words for what has no column: elements kept in `other`, and what no record has.
extension FilterVocabulary.Builder {
    private mutating func add(_ phrase: String, _ elements: ElementSource..., kind: ValueKind) {
        add(phrase, subject: FilterSubject(elements: elements, kind: kind))
    }

    private static func element(
        _ id: UInt16, enterprise: UInt32 = 0, _ reading: ElementSource.Reading = .number
    ) -> ElementSource {
        ElementSource([ElementSource.Element(id, enterprise: enterprise)], reading)
    }

    mutating func addElements() {
        for phrase in ["observation point", "observation point id"] {
            add(phrase, Self.element(138), kind: .number(.max))
        }
        // Cisco ASA: three numbers, of the list, of its entry and of the entry's extension.
        let list = ValueKind.number(UInt64(UInt32.max))
        add("ingress acl", Self.element(33000, .words), kind: list)
        add("egress acl", Self.element(33001, .words), kind: list)
        add("asa xevent", Self.element(33002), kind: .number(65_535))
        add(
            "asa denied", Self.element(33002),
            kind: .number(65_535, named: NamedValues.extendedFirewallEvents))
        add("asa user", Self.element(40000, .text), kind: .text)
        for (place, who) in ["client", "server", "application"].enumerated() {
            add("\(who) latency", ElementSource.latency(place), kind: .number(.max))
        }
    }

    mutating func addPortBlocks() {
        for (name, id) in [("start", UInt16(361)), ("end", 362), ("step", 363), ("size", 364)] {
            add("nat pblock \(name)", Self.element(id), kind: .number(65_535))
        }
        let block = ElementSource([.init(361), .init(362)], .number)
        let source = FlowExpression.element(block, .spans(.srcport))
        let destination = FlowExpression.element(block, .spans(.dstport))
        set("src port in nat pblock", .fixed(source))
        set("dst port in nat pblock", .fixed(destination))
        set("port in nat pblock", .fixed(.any([source, destination])))
    }

    /// What YAF sends of a flow's first octets; the reverse direction has bit 14 set.
    mutating func addPayload() {
        let cert = InformationElement.certEnterprise
        let forward = Self.element(18, enterprise: cert, .octets)
        let reverse = Self.element(18 | 0x4000, enterprise: cert, .octets)
        for (phrase, sources) in [
            ("payload", [forward, reverse]), ("in payload", [forward]), ("out payload", [reverse]),
        ] {
            let subject = FilterSubject(elements: sources, kind: .octets)
            set("\(phrase) content", .match(subject, .content))
            set("\(phrase) regex", .match(subject, .regex))
            if phrase == "payload" {
                set("content", .match(subject, .content))
                set("regex", .match(subject, .regex))
            }
        }
    }

    /// What nfdump can know and no record here has.
    ///
    /// Values are checked all the same, so that a filter does not become wrong on the day that
    /// there is something to compare.
    mutating func addAbsent() {
        func absent(_ phrases: [String], _ why: String, _ kind: @autoclosure () -> ValueKind) {
            for phrase in phrases {
                set(phrase, .subject(FilterSubject(absent: why, kind: kind())))
            }
        }
        func formed(_ noun: String, _ form: String) -> ValueKind {
            .formed(noun, try? RegexPattern("^(?:\(form))$", flags: "i"))
        }

        var places: [String] = []
        for word in ["geo", "country"] {
            for family in ["nat ", "tun "] {
                places += [family + word, "src \(family)\(word)", "dst \(family)\(word)"]
            }
        }
        absent(
            places, "only the countries of the source and the destination are stored", .country)

        absent(
            ["exporter id", "exporter sysid"],
            "nfdump numbers exporters itself; write exporter ADDRESS or domain NUMBER",
            .number(65_535))
        absent(
            ["ident"], "nfdump keeps it with a file; write exporter ADDRESS",
            formed("a name of letters, digits, _ and -", "[a-z0-9_-]{1,255}"))
        absent(["count", "cnt"], "records are not numbered", .number(.max))

        let filter = "only captures of pflog have it, and these are not read"
        absent(["pf action"], filter, .number(255, named: NamedValues.pfActions))
        absent(["pf reason"], filter, .number(255, named: NamedValues.pfReasons))
        absent(["pf rule"], filter, .number(UInt64(UInt32.max)))
        absent(["pf interface"], filter, .text)
        for direction in ["in", "out"] { set("pf dir \(direction)", .absent(filter)) }

        let payload = "what is sent is not looked into"
        for before in ["", "payload ", "in payload ", "out payload "] {
            absent(["\(before)dns name"], payload, .text)
            absent(
                ["\(before)dns address", "\(before)dns addr"], payload, .address(isNet: false))
            for word in ["tls", "ssl"] {
                absent(
                    ["\(before)\(word) version"], payload,
                    word == "tls"
                        ? formed("a version 1.0–1.3", "1\\.[0-3]")
                        : formed("a version 2.0 or 3.0", "[23]\\.0"))
                absent(["\(before)\(word) sni"], payload, .text)
            }
            absent(
                ["\(before)ja3"], payload, formed("32 hexadecimal digits", "[0-9a-f]{32}"))
            absent(
                ["\(before)ja4"], payload,
                formed(
                    "a fingerprint such as t13d1516h2_8daaf6152771_b186095e22b6",
                    "[tqd][0-9s]{2}[di][0-9]{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}"))
            absent(
                ["\(before)ja4s"], payload,
                formed(
                    "a fingerprint such as t130200_1301_234ea6891581",
                    "[tqd][0-9s]{2}[0-9]{2}[0-9a-z]{2}_[0-9a-f]{4}_[0-9a-f]{12}"))
            for word in ["dns", "tls", "ssl", "ja3", "ja4"] {
                set("\(before)\(word) defined", .absent(payload))
            }
        }
    }
}

extension ElementSource {
    /// What nProbe measured of a flow's way, in microseconds: 0 to the client, 1 to the server, 2 until the
    /// application answered.
    ///
    /// Whole seconds and the microseconds beyond, later one element in milliseconds; its NetFlow v9 types are
    /// its IPFIX numbers and 57472.
    static func latency(_ place: Int) -> ElementSource {
        let seconds = UInt16(82 + 2 * place)
        let milliseconds = UInt16(123 + place)
        var parts: [Element] = []
        for (id, factor) in [
            (seconds, UInt64(1_000_000)), (seconds + 1, 1), (milliseconds, 1000),
        ] {
            parts.append(.init(id, enterprise: 35632, factor: factor))
            parts.append(.init(57472 + id, factor: factor))
        }
        return ElementSource(parts, .sum)
    }
}
