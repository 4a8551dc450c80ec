import SkeinServer
import Testing

@Suite struct RequestGuardTests {
    private let guardian = RequestGuard(names: ["Flows.example.org"])

    private func refusal(
        host: String?, origin: String? = nil, site: String? = nil, mode: String? = nil
    ) -> RequestGuard.Refusal? {
        do throws(RequestGuard.Refusal) {
            try guardian.check(host: host, origin: origin, site: site, mode: mode)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "127.0.0.1", "127.0.0.1:8055", "127.1.2.3:1", "localhost", "LOCALHOST:8055",
        "localhost.:8055",
        "[::1]", "[::1]:8055", "flows.example.org", "FLOWS.example.org:443",
    ])
    func `the loopback and names of the configuration may be asked`(host: String) {
        #expect(refusal(host: host) == nil)
    }

    @Test(arguments: [
        "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "128.0.0.1",
        "127.0.0.256",
        "127.0.0", "127.0.0.1:80:80", "127.0.0.1@evil.example", "[::2]", "[::1]x", "[::1",
        "0.0.0.0",
        "2130706433", "x.flows.example.org", "127.0.0.1:x",
    ])
    func `other names are refused, as DNS rebinding sends them`(host: String) {
        #expect(refusal(host: host) == .hostUnknown(host))
    }

    @Test func `a request without a host is refused`() {
        #expect(refusal(host: nil) == .hostMissing)
        #expect(refusal(host: "") == .hostMissing)
    }

    @Test(arguments: [
        ("127.0.0.1:8055", "http://127.0.0.1:8055"), ("localhost:8055", "http://LOCALHOST:8055"),
        ("localhost", "http://localhost:80"), ("flows.example.org", "https://flows.example.org"),
    ])
    func `the server's own page may ask`(host: String, origin: String) {
        #expect(refusal(host: host, origin: origin) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1:8055", "http://evil.example"), ("127.0.0.1:8055", "http://127.0.0.1:3000"),
        ("127.0.0.1:8055", "http://localhost:8055"), ("127.0.0.1:8055", "null"),
        ("127.0.0.1:8055", "file://127.0.0.1:8055"), ("127.0.0.1:8055", ""),
    ])
    func `other origins may not`(host: String, origin: String) {
        #expect(refusal(host: host, origin: origin) == .crossOrigin(origin))
    }

    @Test func `what a page of another site loads is refused, a link is followed`() {
        let host = "127.0.0.1:8055"
        for site in ["cross-site", "same-site"] {
            #expect(refusal(host: host, site: site, mode: "no-cors") != nil)
            #expect(refusal(host: host, site: site, mode: "navigate") == nil)
        }
        #expect(refusal(host: host, site: "same-origin", mode: "cors") == nil)
        #expect(refusal(host: host, site: "none", mode: "navigate") == nil)
    }
}
