import FlowAlert
import FlowModel
import FlowQuery
import FlowTestSupport
import Testing

@Suite struct AlertStoreTests {
    private func alert(_ id: Int64, port: UInt16 = 443, last: UInt64 = epoch) -> Alert {
        var alert = Alert(rule: "known-bad", kind: .contact, severity: .high)
        alert.id = id
        alert.source = IPAddress("10.0.0.5")
        alert.target = IPAddress("2001:db8::1")
        alert.peer = alert.target
        alert.host = alert.source
        alert.indicator = "2001:db8::/32"
        alert.proto = 6
        alert.targetPort = port
        alert.bytes = UInt64(id) * 1000
        alert.flows = 3
        alert.first = epoch
        alert.last = last
        alert.sources = ["otx", "drop"]
        alert.links = ["https://example.org/1"]
        alert.country = "CH"
        return alert
    }

    @Test func `what is kept is read the same`() throws {
        let folder = try TemporaryFolder()
        let store = try AlertStore(path: folder.path("alerts.sqlite"))
        try store.apply([.insert(alert(1)), .insert(alert(2))])
        var changed = alert(2)
        changed.flows = 9
        changed.resolved = epoch + 5
        try store.apply([.update(changed)])
        var found: [Alert] = []
        try store.each {
            found.append($0); return true
        }
        #expect(found == [changed, alert(1)])
        #expect(try store.open() == [alert(1)])
        #expect(try store.nextID() == 3)
    }

    @Test func `a note stays whatever is added up`() throws {
        let folder = try TemporaryFolder()
        let store = try AlertStore(path: folder.path("alerts.sqlite"))
        let other = try AlertStore(path: folder.path("alerts.sqlite"))
        try store.apply([.insert(alert(1))])
        let version = try store.dataVersion()
        let known = try other.acknowledge(1, note: "the backup", at: epoch + 9)
        #expect(known?.state == .acknowledged)
        #expect(try store.dataVersion() != version)
        #expect(try store.acknowledged() == [1])
        try store.apply([.update(alert(1))])
        #expect(try store.open().map(\.note) == ["the backup"])
        #expect(try other.acknowledge(7, note: nil, at: epoch) == nil)
    }

    @Test(
        arguments: [
            ("any", [3, 2, 1]), ("dst port 80", [2]), ("bytes > 2k", [3]),
            ("src ip 10.0.0.5", [3, 2, 1]),
            ("dst geo CH and dst net 2001:db8::/32 and not dst port 80", [3, 1]), ("udp", []),
        ] as [(String, [Int64])])
    func `alerts are chosen by the filter language`(filter: String, ids: [Int64]) throws {
        let folder = try TemporaryFolder()
        let store = try AlertStore(path: folder.path("alerts.sqlite"))
        try store.apply([
            .insert(alert(1)), .insert(alert(2, port: 80)), .insert(alert(3)),
        ])
        let question = AlertQuestion(filter: try FlowExpression(parsing: filter))
        #expect(try question.answer(from: store).map(\.id) == ids)
    }

    @Test func `time, state, severity, rule and limit choose too`() throws {
        let folder = try TemporaryFolder()
        let store = try AlertStore(path: folder.path("alerts.sqlite"))
        var old = alert(1, last: epoch + 10)
        old.resolved = epoch + 20
        try store.apply([.insert(old), .insert(alert(2, last: epoch + 1000)), .insert(alert(3))])
        func ids(_ change: (inout AlertQuestion) -> Void) throws -> [Int64] {
            var question = AlertQuestion(filter: .constant(true))
            change(&question)
            return try question.answer(from: store).map(\.id)
        }
        #expect(try ids { $0.from = epoch + 5 } == [2, 1])
        #expect(try ids { $0.to = epoch } == [])
        #expect(try ids { $0.state = .resolved } == [1])
        #expect(try ids { $0.severity = .critical } == [])
        #expect(try ids { $0.rule = "other" } == [])
        #expect(try ids { $0.limit = 2 } == [2, 1])
    }
}
