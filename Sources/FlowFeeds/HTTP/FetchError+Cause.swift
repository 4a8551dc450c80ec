import AsyncHTTPClient
import FlowIntel
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import NIOSSL

extension FetchError {
    /// What an error of the libraries means; their own words only where they cannot hold a key.
    init(
        _ error: any Error, _ location: FeedLocation, _ options: FetchOptions, bytesMax: Int
    ) {
        let place = "\(location)"
        func slow(_ time: Duration) -> FetchError {
            .tooSlow(place: place, secondsMax: time.components.seconds)
        }
        switch error {
        case let error as HTTPClientError:
            switch error {
            case .deadlineExceeded: self = slow(options.requestTime)
            case .readTimeout: self = slow(options.silenceTime)
            case .connectTimeout, .tlsHandshakeTimeout: self = slow(options.connectTime)
            case .remoteConnectionClosed, .uncleanShutdown:
                self = .connection(place: place, cause: "the connection broke off")
            default: self = .connection(place: place, cause: error.shortDescription)
            }
        case let error as HTTPParserError where error == .invalidEOFState:
            self = .connection(place: place, cause: "the connection broke off")
        case ChannelError.connectTimeout: self = slow(options.connectTime)
        case let error as NIOHTTPDecompression.DecompressionError where error == .limit:
            self = .tooLarge(place: place, bytesMax: bytesMax)
        case is NIOHTTPDecompression.DecompressionError,
            is NIOHTTPDecompression.ExtraDecompressionError:
            self = .compression(place: place)
        case let error as NIOConnectionError:
            let cause = error.connectionErrors.first.map { Self.words($0.error) }
            self = .connection(place: place, cause: cause ?? "the name is not found")
        default: self = .connection(place: place, cause: Self.words(error))
        }
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as IOError: systemWords(error.errnoCode)
        case is ChannelError: "no connection"
        case is HTTPParserError: "it does not speak HTTP"
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            "TLS: " + "\(error)".asOneLine
        default: "\(type(of: error))"
        }
    }
}
