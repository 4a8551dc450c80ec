import Foundation

/// Certificates for a test, made by openssl: an authority of its own, and who it vouches for.
public final class TestCertificates {
    /// Whether there is an openssl to make them.
    public static var canBeMade: Bool { Command.installed("openssl") != nil }

    private let folder: TemporaryFolder
    private let name: String

    /// A certificate and its key, files in PEM.
    public struct Pair: Sendable {
        /// The path of the certificate.
        public let certificate: String
        /// The path of its key.
        public let key: String
    }

    /// openssl did not do what it should.
    public struct Failure: Error, CustomStringConvertible {
        /// What it said.
        public let description: String
    }

    /// Makes an authority.
    public init(_ name: String, in folder: TemporaryFolder) throws {
        self.folder = folder
        self.name = name
        try openssl(
            ["req", "-x509", "-days", "30", "-out", authority, "-subj", "/CN=\(name)"]
                + newKey(folder.path("\(name).key")))
    }

    /// The path of the authority's certificate.
    public var authority: String { folder.path("\(name).pem") }

    /// Makes a certificate for somebody; files of the same name are replaced.
    public func issue(_ subject: String, as file: String? = nil, days: Int = 30) throws -> Pair {
        let file = "\(name)-\(file ?? subject)"
        let pair = Pair(
            certificate: folder.path("\(file).pem"), key: folder.path("\(file).key"))
        let request = folder.path("\(file).csr")
        try openssl(["req", "-out", request, "-subj", "/CN=\(subject)"] + newKey(pair.key))
        try openssl([
            "x509", "-req", "-in", request, "-CA", authority, "-CAkey", folder.path("\(name).key"),
            "-CAcreateserial", "-days", "\(days)", "-out", pair.certificate,
        ])
        return pair
    }

    private func newKey(_ path: String) -> [String] {
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path]
    }

    private func openssl(_ arguments: [String]) throws {
        let program = Command.installed("openssl") ?? "openssl"
        let result = try Command.run(program, arguments)
        guard result.status == 0 else { throw Failure(description: result.errors) }
    }
}
