import FlowIntel
import FlowModel
import Foundation
import Testing

private func range(_ text: String) throws -> AddressRange {
    try #require(AddressRange(listed: text))
}

@Suite struct JudgementTests {
    @Test(.enabled(if: SharedFeeds.folder != nil))
    func `the example is decided as its authors decided`() throws {
        let example = try ExportExample()
        #expect(example.indicators.count == 30)
        let expected = try SharedFeeds.text("exports-example/decisions.tsv")
        #expect(decisionTable(example.judgements) == expected)
        #expect(Set(AddressPolicy.reserved.map { "\($0)" }).count == 12)
    }

    @Test(arguments: [
        ("10.1.2.3", Refusal.reserved), ("10.0.0.0/8", .reserved), ("8.0.0.0/6", .reserved),
        ("0.0.0.0/0", .everything), ("223.0.0.1-224.0.0.1", .reserved), ("fe80::1", .reserved),
        ("::1", .reserved), ("fc00::/6", .reserved), ("192.0.2.0/24", nil), ("2001:db8::/32", nil),
        ("198.51.100.17", .own), ("198.51.0.0/16", .own), ("198.51.101.0/24", nil),
        ("255.255.255.255", .reserved), ("8.8.8.8", nil),
    ])
    func `reserved and own networks are refused in either direction of containment`(
        listed: String, refusal: Refusal?
    ) throws {
        let policy = AddressPolicy(own: [IPPrefix("198.51.100.0/24")].compactMap { $0 })
        #expect(policy.refusal(of: try range(listed)) == refusal)
    }

    @Test func `each update reports read, refused by reason and in force`() throws {
        let page = """
            [{"indicators": [
              {"indicator": "192.0.2.1", "type": "IPv4"},
              {"indicator": "0.0.0.0/0", "type": "CIDR"}, {"indicator": "10.1.2.3", "type": "IPv4"},
              {"indicator": "192.0.2.2", "type": "IPv4", "expiration": "2024-01-20T00:00:00"},
              {"indicator": "192.0.2.3", "type": "IPv4", "is_active": 0},
              {"indicator": "a.example", "type": "domain", "expiration": "2030-01-01"}]}]
            """
        let contents = try readFeed(Array(page.utf8))
        let judged = contents.judged(by: AddressPolicy(), now: 1_709_251_200_000)
        #expect(judged.read == 6)
        #expect(judged.refused == [.everything: 1, .reserved: 1, .expired: 1, .inactive: 1])
        #expect(judged.inForce == 2)
    }

    @Test func `an allowed address within a listed network is a hole`() throws {
        var allow = AllowList()
        allow.add(["192.0.2.64/30", "192.0.2.255"], origin: "own")
        let judge = Judge(allowList: allow, now: 0)
        func judgement(_ text: String) throws -> Judgement {
            judge.judge(
                try #require(Indicator(listed: text, kind: .network, source: "x")))
        }
        let carved = try judgement("192.0.2.0/24")
        #expect(carved.pieces.map { "\($0)" } == ["192.0.2.0/26", "192.0.2.68-192.0.2.254"])
        #expect(try judgement("192.0.2.65").outcome == .allowed(by: "own"))
        #expect(try judgement("192.0.3.0/24").outcome == .inForce)
        #expect(allow.origins(allowing: try #require(IPAddress("192.0.2.66"))) == ["own"])
    }

    @Test func `names are allowed with what lies below, values alone`() throws {
        var allow = AllowList()
        allow.add(["www.google.com", "D41D8CD98F00B204E9800998ECF8427E"], origin: "own")
        let lists = [
            #"{"name": "S", "type": "substring", "list": ["cuckoo"], "version": 1}"#,
            #"{"name": "H", "type": "hostname", "list": [".mozilla.org"], "version": 1}"#,
            #"{"name": "X", "type": "string", "list": ["Exact.example", "192.0.2.9"], "version": 1}"#,
            #"{"name": "R", "type": "regex", "list": ["(a+)+$"], "version": 1}"#,
            #"{"name": "C", "type": "cidr", "list": ["192.0.2.128/25", "junk"], "version": 1}"#,
        ]
        for text in lists {
            allow.add(
                try #require(try readFeed(Array(text.utf8), format: .warningList).warningList))
        }
        #expect(allow.unusable == 1)
        #expect(allow.origin(allowing: "a.www.google.com", kind: .domain) == "own")
        #expect(allow.origin(allowing: "google.com", kind: .domain) == nil)
        #expect(allow.origin(allowing: "notwww.google.com", kind: .domain) == nil)
        #expect(allow.origin(allowing: "d41d8cd98f00b204e9800998ecf8427e", kind: .md5) == "own")
        #expect(allow.origin(allowing: "http://cuckoo.example/", kind: .url) == "S")
        #expect(allow.origin(allowing: "x.mozilla.org", kind: .hostname) == "H")
        #expect(allow.origin(allowing: "exact.example", kind: .hostname) == "X")
        #expect(allow.origin(allowing: "a.exact.example", kind: .hostname) == nil)
        #expect(allow.origin(allowing: try range("192.0.2.9")) == "X")
        #expect(allow.origin(allowing: try range("192.0.2.200")) == "C")
    }

    private func list(
        _ type: String, _ entries: [String], _ attributes: [String]
    ) throws
        -> WarningList
    {
        let document: [String: Any] = [
            "name": "\(type) list", "type": type, "version": 1, "list": entries,
            "matching_attributes": attributes,
        ]
        let octets = Array(try JSONSerialization.data(withJSONObject: document))
        return try #require(try readFeed(octets, format: .warningList).warningList)
    }

    @Test func `a warning list allows only the kinds that it names`() throws {
        var allow = AllowList()
        allow.add(try list("string", ["192.0.2.1", "a.example"], ["domain", "hostname"]))
        #expect(allow.origin(allowing: try range("192.0.2.1")) == nil)
        #expect(allow.origin(allowing: "a.example", kind: .domain) == "string list")
        #expect(allow.origin(allowing: "a.example", kind: .email) == nil)
        allow.add(try list("string", ["a.example"], ["email-src"]))
        #expect(allow.origin(allowing: "a.example", kind: .email) == "string list")
        #expect(allow.origin(allowing: "a.example", kind: .domain) == "string list")
        allow.add(try list("cidr", ["198.51.100.0/24"], ["ip-src", "ip-dst|port"]))
        #expect(allow.origin(allowing: try range("198.51.100.9")) == "cidr list")
        allow.add(try list("cidr", ["203.0.113.0/24"], ["domain"]))
        #expect(allow.origin(allowing: try range("203.0.113.9")) == nil)
        allow.add(try list("hostname", ["b.example"], ["url"]))
        #expect(
            allow.origin(allowing: "http://u@x.b.example:8/", kind: .url) == "hostname list")
        #expect(allow.origin(allowing: "http://xb.example/b.example", kind: .url) == nil)
        #expect(allow.origin(allowing: "x.b.example", kind: .domain) == nil)
        allow.add(try list("substring", ["cuckoo"], ["filename|md5"]))
        #expect(allow.origin(allowing: "cuckoo.example", kind: .domain) == nil)
    }

    @Test func `regular expressions are applied in linear time, bare and in slashes`() throws {
        var allow = AllowList()
        let patterns = [
            #"^s3[.-].*\.amazonaws\.com$"#, #"/^CDN[0-9]+\./i"#, "(a+)+$", "(?=x)", "[", "/", "//",
        ]
        allow.add(try list("regex", patterns, ["domain", "hostname"]))
        #expect(allow.unusable == 3)
        #expect(allow.origin(allowing: "s3-eu.amazonaws.com", kind: .domain) == "regex list")
        #expect(allow.origin(allowing: "cdn42.example", kind: .hostname) == "regex list")
        #expect(allow.origin(allowing: "xcdn42.example", kind: .hostname) == nil)
        #expect(allow.origin(allowing: "http://cdn42.example/", kind: .url) == nil)
        let hostile = String(repeating: "a", count: 5000) + "!"
        let began = ContinuousClock.now
        #expect(allow.origin(allowing: hostile, kind: .domain) == nil)
        #expect(ContinuousClock.now - began < .seconds(20))
    }
}
