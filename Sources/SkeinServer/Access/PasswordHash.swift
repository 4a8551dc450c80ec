import CSodium

/// What is kept of a password: its scrypt (RFC 7914) with a salt of its own.
///
/// As text `scrypt:15:8:3:SALT:KEY`: the binary logarithm of N, r, p, and octets in hexadecimal.
public struct PasswordHash: Hashable, Sendable {
    /// How much work a password is; more makes guessing dearer, and logging in.
    public struct Cost: Hashable, Sendable {
        /// The binary logarithm of N.
        public let logRounds: Int
        /// r; N · r · 128 octets are needed.
        public let blockSize: Int
        /// p: how often it is done.
        public let parallelism: Int

        /// nil where it is no work, or more than a server should ever do: 128 MiB, ten seconds.
        public init?(logRounds: Int, blockSize: Int, parallelism: Int) {
            guard (1...17).contains(logRounds), (1...16).contains(blockSize),
                (1...16).contains(parallelism), blockSize << logRounds <= 1 << 20
            else { return nil }
            self.init(logRounds, blockSize, parallelism)
        }

        private init(_ logRounds: Int, _ blockSize: Int, _ parallelism: Int) {
            self.logRounds = logRounds
            self.blockSize = blockSize
            self.parallelism = parallelism
        }

        /// 32 MiB and about 0.3 s: what OWASP's password storage cheat sheet has for scrypt.
        public static let standard = Cost(15, 8, 3)
    }

    /// Why a password cannot be one.
    public enum Refusal: Error, Hashable, Sendable {
        /// It has fewer characters than ``charactersMin``.
        case short
        /// It has more octets than ``octetsMax``.
        case long
        /// It has characters that no keyboard gives, a line break among them.
        case control
        /// The library could not, which for memory alone it may.
        case failed
    }

    /// The work.
    public let cost: Cost
    private let salt: [UInt8]
    private let key: [UInt8]

    /// Characters of a password at least.
    public static let charactersMin = 10
    /// Octets of a password at most.
    public static let octetsMax = 1024
    private static let keyOctets = 32
    private static let saltOctets = 16

    /// Hashes a new password.
    public init(_ password: String, cost: Cost = .standard) throws(Refusal) {
        guard password.utf8.count <= Self.octetsMax else { throw .long }
        guard password.count >= Self.charactersMin else { throw .short }
        guard password.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else { throw .control }
        self.cost = cost
        salt = randomOctets(Self.saltOctets)
        guard let key = Self.derived(Array(password.utf8), salt, cost) else { throw .failed }
        self.key = key
    }

    /// One that no password has, to spend as much time on as on another.
    init(unmatchableAt cost: Cost) {
        self.cost = cost
        salt = randomOctets(Self.saltOctets)
        key = randomOctets(Self.keyOctets)
    }

    /// Reads ``text``; nil where it is none.
    public init?(text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "scrypt", let logRounds = Int(parts[1]),
            let blockSize = Int(parts[2]), let parallelism = Int(parts[3]),
            let cost = Cost(
                logRounds: logRounds, blockSize: blockSize, parallelism: parallelism),
            let salt = Hexadecimal.octets(parts[4]), salt.count == Self.saltOctets,
            let key = Hexadecimal.octets(parts[5]), key.count == Self.keyOctets
        else { return nil }
        self.cost = cost
        self.salt = salt
        self.key = key
    }

    /// As it is kept.
    public var text: String {
        "scrypt:\(cost.logRounds):\(cost.blockSize):\(cost.parallelism):"
            + "\(Hexadecimal.text(salt)):\(Hexadecimal.text(key))"
    }

    /// Whether this is the password; takes as long for a wrong one.
    func matches(_ password: [UInt8]) -> Bool {
        // The library must not be handed nothing, and nothing is no password.
        let isPassword = !password.isEmpty && password.count <= Self.octetsMax
        guard let key = Self.derived(isPassword ? password : [0], salt, cost) else { return false }
        var difference: UInt8 = 0
        for index in 0..<Self.keyOctets { difference |= key[index] ^ self.key[index] }
        return isPassword && difference == 0
    }

    private static func derived(_ password: [UInt8], _ salt: [UInt8], _ cost: Cost) -> [UInt8]? {
        guard Sodium.isReady else { return nil }
        var key = [UInt8](repeating: 0, count: keyOctets)
        let status = crypto_pwhash_scryptsalsa208sha256_ll(
            password, password.count, salt, salt.count, 1 << cost.logRounds,
            UInt32(cost.blockSize), UInt32(cost.parallelism), &key, key.count)
        return status == 0 ? key : nil
    }
}

extension PasswordHash.Refusal: CustomStringConvertible {
    /// What, and what to do.
    public var description: String {
        switch self {
        case .short:
            "the password is too short: it needs \(PasswordHash.charactersMin) characters at least"
        case .long: "the password is too long: \(PasswordHash.octetsMax) octets are the most"
        case .control: "the password has characters that cannot be typed in a browser"
        case .failed: "the password could not be hashed: there is not enough memory"
        }
    }
}
