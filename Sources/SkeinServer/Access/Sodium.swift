import CSodium

/// libsodium, which does the cryptography of logging in.
enum Sodium {
    /// Whether it can be used: it finds out once what the processor can do.
    static let isReady = sodium_init() >= 0

    /// SHA-256 (FIPS 180-4) of some octets: 32 of them.
    static func sha256(_ octets: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        // It answers 0, whatever it is given.
        crypto_hash_sha256(&digest, octets, UInt64(octets.count))
        return digest
    }
}
