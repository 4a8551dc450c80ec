import FlowFeeds
import FlowIntel
import FlowTestSupport
import Foundation
import Synchronization
import Testing

/// Updating from time to time.
@Suite struct UpdaterTests {
    /// What an updater said, to be waited for.
    private final class Ear: Sendable {
        private let lines = Mutex<[String]>([])
        private let arrived = DispatchSemaphore(value: 0)

        func hear(_ event: FeedUpdater.Event) {
            lines.withLock { $0.append(event.line) }
            arrived.signal()
        }

        /// Waits for a line with `text` in it.
        func wait(for text: String) -> Bool {
            while !lines.withLock({ lines in lines.contains { $0.contains(text) } }) {
                guard arrived.wait(timeout: .now() + .seconds(120)) == .success else {
                    return false
                }
            }
            return true
        }
    }

    private func updater(
        _ scene: FeedScene, _ sources: [FeedSource], _ ear: Ear
    ) -> FeedUpdater {
        FeedUpdater(
            scene.store,
            plan: .init(sources: sources, policy: AddressPolicy(), options: scene.options),
            lookInterval: .milliseconds(10)
        ) { ear.hear($0) }
    }

    @Test func `a file that changes is read again, and only then`() throws {
        let scene = try FeedScene()
        let path = try scene.folder.write("list.txt", Array("192.0.2.1\n192.0.2.2\n".utf8))
        let ear = Ear()
        let updater = updater(scene, [try scene.source(.path(path))], ear)
        updater.start()
        defer { updater.stop() }
        #expect(ear.wait(for: "feed: 2 added, 0 gone, 2 in all"))
        // In its place at once, as editors and downloads do it.
        try scene.folder.write("next", Array("192.0.2.1\n198.51.100.2\n".utf8))
        #expect(rename(scene.folder.path("next"), path) == 0)
        #expect(ear.wait(for: "feed: 1 added, 1 gone, 2 in all"))
        try FileManager.default.removeItem(atPath: path)
        #expect(ear.wait(for: "No such file or directory; the last list stays"))
        #expect(try scene.values == ["192.0.2.1", "198.51.100.2"])
        // Another updater finds the list as it was read.
        updater.stop()
        let status = try #require(updater.statuses.first)
        #expect(status.reads == 3 && status.failures == 1 && status.inForce == 2)
    }

    @Test func `a source that fails is asked less and less often, one that works in its time`()
        throws
    {
        let server = try LoopbackServer { request in
            request.path == "/good" ? .text("192.0.2.1\n") : .status(500)
        }
        defer { server.stop() }
        let scene = try FeedScene()
        var good = try scene.list("\(server.url)/good")
        good.name = "good"
        let bad = try scene.list("\(server.url)/bad")
        let ear = Ear()
        let updater = updater(scene, [good, bad], ear)
        updater.start()
        #expect(ear.wait(for: "feed: \(server.url)/bad: 500"))
        #expect(ear.wait(for: "good: 1 added"))
        updater.stop()
        // Both were asked once: the next time is a minute, or an hour, away.
        #expect(server.requests.count == 2)
        #expect(updater.statuses.map(\.failures) == [1, 0])
        // A second updater knows what the first has learnt.
        let again = self.updater(scene, [good], ear)
        again.start()
        #expect(ear.wait(for: "feed is no longer configured; forgotten"))
        again.stop()
        #expect(server.requests.count == 2)
    }

    @Test func `the end does not wait for a server`() throws {
        let asked = DispatchSemaphore(value: 0)
        let server = try LoopbackServer { _ in
            asked.signal()
            return .init(
                headers: [("Content-Length", "100")], body: Array("192.0.2.1\n".utf8),
                saysLength: false, holds: true)
        }
        defer { server.stop() }
        let scene = try FeedScene()
        scene.options.silenceTime = .seconds(300)
        let updater = updater(scene, [try scene.list(server.url)], Ear())
        updater.start()
        #expect(asked.wait(timeout: .now() + .seconds(120)) == .success)
        let start = ContinuousClock.now
        updater.stop()
        #expect(ContinuousClock.now - start < .seconds(100))
        #expect(try scene.problem == nil)
    }
}
