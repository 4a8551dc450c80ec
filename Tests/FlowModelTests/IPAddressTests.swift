import FlowModel
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:0DB8::0001", "2001:db8::1"),
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
        ("0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"), ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
        ("::ffff:192.0.2.1", "192.0.2.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("192.0.2.255", "192.0.2.255"), ("0.0.0.0", "0.0.0.0"),
    ])
    func `text is read in every form and written as RFC 5952 says`(text: String, canonical: String)
    {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "010.0.0.1", "1.2.3.4 ", ":", ":::", "1::2::3",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "g::",
        "1:", ":1", "1.2.3.4:",
    ])
    func `what is not an address is nil`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `host bits of a prefix are cleared and families do not mix`() throws {
        let prefix = try #require(IPPrefix("10.1.2.3/8"))
        #expect(prefix.description == "10.0.0.0/8")
        #expect(prefix.contains(IPAddress(v4: 0x0aff_ffff)))
        #expect(!prefix.contains(IPAddress(v4: 0x0b00_0000)))
        let all = try #require(IPPrefix("::/0"))
        #expect(!all.contains(.v4Zero))
        #expect(IPPrefix("0.0.0.0/0")?.contains(IPAddress(v4: 7)) == true)
        #expect(IPPrefix("10.0.0.0/33") == nil)
        #expect(
            IPPrefix("2001:db8::/32")?.last.description == "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")
    }
}
