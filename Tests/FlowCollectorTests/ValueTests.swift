import FlowCollector
import FlowModel
import Testing

@Suite struct ValueTests {
    @Test(arguments: [
        ("2055", "udp://*:2055"), (":2055", "udp://*:2055"), ("*:9", "udp://*:9"),
        ("0.0.0.0:4739", "udp://0.0.0.0:4739"), ("[::]:6343", "udp://[::]:6343"),
        ("tcp://[2001:db8::1]:4739", "tcp://[2001:db8::1]:4739"), ("tcp://4739", "tcp://*:4739"),
    ])
    func `places to listen at are read`(text: String, meaning: String) {
        #expect(ListenAddress(text)?.description == meaning)
    }

    @Test(arguments: [
        "", "x", "65536", "-1", "+5", "1.2.3.4", "1.2.3:9", "::1:2055", "[1.2.3.4]:5", "[::1]",
        "udp://", "sctp://1.2.3.4:5",
    ])
    func `other texts are not`(text: String) { #expect(ListenAddress(text) == nil) }

    @Test(arguments: [
        ("collector.example:2055", "collector.example", UInt16(2055)),
        ("[2001:db8::9]:9995", "2001:db8::9", 9995), ("192.0.2.9:1", "192.0.2.9", 1),
    ])
    func `targets are read`(text: String, host: String, port: UInt16) {
        let target = ForwardTarget(text)
        #expect(target?.host == host)
        #expect(target?.port == port)
        #expect(target?.description == text)
    }

    @Test(arguments: ["", "a", ":5", "a:", "a:0", "::1:5", "[a]:5"])
    func `other targets are not`(text: String) { #expect(ForwardTarget(text) == nil) }

    @Test func `an allow list is the union of its prefixes`() throws {
        let texts = ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.7", "2001:db8::/32", "::/3"]
        let list = AllowList(try texts.map { try #require(IPPrefix($0)) })
        for (text, isAllowed) in [
            ("10.0.0.0", true), ("10.255.255.255", true), ("11.0.0.0", false),
            ("9.255.255.255", false), ("192.0.2.7", true), ("192.0.2.8", false),
            ("2001:db8:1::", true), ("2001:db9::", false), ("127.0.0.1", false), ("::1", true),
        ] {
            #expect(list.allows(try #require(IPAddress(text))) == isAllowed, "\(text)")
        }
        #expect(AllowList([]).allows(.v4Zero))
        let all = AllowList([try #require(IPPrefix("0.0.0.0/0"))])
        #expect(all.allows(IPAddress(v4: 5)) && !all.allows(.v6Zero))
    }
}
