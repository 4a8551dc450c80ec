import FlowModel
import FlowTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

@testable import SkeinServer

/// A clock that a test sets.
private final class SetClock: Sendable {
    private let milliseconds = Mutex<Int64>(1_000_000)

    var clock: AccessClock {
        AccessClock(
            monotonic: { self.milliseconds.withLock { $0 } },
            wall: { self.milliseconds.withLock { $0 / 1000 } })
    }

    func advance(_ seconds: Int64) { milliseconds.withLock { $0 += seconds * 1000 } }
}

@Suite struct AccessControlTests {
    private let folder: TemporaryFolder
    private let file: AccessFile
    private let time = SetClock()

    init() throws {
        folder = try TemporaryFolder()
        file = AccessFile(folder.path("ACCESS"))
    }

    private func control(
        _ change: (inout AccessConfiguration) -> Void = { _ in }
    ) throws -> AccessControl {
        var configuration = AccessConfiguration(file: file)
        change(&configuration)
        return try AccessControl(configuration, clock: time.clock)
    }

    private func session(
        _ control: AccessControl, _ name: String = "anna", _ password: String = "correct horse",
        at address: IPAddress = IPAddress(v4: 1), replacing: String? = nil
    ) async -> String? {
        let outcome = await control.login(
            user: name, password: Array(password.utf8), at: address, replacing: replacing)
        guard case .welcome(let session, _) = outcome else { return nil }
        return session
    }

    @Test func `without users nobody is asked, with the first everybody, at once`() throws {
        let control = try control()
        let open = try #require(control.caller(session: nil, token: nil))
        #expect(open.scope == .admin)
        try add("anna", to: file)
        #expect(control.caller(session: nil, token: nil) == nil)
        #expect(!control.isStill(open))
        try file.change { _ = $0.remove(user: "anna") }
        #expect(control.caller(session: nil, token: nil) != nil)
    }

    @Test func `where others reach it nobody is let in without a name`() throws {
        let control = try control { $0.isReachable = true }
        #expect(control.caller(session: nil, token: nil) == nil)
    }

    @Test func `a file that breaks, or is gone, opens nothing`() async throws {
        try add("anna", to: file)
        let control = try control()
        let session = await session(control)
        try Data("user".utf8).write(to: URL(fileURLWithPath: file.path))
        #expect(control.caller(session: session, token: nil)?.name == "anna")
        #expect(control.caller(session: nil, token: nil) == nil)
        unlink(file.path)
        #expect(control.caller(session: session, token: nil)?.name == "anna")
        #expect(control.caller(session: nil, token: nil) == nil)
        #expect(throws: Never.self) { try AccessControl(AccessConfiguration(file: file)) }
    }

    @Test func `a session ends when it is idle, when it is old, and when it is ended`() async throws
    {
        try add("anna", to: file)
        let control = try control {
            $0.sessionIdle = .seconds(100)
            $0.sessionTime = .seconds(250)
        }
        let idle = await session(control)
        time.advance(99)
        #expect(control.caller(session: idle, token: nil) != nil)
        time.advance(100)
        #expect(control.caller(session: idle, token: nil) == nil)

        let old = await session(control)
        for _ in 0..<4 {
            #expect(control.caller(session: old, token: nil) != nil)
            time.advance(62)
        }
        time.advance(3)
        #expect(control.caller(session: old, token: nil) == nil)

        let ended = await session(control)
        let caller = try #require(control.caller(session: ended, token: nil))
        control.logout(caller)
        #expect(control.caller(session: ended, token: nil) == nil)
        #expect(!control.isStill(caller))
    }

    @Test func `looking whether somebody still is does not keep a session alive`() async throws {
        try add("anna", to: file)
        let control = try control { $0.sessionIdle = .seconds(100) }
        let session = await session(control)
        let caller = try #require(control.caller(session: session, token: nil))
        time.advance(60)
        #expect(control.isStill(caller))
        time.advance(60)
        #expect(!control.isStill(caller))
    }

    @Test func `another password, another scope and removal end what was before`() async throws {
        try add("anna", .admin, to: file)
        let control = try control()
        let session = await session(control)
        let caller = try #require(control.caller(session: session, token: nil))
        // Of another scope: who stays is told so, the session goes on with less.
        try file.change { list in
            var user = try #require(list[user: "anna"])
            user.scope = .read
            list.put(user)
        }
        #expect(!control.isStill(caller))
        #expect(control.caller(session: session, token: nil)?.scope == .read)
        try add("anna", password: "correct horse", to: file)
        #expect(control.caller(session: session, token: nil) == nil)
        let again = await self.session(control)
        try add("ben", to: file)
        #expect(control.caller(session: again, token: nil) != nil)
        try file.change { _ = $0.remove(user: "anna") }
        #expect(control.caller(session: again, token: nil) == nil)
    }

    @Test func `a session is never what the browser had before`() async throws {
        try add("anna", to: file)
        let control = try control()
        let first = try #require(await session(control))
        let second = try #require(await session(control, replacing: first))
        #expect(first != second && first.count == 64)
        #expect(control.caller(session: first, token: nil) == nil)
        let fixed = String(repeating: "a", count: 64)
        #expect(await session(control, replacing: fixed) != fixed)
        #expect(control.caller(session: fixed, token: nil) == nil)
    }

    @Test func `sessions have a bound, the one idle for longest goes first`() async throws {
        try add("anna", to: file)
        let control = try control()
        var sessions: [String] = []
        for _ in 0...AccessControl.sessionsOfUserMax {
            sessions.append(try #require(await session(control)))
            time.advance(1)
        }
        #expect(control.caller(session: sessions[0], token: nil) == nil)
        #expect(control.caller(session: sessions[1], token: nil) != nil)
    }

    @Test func `tokens open what they are for, until they end or are revoked`() throws {
        let control = try control()
        let (short, long) = try file.change { list in
            (
                list.add(token: "short", scope: .read, created: 0, expires: 1100),
                list.add(token: "long", scope: .admin, created: 0, expires: nil)
            )
        }
        #expect(control.caller(session: nil, token: short)?.scope == .read)
        let caller = try #require(control.caller(session: nil, token: long))
        #expect(caller.scope == .admin && caller.name == "long")
        for wrong in ["", "skein_", short + "0", String(short.dropLast()), short.uppercased()] {
            #expect(control.caller(session: nil, token: wrong) == nil)
        }
        time.advance(100)
        #expect(control.caller(session: nil, token: short) == nil)
        try file.change { _ = $0.remove(token: "long") }
        #expect(!control.isStill(caller))
    }

    @Test func `guessing takes longer and longer, for unknown users alike`() async throws {
        try add("anna", to: file)
        let control = try control()
        for name in ["anna", "nobody", "no name at all"] {
            let place = IPAddress(v4: UInt32(name.utf8.count))
            var waits: [Int64] = []
            for _ in 0..<9 {
                switch await control.login(
                    user: name, password: Array("wrong password".utf8), at: place, replacing: nil)
                {
                case .early(let seconds):
                    waits.append(seconds)
                    time.advance(seconds)
                case .wrong: continue
                default: Issue.record("let in")
                }
            }
            #expect(waits == [1, 2], "\(name)")
        }
        // Somebody else, elsewhere, does not wait.
        try add("ben", to: file)
        #expect(await session(control, "ben", at: IPAddress(v4: 77)) != nil)
        #expect(control.metrics.contains { $0.name == "skein_http_logins_total" })
    }

    @Test func `strangers who guess do not keep somebody out where they have been before`()
        async throws
    {
        try add("anna", to: file)
        let control = try control()
        let home = IPAddress(v4: 5)
        #expect(await session(control, at: home) != nil)
        for place in 100..<140 {
            _ = await session(control, "anna", "wrong password", at: IPAddress(v4: UInt32(place)))
        }
        #expect(await session(control, at: IPAddress(v4: 200)) == nil)
        #expect(await session(control, at: home) != nil)
    }
}

@Suite struct LoginThrottleTests {
    @Test func `what strangers make it remember has a bound`() {
        var throttle = LoginThrottle()
        for number in 0..<UInt64(40_000) {
            let address = IPAddress(high: 0x2001_0db8 << 32 | number << 8, low: number)
            _ = throttle.begin(user: "u\(number)", at: address, now: 0)
        }
        #expect(throttle.count <= LoginThrottle.recordsMax + 2)
        // Newcomers are counted together then, and wait.
        let late = throttle.begin(user: "x", at: IPAddress(v4: 9), now: 1)
        #expect(throws: LoginThrottle.Wait.self) { try late.get() }
        // It is forgotten.
        let hours: Int64 = 2 * 3_600_000
        #expect(throws: Never.self) {
            try throttle.begin(user: "x", at: IPAddress(v4: 9), now: hours).get()
        }
        #expect(throttle.count < 10)
    }

    @Test func `many attempts at once are no way around`() {
        var throttle = LoginThrottle()
        let passed = (0..<50).count { _ in
            (try? throttle.begin(user: "anna", at: IPAddress(v4: 9), now: 0).get()) != nil
        }
        #expect(passed == 6)
    }

    @Test func `an IPv6 network counts as one`() {
        let first = LoginThrottle.place(of: IPAddress("2001:db8:0:100::1") ?? IPAddress(v4: 0))
        #expect(
            first == LoginThrottle.place(of: IPAddress("2001:db8:0:1ff::9") ?? IPAddress(v4: 0)))
        #expect(
            first != LoginThrottle.place(of: IPAddress("2001:db8:0:200::1") ?? IPAddress(v4: 0)))
    }
}
