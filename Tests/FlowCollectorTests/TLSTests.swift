import FlowModel
import FlowTestSupport
import Testing

@testable import FlowCollector

@Suite(.enabled(if: TestCertificates.canBeMade, "openssl is not installed"))
struct TLSTests {
    private let folder: TemporaryFolder
    private let files: TLSFiles

    init() throws {
        folder = try TemporaryFolder()
        let certificates = try TestCertificates("authority", in: folder)
        let own = try certificates.issue("collector")
        files = TLSFiles(
            certificate: own.certificate, key: own.key, authorities: certificates.authority)
    }

    private func running(
        _ change: (inout CollectorConfiguration) -> Void = { _ in }
    ) throws -> RunningCollector {
        let place = ListenAddress(IPAddress(v4: 0x7f00_0001), port: 0, transport: .tls)
        return try RunningCollector([place]) { configuration in
            configuration.tls = files
            change(&configuration)
        }
    }

    @Test func `who does not begin with TLS in time is closed`() throws {
        let running = try running { $0.streams.handshake = .milliseconds(1) }
        let sender = try Sender(to: running.address)
        eventually("it is counted") { running.counters.listeners[0].handshakesFailed == 1 }
        eventually("it is closed") { running.counters.listeners[0].connections == 0 }
        #expect(running.said.contains { "\($0)".contains("the handshake took too long") })
        try running.stop()
        withExtendedLifetime(sender) {}
    }

    @Test func `connections are limited, and strangers refused`() throws {
        let limited = try running { $0.streams.connectionsPerAddressMax = 2 }
        let senders = try (0..<5).map { _ in try Sender(to: limited.address) }
        eventually("each is taken or refused") {
            let counters = limited.counters.listeners[0]
            return counters.accepted == 2 && counters.refused == 3
        }
        // They have not even said hello: the end does not wait for them.
        try limited.stop()
        withExtendedLifetime(senders) {}

        let prefix = try #require(IPPrefix("127.0.0.2/32"))
        let closed = try running { $0.allow = [prefix] }
        let stranger = try Sender(to: closed.address)
        eventually("it is refused") { closed.counters.refused == 1 }
        try closed.stop()
        withExtendedLifetime(stranger) {}
    }

    @Test func `half a hello and noise break nothing`() throws {
        let running = try running()
        for octets: [UInt8] in [
            [22], [22, 3, 1, 0xff, 0xff], [22, 3, 1, 0, 4, 1, 2, 3, 4], [0, 10, 0, 16],
            [0x80, 0x2e],
        ] {
            let sender = try Sender(to: running.address)
            sender.send(octets)
        }
        eventually("each is counted") { running.counters.listeners[0].handshakesFailed == 5 }
        eventually("each is closed") { running.counters.listeners[0].connections == 0 }
        #expect(running.counters.listeners[0].broken == 0)
        try running.stop()
    }

    @Test func `a place for TLS needs its files`() throws {
        #expect(throws: CollectorError.self) {
            _ = try RunningCollector(starts: false) {
                $0.tls = TLSFiles(certificate: "nowhere", key: "nowhere")
            }
        }
    }

    @Test func `a certificate that ends soon is worth a word`() throws {
        let certificates = try TestCertificates("brief", in: folder)
        let own = try certificates.issue("collector", days: 3)
        let running = try running {
            $0.tls = TLSFiles(certificate: own.certificate, key: own.key)
        }
        let said = running.said.map(\.description)
        #expect(said.contains { $0.contains("ends to be valid in 7") }, "\(said)")
        #expect(said.contains { $0.contains("TLS without tls.authorities") })
        try running.stop()
    }

    @Test func `what strangers bring about is said ten times, then once in ten seconds`() {
        let budget = EventBudget(now: 0)
        let second: UInt64 = 1_000_000_000
        #expect(
            (0..<15).map { _ in budget.take(now: 1) } == Array(repeating: 0, count: 10)
                + Array(repeating: nil, count: 5))
        #expect(budget.take(now: 10 * second) == 5)
        #expect(budget.take(now: 11 * second) == nil)
        #expect(budget.take(now: 35 * second) == 1)
        #expect(budget.take(now: 35 * second) == 0)
        #expect(budget.take(now: 35 * second) == nil)
    }
}
