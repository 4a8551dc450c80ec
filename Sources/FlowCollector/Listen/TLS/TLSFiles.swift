import FlowModel
import Glibc
import NIOSSL
import Synchronization

/// The files by which a collector shows who it is over TLS, and knows who exports; all in PEM.
public struct TLSFiles: Hashable, Sendable {
    /// The collector's certificate, and those between it and its authority.
    public var certificate: String
    /// The key of the certificate, without a pass phrase.
    public var key: String
    /// The authorities of which exporters need a certificate; nil = none is asked for, against
    /// RFC 7011 §11.3.
    public var authorities: String?

    /// Names the files.
    public init(certificate: String, key: String, authorities: String? = nil) {
        self.certificate = certificate
        self.key = key
        self.authorities = authorities
    }

    /// Reads them.
    func context() throws(CollectorError) -> NIOSSLContext {
        let chain = try Self.certificates(certificate, is: "tls.certificate")
        let octets = try Self.read(key, as: "tls.key")
        let privateKey: NIOSSLPrivateKey
        do {
            privateKey = try NIOSSLPrivateKey(bytes: octets, format: .pem)
        } catch {
            throw .credentials(
                path: key, setting: "tls.key",
                reason:
                    "there is no private key in PEM in it that can be read without a pass phrase")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        // RFC 9325 §3.1.1.
        configuration.minimumTLSVersion = .tlsv12
        // The exporter has nothing to tell us that we would wait for.
        configuration.shutdownTimeout = .milliseconds(500)
        if let authorities {
            configuration.trustRoots = .certificates(
                try Self.certificates(authorities, is: "tls.authorities"))
            // Names of exporters are not in their certificates as often as not; who signs for anybody
            // else must not be an authority here.
            configuration.certificateVerification = .noHostnameVerification
            configuration.sendCANameList = true
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .credentials(
                path: key, setting: "tls.key", reason: "it is not the key of \(certificate)")
        }
    }

    /// When the certificate ends to be valid, s since 1970; nil where it cannot be read.
    var certificateEnd: Int? {
        (try? NIOSSLCertificate.fromPEMFile(certificate))?.first.map { Int($0.notValidAfter) }
    }

    private static func certificates(
        _ path: String, is setting: String
    ) throws(CollectorError) -> [NIOSSLCertificate] {
        let octets = try read(path, as: setting)
        let found = (try? NIOSSLCertificate.fromPEMBytes(octets)) ?? []
        guard !found.isEmpty else {
            throw .credentials(
                path: path, setting: setting, reason: "there is no certificate in PEM in it")
        }
        return found
    }

    /// Octets of a file that may be read; no such file is large.
    private static let octetsMax = 1 << 20

    private static func read(
        _ path: String, as setting: String
    ) throws(CollectorError) -> [UInt8] {
        func failure() -> CollectorError {
            .credentials(
                path: path, setting: setting, reason: unsafe String(cString: strerror(errno)))
        }
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw failure() }
        defer { close(file) }
        var octets: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = unsafe Glibc.read(file, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure() }
            if count == 0 { return octets }
            octets += piece[..<count]
            guard octets.count <= octetsMax else {
                throw .credentials(path: path, setting: setting, reason: "it is larger than 1 MiB")
            }
        }
    }
}

/// The context of new connections; a reload brings another.
final class SharedTLSContext: Sendable {
    private let context: Mutex<NIOSSLContext?>

    init(_ context: NIOSSLContext?) { self.context = Mutex(context) }

    var current: NIOSSLContext? { context.withLock { $0 } }

    func replace(by next: NIOSSLContext?) { context.withLock { $0 = next } }
}
