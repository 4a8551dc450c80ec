import FlowAlert
import FlowIntel
import FlowModel
import FlowQuery
import FlowTestSupport
import Foundation
import Testing

/// Lines of BIND's category `rpz`.
@Suite struct BlockedQueryTests {
    private func read(_ line: String) -> BlockedQuery.Line {
        let times = TimeText(zone: .utc)
        return BlockedQuery.read(Array(line.utf8)[...]) { times.instant($0) }
    }

    private func query(_ line: String) throws -> BlockedQuery {
        guard case .query(let query) = read(line) else {
            throw CocoaError(.coderInvalidValue)
        }
        return query
    }

    private static let name =
        "22-Nov-2026 18:43:12.584 rpz: info: client @0x7fee93c74098 127.0.0.1#45060 "
        + "(x.y.c2-a.example): rpz QNAME NXDOMAIN rewrite x.y.c2-a.example/A/IN via "
        + "x.y.c2-a.example.rpz.threat.local"

    @Test func `a name that is blocked`() throws {
        let found = try query(Self.name)
        #expect(found.client == IPAddress("127.0.0.1") && found.port == 45060)
        #expect(found.name == "x.y.c2-a.example" && found.type == "A")
        #expect(found.trigger == .name && found.policy == "NXDOMAIN" && !found.isPassed)
        #expect(found.time == TimeText(zone: .utc).instant("2026-11-22T18:43:12.584"))
        #expect(found.isOf(zone: "RPZ.threat.local") && !found.isOf(zone: "threat.example"))
    }

    @Test(arguments: [
        ("IP NXDOMAIN rewrite i.example/A/IN via 24.0.113.0.203.rpz-ip.z", "203.0.113.0/24"),
        (
            "IP NODATA rewrite i.example/AAAA/IN via 48.zz.bad.db8.2001.rpz-ip.z",
            "2001:db8:bad::/48"
        ),
        (
            "IP DROP rewrite i.example/AAAA/IN via 128.10.zz.a.db8.2001.rpz-ip.z",
            "2001:db8:a::10/128"
        ),
        (
            "IP TCP-ONLY rewrite i.example/AAAA/IN via 128.8.7.6.5.4.3.2.1.rpz-ip.z",
            "1:2:3:4:5:6:7:8/128"
        ),
    ])
    func `an address of the answer that is blocked`(rest: String, prefix: String) throws {
        let found = try query("client 10.0.0.5#1 (i.example): rpz \(rest)")
        #expect(found.trigger == .address(try #require(IPPrefix(prefix))))
        #expect(found.time == nil)
    }

    @Test func `views, keys, pointers, other triggers and what a zone only would do`() throws {
        let view = try query(
            "2026-11-22T18:43:12.584Z client @0x1 2001:db8::7#5/key key.example (a.b.example): view in: "
                + "disabled rpz QNAME CNAME rewrite A.b.example/TXT/IN via A.b.example.z (CNAME to: x.y)"
        )
        #expect(view.client == IPAddress("2001:db8::7") && view.name == "a.b.example")
        #expect(view.time == 1_795_372_992_584)
        let server = try query(
            "client fe80::1%eth0#5 (a.b): rpz NSDNAME NXDOMAIN rewrite a.b/A/IN via ns.c.d.rpz-nsdname.z"
        )
        #expect(server.trigger == .serverName("ns.c.d"))
        #expect(server.client == IPAddress("fe80::1"))
        let client = try query(
            "client 10.0.0.5#5 (a.b): rpz CLIENT-IP DROP rewrite a.b/A/IN via 32.5.0.0.10.rpz-client-ip.z"
        )
        #expect(client.trigger == .client(try #require(IPPrefix("10.0.0.5/32"))))
        let address = try query(
            "client 10.0.0.5#5 (a.b): rpz NSIP DROP rewrite a.b/A/IN via 8.0.0.0.198.rpz-nsip.z")
        #expect(address.trigger == .serverAddress(try #require(IPPrefix("198.0.0.0/8"))))
        let passed = try query(
            "client 10.0.0.5#5 (a.b): rpz QNAME PASSTHRU rewrite a.b/A/IN via a.b.z")
        #expect(passed.isPassed)
    }

    @Test func `a name may have slashes and escapes, and cannot forge a line`() throws {
        let odd = try query(
            #"client 10.0.0.5#5 (a/b\032via\(x\).c2.example): rpz QNAME NXDOMAIN rewrite "#
                + #"a/b\032via\(x\).c2.example/A/IN via a/b\032via\(x\).c2.example.z"#)
        #expect(odd.name == #"a/b\032via\(x\).c2.example"#)
    }

    @Test(arguments: [
        "", "client", "client 10.0.0.5#53 (a.b): query: a.b IN A +E(0)K (127.0.0.1)",
        "zone rpz.threat.local/IN: loaded serial 2026112200", "no rewrite via anything",
    ])
    func `what is about something else is passed over`(line: String) {
        #expect(read(line) == .other)
    }

    @Test(arguments: [
        "client x#5 (a.b): rpz QNAME NXDOMAIN rewrite a.b/A/IN via a.b.z",
        "client 10.0.0.5#70000 (a.b): rpz QNAME NXDOMAIN rewrite a.b/A/IN via a.b.z",
        "client 10.0.0.5 (a.b): rpz QNAME NXDOMAIN rewrite a.b/A/IN via a.b.z",
        "client 10.0.0.5#5 (a.b): rpz QNAME NXDOMAIN rewrite a.b via a.b.z",
        "client 10.0.0.5#5 (a.b): rpz QNAME NXDOMAIN rewrite /A/IN via a.b.z",
        "client 10.0.0.5#5 (a.b): rpz QNAME NXDOMAIN rewrite a.b/A/IN",
        "client 10.0.0.5#5 (a.b): rpz WHAT NXDOMAIN rewrite a.b/A/IN via a.b.z",
        "client 10.0.0.5#5 (a.b): rpz IP NXDOMAIN rewrite a.b/A/IN via a.b.z",
        "client 10.0.0.5#5 (a.b): rpz IP DROP rewrite a.b/A/IN via 33.0.0.0.1.rpz-ip.z",
        "client 10.0.0.5#5 (a.b): rpz IP DROP rewrite a.b/A/IN via 64.zz.zz.1.rpz-ip.z",
        "client 10.0.0.5#5 (ä.b): rpz QNAME NXDOMAIN rewrite ä.b/A/IN via ä.b.z",
        " rewrite client 10.0.0.5#5 rpz ",
        "client 10.0.0.5#5 (a.b): rpz QNAME NXDOMAIN rewrite "
            + String(repeating: "a", count: 9000) + "/A/IN via a.b.z",
    ])
    func `what cannot be understood is counted, not guessed at`(line: String) {
        #expect(read(line) == .unreadable)
    }
}

/// Alerts of blocked questions.
@Suite struct QueryAlertTests {
    private func question(
        _ client: String, _ name: String, at time: UInt64 = epoch, sources: [String] = ["otx"],
        indicator: String? = nil
    ) throws -> ListedQuery {
        let line =
            "client \(client)#5 (\(name)): rpz QNAME NXDOMAIN rewrite \(name)/A/IN via \(name).z"
        guard
            case .query(var query) = BlockedQuery.read(Array(line.utf8)[...], instant: { _ in nil })
        else { throw CocoaError(.coderInvalidValue) }
        query.time = time
        var listed = ListedQuery(query)
        listed.sources = sources
        if let indicator { listed.indicator = indicator }
        return listed
    }

    private func rule(_ filter: String = "any", sources: [String] = []) throws -> AlertRule {
        AlertRule(
            name: "known-bad-name", filter: try FlowExpression(parsing: filter),
            test: .dns(sources: sources), severity: .high, window: 60_000, silence: 120_000)
    }

    @Test func `one for each listed name and client, told once a window, resolved after silence`()
        throws
    {
        let world = AlertWorld([try rule()])
        let listed = "evil.example"
        world.engine.take(
            [
                try question("10.0.0.5", "a.evil.example", indicator: listed),
                try question("10.0.0.5", "b.evil.example", indicator: listed),
                try question("198.51.100.6", "a.evil.example", indicator: listed),
            ], at: epoch)
        #expect(world.opened.map(\.question) == ["a.evil.example", "a.evil.example"])
        #expect(world.opened.map(\.indicator) == [listed, listed])
        #expect(world.opened.map(\.host) == [IPAddress("10.0.0.5"), nil])
        #expect(world.opened.map(\.source) == [IPAddress("10.0.0.5"), IPAddress("198.51.100.6")])
        #expect(world.opened[0].kind == .dns && world.opened[0].sources == ["otx"])
        world.engine.take([try question("10.0.0.5", listed)], at: epoch + 60_000)
        #expect(world.continued.map(\.flows) == [3])
        // A resolver whose clock is ahead.
        world.engine.take([try question("10.0.0.5", listed, at: .max)], at: epoch + 61_000)
        world.engine.tick(epoch + 121_000)
        #expect(world.resolved.map(\.flows) == [1])
        world.engine.tick(epoch + 181_000)
        #expect(world.resolved.map(\.flows) == [1, 4])
        #expect(world.resolved[1].last == epoch + 61_000)
    }

    @Test func `sources and filters choose, and what goes on is taken over`() throws {
        let chosen = AlertWorld([try rule("src net 10.0.0.0/8 and dst port 53", sources: ["otx"])])
        let questions = [
            try question("10.0.0.5", "a.example"), try question("192.168.0.5", "a.example"),
            try question("10.0.0.6", "a.example", sources: ["drop"]),
        ]
        chosen.engine.take(questions, at: epoch)
        #expect(chosen.opened.map(\.source) == [IPAddress("10.0.0.5")])
        let again = AlertWorld([try rule()])
        again.engine.adopt(chosen.opened)
        again.engine.take([questions[0]], at: epoch + 1)
        #expect(again.opened.isEmpty)
        again.engine.reload([], inside: InsideNetworks(), nil)
        #expect(again.resolved.map(\.flows) == [2])
    }

    @Test func `it is told as a line and in all forms, and kept`() throws {
        var alert = Alert(rule: "known-bad-name", kind: .dns, severity: .high)
        alert.id = 7
        alert.source = IPAddress("10.0.0.5")
        alert.question = "a.evil.example"
        alert.indicator = "evil.example"
        alert.sources = ["otx"]
        alert.links = ["https://otx.example/pulse/1"]
        alert.first = epoch
        let event = AlertEvent(.opened, alert, time: epoch, received: nil)
        let times = TimeText(now: epoch, zone: .utc)
        #expect(
            AlertForm.text.line(event, times: times)
                == "2016-06-07 12:38:20 : 10.0.0.5 -> a.evil.example (DNS) known-bad-name "
                + "listed as evil.example [otx] https://otx.example/pulse/1")
        let eve = AlertForm.eve.line(event)
        #expect(eve.contains(#""dns":{"query":[{"type":"query","rrname":"a.evil.example"}]}"#))
        #expect(!eve.contains(#""proto":"HOPOPT""#))
        let ecs = AlertForm.ecs.line(event)
        #expect(ecs.contains(#""dns":{"question":{"name":"a.evil.example"}}"#))
        #expect(ecs.contains(#""type":"domain-name""#))
        let folder = try TemporaryFolder()
        let store = try AlertStore(path: folder.path("alerts.sqlite"))
        try store.apply([.insert(alert)])
        #expect(try store.open() == [alert])
    }
}
