/// Whoever asks, as far as it has been proved.
struct Caller: Hashable, Sendable {
    /// What proves it.
    enum Proof: Hashable, Sendable {
        /// Nothing: nobody has to say who they are.
        case none
        /// A session that the browser bears; what changes something wants more of it than a cookie.
        case session(SessionKey)
        /// A token.
        case token(digest: [UInt8])
    }

    /// The user's, or the token's; nil where nobody has to say it.
    let name: String?
    /// What is open to them.
    let scope: AccessScope
    /// What proves it.
    let proof: Proof
}

/// By what a session is found: a digest, so that memory does not tell what browsers bear.
struct SessionKey: Hashable, Sendable {
    fileprivate let digest: [UInt8]

    init(_ text: String) { digest = AccessList.Token.digest(text) }
}

/// What became of an attempt to log in.
enum LoginOutcome: Sendable {
    /// What the browser is to bear, and who it is.
    case welcome(session: String, Caller)
    /// There is no such user, or it is not the password.
    case wrong
    /// It is too early to try again, by so many seconds.
    case early(Int64)
    /// Too many try.
    case busy
}

/// A session, which is over when the password that began it is.
struct Session: Sendable {
    let user: String
    let password: PasswordHash
    /// ms of ``AccessClock/monotonic``.
    let begun: Int64
    var last: Int64
}
