import FlowDoctor
import FlowModel
import Testing

@testable import FlowWire

@Suite struct DiagnosisTests {
    private static let now: UInt64 = 1_700_000_000_000

    private func exporter(
        _ exportProtocol: ExportProtocol = .ipfix,
        _ change: (inout ExporterStatus) -> Void = { _ in }
    ) -> ExporterStatus {
        var tally = ExporterTally()
        tally.firstReceived = Self.now - 86_400_000
        tally.lastReceived = Self.now - 1000
        tally.datagrams = 10_000
        tally.records = 100_000
        tally.flows = 100_000
        tally.clockOffset = -300
        var status = ExporterStatus(
            exportProtocol: exportProtocol, sender: IPAddress(v4: 0xc000_0201),
            exporter: IPAddress(v4: 0xc000_0201), domain: 1, tally: tally)
        status.templates = 2
        status.oldestTemplate = Self.now - 60_000
        change(&status)
        return status
    }

    private func findings(_ status: ExporterStatus) -> [Finding] {
        Diagnosis().diagnose(status, at: Self.now).findings
    }

    @Test func `nothing is said of an exporter that is well`() {
        #expect(findings(exporter()).isEmpty)
        #expect(findings(exporter(.sflow5) { $0.oldestTemplate = nil }).isEmpty)
    }

    /// One thing wrong with an exporter that is well otherwise.
    struct Case: Sendable, CustomTestStringConvertible {
        var kind: Finding.Kind
        var severity: Finding.Severity
        var change: @Sendable (inout ExporterStatus) -> Void

        init(
            _ kind: Finding.Kind, _ severity: Finding.Severity,
            _ change: @escaping @Sendable (inout ExporterStatus) -> Void
        ) {
            self.kind = kind
            self.severity = severity
            self.change = change
        }

        var testDescription: String { "\(severity) \(kind)" }
    }

    private static let cases: [Case] = [
        Case(.silent, .problem) { $0.tally.lastReceived = now - 7_200_000 },
        Case(.silent, .note) { $0.tally.lastReceived = now - 700_000_000 },
        Case(.loss, .warning) { $0.tally.lost = 500 },
        Case(.loss, .problem) { $0.tally.lost = 5_000 },
        Case(.reordering, .note) { $0.tally.reordered = 200 },
        Case(.restarts, .note) { $0.tally.restarts = 1 },
        Case(.restarts, .warning) { $0.tally.restarts = 40 },
        Case(.templateMissing, .problem) { $0.tally.undecoded = [.templateUnknown: 3] },
        Case(.templateMissing, .warning) { $0.waitingSets = 3 },
        Case(.templateAge, .warning) { $0.oldestTemplate = now - 7_200_000 },
        Case(.templateInvalid, .problem) { $0.tally.undecoded = [.templateTooLarge: 3] },
        Case(.undecoded, .warning) { $0.tally.undecoded = [.truncated: 3] },
        Case(.samplingUnknown, .problem) { $0.tally.rateUnknown = 3 },
        Case(.clock, .warning) { $0.tally.clockOffset = 3_600_000 },
        Case(.clock, .problem) { $0.tally.clockOffset = .min },
        Case(.flowTimes, .warning) { $0.tally.clockSkewed = 3 },
        Case(.oldProtocol, .note) { $0.exportProtocol = .netflow5 },
    ]

    @Test(arguments: cases)
    func `each thing is found by itself, with its weight`(_ thing: Case) {
        let found = findings(exporter(.ipfix, thing.change))
        #expect(found.map(\.kind) == [thing.kind])
        #expect(found.map(\.severity) == [thing.severity])
    }

    @Test func `the words have the numbers`() {
        let lost = findings(exporter(.netflow9) { $0.tally.lost = 500 })
        #expect(lost.first?.what == "lost 500 datagrams on the way, 4.76 % of what it sent")
        let behind = findings(exporter { $0.tally.clockOffset = -93_784_000 })
        #expect(behind.first?.what == "has a clock that is 1 d 2 h behind")
    }

    @Test func `little loss is not worth a word, nor an old template of an earlier run`() {
        #expect(findings(exporter { $0.tally.lost = 90 }).isEmpty)
        #expect(
            findings(
                exporter {
                    $0.restoredTemplates = 2
                    $0.oldestTemplate = Self.now - 7_200_000
                }
            ).isEmpty)
    }

    @Test func `the worst comes first`() {
        let statuses = [
            exporter(), exporter { $0.tally.restarts = 1 },
            exporter { $0.tally.rateUnknown = 1 },
        ]
        let order = Diagnosis().diagnose(statuses, at: Self.now).map(\.severity)
        #expect(order == [.problem, .note, nil])
    }

    @Test(
        arguments: [
            ([9, 29305], .ciscoIOSXE), ([2636], .juniper), ([12356], .fortigate),
            ([14988], .mikrotik),
            ([29305], nil), ([], nil),
        ] as [([UInt32], RouterModel?)])
    func `the maker is guessed by the enterprises in templates`(
        enterprises: [UInt32], router: RouterModel?
    ) {
        let status = exporter { $0.enterprises = enterprises }
        #expect(Diagnosis().diagnose(status, at: Self.now).router == router)
    }

    @Test func `sFlow does not tell the maker`() {
        #expect(Diagnosis().diagnose(exporter(.sflow5), at: Self.now).router == nil)
    }

    @Test(arguments: RouterModel.allCases)
    func `every router can be told to send here`(router: RouterModel) {
        let commands = router.export(to: "192.0.2.9")
        #expect(commands.contains("192.0.2.9"))
        #expect(router.commands(for: .clock, collector: "192.0.2.9") != nil)
        #expect(router.commands(for: .loss, collector: "192.0.2.9") == nil)
    }

    @Test(
        arguments: [
            (5, "5 ms"), (61_000, "1 min 1 s"), (60_000, "1 min"), (90_061_000, "1 d 1 h"),
            (86_460_000, "1 d"),
        ] as [(UInt64, String)])
    func `lengths of time have their two largest units`(milliseconds: UInt64, text: String) {
        #expect(durationText(milliseconds) == text)
    }
}
