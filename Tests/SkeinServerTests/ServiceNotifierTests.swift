import FlowTestSupport
import Foundation
import SkeinServer
import Testing

@Suite struct ServiceNotifierTests {
    @Test(arguments: [false, true])
    func `states arrive as one datagram`(isAbstract: Bool) throws {
        let folder = try TemporaryFolder()
        let name = isAbstract ? "@" + folder.url.lastPathComponent : folder.path("notify")
        let manager = try NotificationSocket(name)
        let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": name])
        #expect(notifier.isWanted)
        #expect(notifier.tell(.ready, .status("at 3 places\nREADY=0")))
        #expect(manager.heard() == "READY=1\nSTATUS=at 3 places READY=0")
        #expect(notifier.tell(.watchdog))
        #expect(manager.heard() == "WATCHDOG=1")
        #expect(notifier.tell(.stopping, .extendTimeout(.milliseconds(1500))))
        #expect(manager.heard() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=1500000")
        #expect(notifier.tell(.reloading))
        let reloading = try #require(manager.heard())
        #expect(reloading.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        #expect(reloading.split(separator: "=").last.flatMap { Int64($0) } ?? 0 > 0)
        #expect(manager.heard() == nil)
    }

    @Test func `where nobody listens nothing happens`() throws {
        let folder = try TemporaryFolder()
        let long = "/" + String(repeating: "a", count: 200)
        for name in [nil, "", "relative", "@", folder.path("absent"), long] {
            let notifier = ServiceNotifier(
                environment: name.map { ["NOTIFY_SOCKET": $0] } ?? [:])
            #expect(!notifier.tell(.ready))
        }
    }

    @Test(
        arguments: [
            ([:], nil),
            (["WATCHDOG_USEC": "30000000"], .seconds(15)),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"], .seconds(15)),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"], nil),
            (["WATCHDOG_USEC": "1"], .microseconds(1)),
            (["WATCHDOG_USEC": "0"], nil), (["WATCHDOG_USEC": "-5"], nil),
            (["WATCHDOG_USEC": "x"], nil),
        ] as [([String: String], Duration?)])
    func `the watchdog is fed twice as often as it must be`(
        environment: [String: String], interval: Duration?
    ) {
        #expect(ServiceNotifier(environment: environment, process: 7).watchdogInterval == interval)
    }
}
