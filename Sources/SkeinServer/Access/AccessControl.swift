import FlowModel
import Synchronization

/// Knows who may ask: follows the file of users and tokens, logs people in and out.
///
/// Sessions are in memory only; whoever stays looks again and again whether they still may (``isStill(_:)``).
final class AccessControl: Sendable {
    fileprivate struct State {
        var list = AccessList()
        var version: AccessFile.Version?
        var tokens: [[UInt8]: AccessList.Token] = [:]
        var sessions: [SessionKey: Session] = [:]
        var throttle = LoginThrottle()
        var counts = AccessCounts()
    }

    let configuration: AccessConfiguration
    private let state: Mutex<State>
    private let checker = PasswordChecker()
    private let clock: AccessClock
    private let say: @Sendable (String) -> Void

    /// Sessions of one user at most; a further one ends the one that is idle for longest.
    static let sessionsOfUserMax = 32
    /// Sessions at most.
    static let sessionsMax = 4096

    /// - Throws: where the file cannot be read; a server must not start without.
    init(
        _ configuration: AccessConfiguration, clock: AccessClock = .machine,
        say: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(AccessFile.Failure) {
        self.configuration = configuration
        self.clock = clock
        self.say = say
        var state = State()
        let (list, version) = try configuration.file.readVersion()
        state.take(list, version)
        self.state = Mutex(state)
    }

    /// Whether nobody could ask who has to have a name.
    var isEmpty: Bool { current { $0.list.isEmpty } }

    /// Whether whoever asks has to say who they are.
    var isRequired: Bool { current { isRequired($0) } }

    private func isRequired(_ state: State) -> Bool {
        configuration.isReachable || !state.list.isEmpty
    }

    // MARK: - Who asks

    /// Who asks; nil where that is not proved and has to be.
    ///
    /// - Parameters:
    ///   - session: what the browser bears.
    ///   - token: what stands behind `Bearer`; where there is one it alone counts.
    func caller(session: String?, token: String?) -> Caller? {
        let key = session.map(SessionKey.init)
        let digest = token.map(AccessList.Token.digest)
        return current { state in
            guard isRequired(state) else { return Caller(name: nil, scope: .admin, proof: .none) }
            if let digest {
                let caller = state.caller(token: digest, at: clock.wall())
                if caller == nil { state.counts.tokens += 1 }
                return caller
            }
            guard let key, let caller = caller(key, &state) else { return nil }
            state.sessions[key]?.last = clock.monotonic()
            return caller
        }
    }

    /// Whether somebody still is who they were, with as much open to them: for answers that go on.
    func isStill(_ caller: Caller) -> Bool {
        current { state in
            switch caller.proof {
            case .none: !isRequired(state)
            case .session(let key): self.caller(key, &state) == caller
            case .token(let digest): state.caller(token: digest, at: clock.wall()) == caller
            }
        }
    }

    private func caller(_ key: SessionKey, _ state: inout State) -> Caller? {
        guard let session = state.sessions[key] else { return nil }
        let now = clock.monotonic()
        guard let user = state.list[user: session.user], user.password == session.password,
            now - session.last < Int64(configuration.sessionIdle.milliseconds),
            now - session.begun < Int64(configuration.sessionTime.milliseconds)
        else {
            state.sessions[key] = nil
            return nil
        }
        return Caller(name: user.name, scope: user.scope, proof: .session(key))
    }

    // MARK: - Logging in and out

    /// Looks whether somebody is who they say, and begins a session.
    ///
    /// - Parameter replaced: what the browser bore before; a session never goes on under another name.
    func login(
        user name: String, password: [UInt8], at address: IPAddress, replacing replaced: String?
    ) async -> LoginOutcome {
        // Of a name that nobody can have nothing is kept, nor said.
        let name = AccessList.isName(name) ? name : ""
        let begun = current { state in
            let begun = state.throttle.begin(user: name, at: address, now: clock.monotonic())
            if case .failure = begun { state.counts.early += 1 }
            // As dear as another's: that there is none of the name shall not be measured.
            let user = state.list[user: name]
            let cost = user?.password.cost ?? state.list.users.first?.password.cost
            return (begun, user, cost ?? .standard)
        }
        guard case (.success(let attempt), let user, let cost) = begun else {
            guard case .failure(let wait) = begun.0 else { return .busy }
            return .early((wait.milliseconds + 999) / 1000)
        }
        let hash = user?.password ?? PasswordHash(unmatchableAt: cost)
        guard let isRight = await checker.check(password, against: hash) else {
            current { state in
                state.throttle.undo(attempt)
                state.counts.busy += 1
            }
            return .busy
        }
        guard isRight, let user else {
            current { $0.counts.wrong += 1 }
            say("\(address) got the password of \(user?.name ?? "an unknown user") wrong")
            return .wrong
        }
        let session = Hexadecimal.text(randomOctets(32))
        let caller = current { state -> Caller? in
            // What was right when it was looked at may have been changed meanwhile.
            guard let now = state.list[user: user.name], now.password == user.password else {
                return nil
            }
            state.throttle.succeed(attempt, now: clock.monotonic())
            state.counts.right += 1
            if let replaced { state.sessions[SessionKey(replaced)] = nil }
            let key = SessionKey(session)
            begin(key, now, &state)
            return Caller(name: now.name, scope: now.scope, proof: .session(key))
        }
        guard let caller else { return .wrong }
        say("\(user.name) logged in from \(address)")
        return .welcome(session: session, caller)
    }

    private func begin(_ key: SessionKey, _ user: AccessList.User, _ state: inout State) {
        for key in Array(state.sessions.keys) { _ = caller(key, &state) }
        let own = state.sessions.filter { $0.value.user == user.name }
        if own.count >= Self.sessionsOfUserMax { state.endOldest(of: own) }
        if state.sessions.count >= Self.sessionsMax { state.endOldest(of: state.sessions) }
        let now = clock.monotonic()
        state.sessions[key] = Session(
            user: user.name, password: user.password, begun: now, last: now)
    }

    /// Ends a session.
    func logout(_ caller: Caller) {
        guard case .session(let key) = caller.proof else { return }
        current { $0.sessions[key] = nil }
        if let name = caller.name { say("\(name) logged out") }
    }

    // MARK: - What was counted

    /// Counts somebody who was sent away for want of a name, or of a scope.
    func countRefusal(isNamed: Bool) {
        current { state in
            if isNamed { state.counts.forbidden += 1 } else { state.counts.nameless += 1 }
        }
    }

    /// What was counted.
    var metrics: [MetricFamily] {
        let now = clock.monotonic()
        return current { $0.counts.metrics($0.sessions.count, $0.throttle.waiting(at: now)) }
    }

    // MARK: -

    /// Does something with the state, as the file has it now.
    private func current<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        state.withLock { state in
            let version = configuration.file.version
            if version != state.version { read(version, &state) }
            return body(&state)
        }
    }

    /// Lets nobody in or out by a file that is gone, with a disk perhaps: the last user is removed by writing a
    /// file without any.
    private func lose(_ state: inout State) {
        state.version = nil
        say("\(configuration.file.path) is gone; who may log in stays as it was")
    }

    private func read(_ version: AccessFile.Version?, _ state: inout State) {
        guard version != nil else { return lose(&state) }
        do {
            let (list, version) = try configuration.file.readVersion()
            // It may have gone just now.
            guard version != nil else { return lose(&state) }
            state.take(list, version)
            say(
                "\(configuration.file.path) is read again; users: \(list.users.count), tokens: "
                    + "\(list.tokens.count)")
        } catch {
            // Nobody is let in or sent away by a file that cannot be read; it is said once.
            state.version = version
            say("\(error); who may log in stays as it was")
        }
    }
}

extension AccessControl.State {
    fileprivate mutating func take(_ list: AccessList, _ version: AccessFile.Version?) {
        self.list = list
        self.version = version
        tokens = Dictionary(list.tokens.map { ($0.digest, $0) }, uniquingKeysWith: { a, _ in a })
    }

    fileprivate func caller(token digest: [UInt8], at time: Int64) -> Caller? {
        guard let token = tokens[digest], token.expires.map({ time < $0 }) ?? true else {
            return nil
        }
        return Caller(name: token.name, scope: token.scope, proof: .token(digest: digest))
    }

    fileprivate mutating func endOldest(of some: [SessionKey: Session]) {
        if let oldest = some.min(by: { $0.value.last < $1.value.last }) {
            sessions[oldest.key] = nil
        }
    }
}

/// What was counted of those who ask.
struct AccessCounts: Sendable {
    var right: UInt64 = 0
    var wrong: UInt64 = 0
    var early: UInt64 = 0
    var busy: UInt64 = 0
    var tokens: UInt64 = 0
    var nameless: UInt64 = 0
    var forbidden: UInt64 = 0

    func metrics(_ sessions: Int, _ waiting: Int) -> [MetricFamily] {
        var logins = MetricFamily(
            "skein_http_logins_total", .counter, "Attempts to log in, by what became of them.")
        logins.add(right, ("result", "right"))
        logins.add(wrong, ("result", "wrong"))
        logins.add(early, ("result", "early"))
        logins.add(busy, ("result", "busy"))
        var refusals = MetricFamily(
            "skein_http_refusals_total", .counter, "Requests of those who may not ask, by why.")
        refusals.add(nameless, ("reason", "nameless"))
        refusals.add(forbidden, ("reason", "scope"))
        refusals.add(tokens, ("reason", "token"))
        return [
            logins, refusals,
            MetricFamily(
                "skein_http_sessions", .gauge, "People who are logged in, by browser.",
                UInt64(sessions)),
            MetricFamily(
                "skein_http_locked", .gauge,
                "Addresses and users that have to wait after wrong passwords.", UInt64(waiting)),
        ]
    }
}
