/// What somebody may do over HTTP.
public enum AccessScope: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Look at everything.
    case read
    /// Change something, too.
    case admin

    /// Whether it is less.
    public static func < (a: AccessScope, b: AccessScope) -> Bool { a == .read && b == .admin }
}

/// Who may ask over HTTP: people with passwords, and programs with tokens.
public struct AccessList: Hashable, Sendable {
    /// Somebody with a password.
    public struct User: Hashable, Sendable {
        /// The name to log in with.
        public let name: String
        /// What is open to them.
        public var scope: AccessScope
        /// Their password.
        public var password: PasswordHash
        /// When it was last changed, s since 1970.
        public var changed: Int64

        /// Describes somebody.
        public init(name: String, scope: AccessScope, password: PasswordHash, changed: Int64) {
            self.name = name
            self.scope = scope
            self.password = password
            self.changed = changed
        }
    }

    /// A program's key.
    public struct Token: Hashable, Sendable {
        /// What it is called.
        public let name: String
        /// What is open to it.
        public let scope: AccessScope
        /// What is kept of it: it is 256 random bits, so one SHA-256 is enough.
        let digest: [UInt8]
        /// When it was made, s since 1970.
        public let created: Int64
        /// When it ends, s since 1970; nil = never.
        public let expires: Int64?
    }

    /// People, by name.
    public private(set) var users: [User] = []
    /// Tokens, by name.
    public private(set) var tokens: [Token] = []

    /// Nobody.
    public init() {}

    /// Whether nobody is in it.
    public var isEmpty: Bool { users.isEmpty && tokens.isEmpty }

    /// Users, or tokens, at most.
    public static let entriesMax = 4096

    /// Whether people and tokens may be called so.
    public static func isName(_ text: String) -> Bool {
        let signs = Set("._@-".utf8)
        return (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { octet in
                (48...57).contains(octet) || (65...90).contains(octet)
                    || (97...122).contains(octet) || signs.contains(octet)
            }
    }

    /// Somebody of that name.
    public subscript(user name: String) -> User? { users.first { $0.name == name } }

    /// Puts somebody in, in place of who has that name.
    public mutating func put(_ user: User) {
        users.removeAll { $0.name == user.name }
        users.append(user)
        users.sort { $0.name < $1.name }
    }

    /// Takes somebody out; false where there was none of that name.
    public mutating func remove(user name: String) -> Bool {
        let count = users.count
        users.removeAll { $0.name == name }
        return users.count < count
    }

    /// Puts a token in, and answers what it is: nothing but its digest is kept.
    public mutating func add(
        token name: String, scope: AccessScope, created: Int64, expires: Int64?
    ) -> String {
        let text = Token.mark + Hexadecimal.text(randomOctets(32))
        put(
            Token(
                name: name, scope: scope, digest: Token.digest(text), created: created,
                expires: expires))
        return text
    }

    mutating func put(_ token: Token) {
        tokens.removeAll { $0.name == token.name }
        tokens.append(token)
        tokens.sort { $0.name < $1.name }
    }

    /// Takes a token out; false where there was none of that name.
    public mutating func remove(token name: String) -> Bool {
        let count = tokens.count
        tokens.removeAll { $0.name == name }
        return tokens.count < count
    }
}

extension AccessList.Token {
    /// What every token begins with, so that one in a public place can be told for what it is.
    static let mark = "skein_"

    static func digest(_ text: String) -> [UInt8] { Sodium.sha256(Array(text.utf8)) }
}

// MARK: - As text

extension AccessList {
    /// A line that is neither an entry nor a remark, from 1.
    public struct Damage: Error, Hashable, Sendable {
        /// The line.
        public let line: Int
    }

    /// Reads ``text``.
    public init(text: String) throws(Damage) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        where !line.isEmpty && !line.hasPrefix("#") {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 5 || words.count == 6, Self.isName(String(words[1])),
                let scope = AccessScope(rawValue: String(words[2])), let time = Int64(words[3]),
                take(words, scope, time)
            else { throw Damage(line: index + 1) }
        }
    }

    /// An entry; false where it is none, or there is one of the name.
    private mutating func take(
        _ words: [Substring], _ scope: AccessScope, _ time: Int64
    ) -> Bool {
        let name = String(words[1])
        switch (words[0], words.count) {
        case ("user", 5):
            guard let password = PasswordHash(text: words[4]), self[user: name] == nil,
                users.count < Self.entriesMax
            else { return false }
            put(User(name: name, scope: scope, password: password, changed: time))
        case ("token", 6):
            guard let digest = Hexadecimal.octets(words[5]), digest.count == 32,
                words[4] == "-" || Int64(words[4]) != nil, tokens.count < Self.entriesMax,
                !tokens.contains(where: { $0.name == name })
            else { return false }
            put(
                Token(
                    name: name, scope: scope, digest: digest, created: time,
                    expires: Int64(words[4])))
        default: return false
        }
        return true
    }

    /// A line each.
    public var text: String {
        var text = "# Who may ask skein serve; skein user and skein token write this.\n"
        for user in users {
            text +=
                "user \(user.name) \(user.scope.rawValue) \(user.changed) "
                + "\(user.password.text)\n"
        }
        for token in tokens {
            let expires = token.expires.map { "\($0)" } ?? "-"
            text +=
                "token \(token.name) \(token.scope.rawValue) \(token.created) \(expires) "
                + "\(Hexadecimal.text(token.digest))\n"
        }
        return text
    }
}
