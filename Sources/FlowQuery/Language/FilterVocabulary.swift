import FlowModel
import Synchronization

/// What the words of a filter stand for.
enum FilterEntry {
    /// Complete in itself: `any`, `ipv6`, `tcp`.
    case fixed(FlowExpression)
    /// To be compared with values.
    case subject(FilterSubject)
    /// What ``TextMatch`` looks for follows at once: `content "GET"`.
    case match(FilterSubject, TextMatch)
    /// Complete in itself, but no record has it, for the reason given.
    case absent(String)
}

/// The words of the language: one to four words in a row, in lower case, with what they mean.
enum FilterVocabulary {
    /// Every phrase.
    static let entries = phrases(beginningWith: nil)

    /// The phrases by their first words, as far as they were asked for.
    private static let asked = Mutex<[String: [String: FilterEntry]]>([:])

    /// What a phrase means; nil where it is none.
    ///
    /// A filter has a few of the words: what the others mean, among it regular expressions to compile, is
    /// not worked out for it.
    static func entry(of phrase: String) -> FilterEntry? {
        let first = String(phrase.prefix { $0 != " " })
        return asked.withLock { asked in
            if let known = asked[first] { return known[phrase] }
            let phrases = phrases(beginningWith: first)
            // Only words of the language are kept, which are not many.
            if !phrases.isEmpty { asked[first] = phrases }
            return phrases[phrase]
        }
    }

    private static func phrases(beginningWith word: String?) -> [String: FilterEntry] {
        var builder = Builder(firstWord: word)
        builder.addFields()
        builder.addAddresses()
        builder.addTwoSided()
        builder.addCounters()
        builder.addDetails()
        builder.addLabels()
        builder.addComplete()
        builder.addElements()
        builder.addPortBlocks()
        builder.addPayload()
        builder.addAbsent()
        return builder.entries
    }

    /// Words of the longest phrase.
    static let wordsMax = 5

    /// The words that may follow the beginning of a phrase, sorted.
    static let continuations: [String: [String]] = {
        var following: [String: Set<String>] = [:]
        for phrase in entries.keys {
            let words = phrase.split(separator: " ")
            for count in 1..<max(words.count, 1) {
                let beginning = words.prefix(count).joined(separator: " ")
                following[beginning, default: []].insert(String(words[count]))
            }
        }
        return following.mapValues { $0.sorted() }
    }()

    /// The words that a phrase may begin with, sorted.
    static let firstWords: [String] = {
        let words = entries.keys.map { String($0.prefix { $0 != " " }) }
        return Set(words).sorted()
    }()

    /// Bits of an MPLS label entry without its TTL: label 20, EXP 3, bottom of stack 1.
    static let mplsEntryBits: UInt64 = 24

    private static let isTCP = FlowExpression.test(.field(.proto), .inRanges([6...6]))
    private static let isICMP = FlowExpression.test(.field(.proto), .inRanges([1...1, 58...58]))

    /// How the values of a column are written.
    static func kind(of info: FieldInfo) -> ValueKind {
        switch info.field {
        case .direction: return .number(1, named: NamedValues.directions)
        case .event: return .number(255, named: NamedValues.firewallEvents)
        case .natevent: return .number(255, named: NamedValues.natEvents)
        case .fwdstatus: return .number(255, named: NamedValues.forwarding)
        case .endreason: return .number(255, named: NamedValues.endReasons)
        case .ethertype: return .number(65_535, named: NamedValues.etherTypes)
        default: break
        }
        switch info.meaning {
        case .instant: return .instant
        case .address: return .address(isNet: false)
        case .transportProtocol: return .transportProtocol
        case .port: return .port
        case .tcpFlags: return .tcpFlags
        case .mac: return .mac
        case .autonomousSystem: return .autonomousSystem
        case .country: return .country
        case .service: return .service
        case .number, .counter, .elements: return .number(Quantity.field(info.field).largest)
        }
    }

    struct Builder {
        /// The only first word of the phrases that are taken; nil takes all.
        let firstWord: String?
        private(set) var entries: [String: FilterEntry] = [:]

        init(firstWord: String?) { self.firstWord = firstWord }

        /// Whether a phrase is taken.
        func takes(_ phrase: String) -> Bool {
            guard let firstWord else { return true }
            let (letters, word) = (phrase.utf8, firstWord.utf8)
            guard letters.starts(with: word) else { return false }
            return letters.count == word.count
                || letters[letters.index(letters.startIndex, offsetBy: word.count)]
                    == UInt8(ascii: " ")
        }

        /// Adds a phrase, whose meaning is worked out only where it is taken.
        mutating func set(_ phrase: String, _ entry: @autoclosure () -> FilterEntry) {
            if takes(phrase) { entries[phrase] = entry() }
        }

        mutating func add(_ phrases: String..., subject: @autoclosure () -> FilterSubject) {
            for phrase in phrases { set(phrase, .subject(subject())) }
        }

        /// `noun`, `src noun` and `dst noun`.
        mutating func addSides(
            _ noun: String, _ source: Field, _ destination: Field, _ kind: ValueKind,
            names: (String, String) = ("src", "dst"), before: String = ""
        ) {
            add(before + noun, subject: FilterSubject(source, destination, kind: kind))
            add("\(names.0) \(before)\(noun)", subject: FilterSubject(source, kind: kind))
            add("\(names.1) \(before)\(noun)", subject: FilterSubject(destination, kind: kind))
        }

        /// Every column under its own name.
        mutating func addFields() {
            for info in Field.table + Field.derived where info.meaning != .elements {
                let implied: FlowExpression? =
                    switch info.field {
                    case .flags: isTCP
                    case .icmptype, .icmpcode: isICMP
                    default: nil
                    }
                add(
                    info.name,
                    subject: FilterSubject(info.field, kind: kind(of: info), implied: implied))
            }
        }

        mutating func addAddresses() {
            for noun in ["ip", "host", "net"] {
                let kind = ValueKind.address(isNet: noun == "net")
                addSides(noun, .srcip, .dstip, kind)
                for nat in ["nat ", "xlate "] {
                    addSides(noun, .natsrcip, .natdstip, kind, before: nat)
                }
                addSides(noun, .tunsrcip, .tundstip, kind, before: "tun ")
                add("next \(noun)", subject: FilterSubject(.nexthop, kind: kind))
                add("bgp next \(noun)", subject: FilterSubject(.bgpnexthop, kind: kind))
                add(
                    "router \(noun)", "exporter \(noun)",
                    subject: FilterSubject(.exporter, kind: kind))
            }
            add("router", subject: FilterSubject(.exporter, kind: .address(isNet: false)))
        }

        mutating func addTwoSided() {
            addSides("port", .srcport, .dstport, .port)
            for nat in ["nat ", "xlate "] {
                addSides("port", .natsrcport, .natdstport, .port, before: nat)
            }
            addSides("as", .srcas, .dstas, .autonomousSystem)
            add("prev as", subject: FilterSubject(.prevas, kind: .autonomousSystem))
            add("next as", subject: FilterSubject(.nextas, kind: .autonomousSystem))
            for noun in ["geo", "country"] { addSides(noun, .srcgeo, .dstgeo, .country) }
            addSides("vlan", .srcvlan, .dstvlan, .number(65_535))
            addSides("mask", .srcmask, .dstmask, .number(128))
            addSides("if", .inif, .outif, .number(UInt64(UInt32.max)), names: ("in", "out"))
            addSides("vrf", .invrf, .outvrf, .number(UInt64(UInt32.max)), names: ("in", "out"))
            addSides(
                "vrf", .invrf, .outvrf, .number(UInt64(UInt32.max)), names: ("ingress", "egress"))
            addSides("ttl", .minttl, .maxttl, .number(255), names: ("min", "max"))
            addSides("mac", .srcmac, .dstmac, .mac)
            for way in ["in", "out"] {
                add("\(way) mac", subject: FilterSubject(.srcmac, .dstmac, kind: .mac))
                add("\(way) src mac", subject: FilterSubject(.srcmac, kind: .mac))
                add("\(way) dst mac", subject: FilterSubject(.dstmac, kind: .mac))
            }
            // As in nfdump `tos` alone is the one on ingress.
            add("src tos", subject: FilterSubject(.tos, kind: .number(255)))
            add("dst tos", subject: FilterSubject(.dsttos, kind: .number(255)))
        }

        mutating func addCounters() {
            add("in packets", subject: FilterSubject(.packets, kind: .number(.max)))
            add("out packets", subject: FilterSubject(.rpackets, kind: .number(.max)))
            add("in bytes", subject: FilterSubject(.bytes, kind: .number(.max)))
            add("out bytes", subject: FilterSubject(.rbytes, kind: .number(.max)))
            add("duration", subject: FilterSubject(.duration, kind: .duration))
            add("pps", subject: FilterSubject(.pps, kind: .number(.max)))
            add("bps", subject: FilterSubject(.bps, kind: .number(.max)))
            add("bpp", subject: FilterSubject(.bpp, kind: .number(.max)))
            add("first seen", subject: FilterSubject(.start, kind: .instant))
            add("last seen", subject: FilterSubject(.end, kind: .instant))
        }

        mutating func addDetails() {
            add("tun proto", subject: FilterSubject(.tunproto, kind: .transportProtocol))
            add(
                "icmp type", "icmp-type",
                subject: FilterSubject(.icmptype, kind: .number(255), implied: isICMP))
            add(
                "icmp code", "icmp-code",
                subject: FilterSubject(.icmpcode, kind: .number(255), implied: isICMP))
            add(
                "flowdir",
                subject: FilterSubject(
                    .direction, kind: .number(1, named: NamedValues.directions)))
            add(
                "fwdstat",
                subject: FilterSubject(
                    .fwdstatus, kind: .number(255, named: NamedValues.forwarding)))
            // `event` has the NAT event where there is no other; its numbers mean something else.
            add(
                "asa event",
                subject: FilterSubject(
                    .event, kind: .number(255, named: NamedValues.firewallEvents),
                    implied: FlowExpression.test(.field(.natevent), .equals(.event)).negated))
            add(
                "nat event",
                subject: FilterSubject(
                    .natevent, kind: .number(255, named: NamedValues.natEvents)))
            add(
                "observation domain", "observation domain id",
                subject: FilterSubject(.domain, kind: .number(UInt64(UInt32.max))))
            add("sampler", "sampler id", subject: FilterSubject(.samplerid, kind: .number(.max)))
            add(
                "engine type", "engine-type",
                subject: FilterSubject(.domain, kind: .bits(shift: 8, width: 8)))
            add(
                "engine id", "engine-id",
                subject: FilterSubject(.domain, kind: .bits(shift: 0, width: 8)))
        }

        mutating func addLabels() {
            let label = ValueKind.bits(shift: 4, width: 20)
            for depth in 1...10 {
                let field = Field.mpls(depth)
                // nfdump counts the stack from 0.
                add("mpls label\(depth - 1)", subject: FilterSubject(field, kind: label))
                add(
                    "mpls exp\(depth - 1)",
                    subject: FilterSubject(field, kind: .bits(shift: 1, width: 3)))
            }
            var any = FilterSubject(.mpls(1), kind: label)
            any.sides = (1...10).map { .field(.mpls($0)) }
            add("mpls any", subject: any)
            var bottom = any
            bottom.sideCondition = .masked(mask: 1, value: 1)
            add("mpls eos", subject: bottom)
        }

        mutating func addComplete() {
            set("any", .fixed(.constant(true)))
            let isV4 = FlowExpression.any([
                .addresses(.field(.srcip), .v4), .addresses(.field(.dstip), .v4),
            ])
            let notV4 = IntervalSet<IPAddress>.v4.complement()
            let isV6 = FlowExpression.any([
                .addresses(.field(.srcip), notV4), .addresses(.field(.dstip), notV4),
            ])
            for word in ["ipv4", "inet"] { set(word, .fixed(isV4)) }
            for word in ["ipv6", "inet6"] { set(word, .fixed(isV6)) }
            for name in ProtocolNames.bare {
                guard let number = ProtocolNames.number(of: name).map(UInt64.init) else { continue }
                set(name, .fixed(.test(.field(.proto), .inRanges([number...number]))))
            }
            set("ttl equal", .fixed(.test(.field(.minttl), .equals(.maxttl))))
        }
    }
}
