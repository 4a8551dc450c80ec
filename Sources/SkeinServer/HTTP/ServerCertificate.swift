import Glibc
import NIOSSL
import Synchronization

/// The files by which a server shows who it is over TLS, in PEM.
public struct CertificateFiles: Hashable, Sendable {
    /// The certificate, and those between it and its authority.
    public var certificate: String
    /// Its key, without a pass phrase.
    public var key: String

    /// Names the files.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// Reads them.
    fileprivate func context() throws(Server.StartFailure) -> NIOSSLContext {
        let chain = (try? NIOSSLCertificate.fromPEMFile(certificate)) ?? []
        guard !chain.isEmpty else {
            throw Server.StartFailure(
                description: "http.tls.certificate: no certificate in PEM can be read from "
                    + certificate)
        }
        guard let privateKey = try? NIOSSLPrivateKey(file: key, format: .pem) else {
            throw Server.StartFailure(
                description:
                    "http.tls.key: no private key in PEM without a pass phrase can be read "
                    + "from \(key)")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        // RFC 9325 §3.1.1.
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw Server.StartFailure(
                description: "http.tls.key: \(key) is not the key of \(certificate)")
        }
    }

    /// What is other when either file is.
    fileprivate var version: [Int] {
        [certificate, key].flatMap { path in
            var status = stat()
            guard stat(path, &status) == 0 else { return [0] }
            return [
                Int(status.st_ino), Int(status.st_size), Int(status.st_mtim.tv_sec),
                Int(status.st_mtim.tv_nsec),
            ]
        }
    }
}

/// What new connections are shown: the files as they are now, or, where these make no sense, as they were.
final class ServerCertificate: Sendable {
    private struct State {
        var context: NIOSSLContext
        var version: [Int]
    }

    private let files: CertificateFiles
    private let state: Mutex<State>
    private let say: @Sendable (String) -> Void

    init(
        _ files: CertificateFiles, say: @escaping @Sendable (String) -> Void
    ) throws(Server.StartFailure) {
        self.files = files
        self.say = say
        let version = files.version
        state = Mutex(State(context: try files.context(), version: version))
    }

    /// The context of a new connection.
    var context: NIOSSLContext {
        state.withLock { state in
            let version = files.version
            guard version != state.version else { return state.context }
            // Certificate and key come one after the other; between them they do not fit, which is said once.
            state.version = version
            do throws(Server.StartFailure) {
                state.context = try files.context()
                say("\(files.certificate) is shown from now on")
            } catch {
                say("\(error.description); the certificate stays as it was")
            }
            return state.context
        }
    }
}
