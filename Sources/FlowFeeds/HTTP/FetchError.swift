public import FlowIntel

/// Why nothing came of a request; what was got before stays in force.
public enum FetchError: Error, Equatable, Sendable {
    /// It is no URL that can be asked.
    case location(String, why: String)
    /// The server answered with another status than 200.
    case status(Int, place: String, retryAfter: Int64?)
    /// A server pointed to a place that is not followed.
    case redirect(from: String, to: String, why: String)
    /// It pointed on and on.
    case redirects(place: String, most: Int)
    /// It said, or sent, more than is read.
    case tooLarge(place: String, bytesMax: Int)
    /// It took longer than it may.
    case tooSlow(place: String, secondsMax: Int64)
    /// What it sent cannot be decompressed.
    case compression(place: String)
    /// It could not be reached, or broke off.
    case connection(place: String, cause: String)
    /// Its answer is no list.
    case answer(place: String, cause: FeedError)
    /// Its answer makes no sense.
    case protocolError(place: String, what: String)
    /// The server has said how long to leave it alone.
    case waiting(until: Int64)
    /// The key is missing.
    case key(FeedKey.Problem)
    /// A file or folder cannot be read.
    case file(FeedFileError)
    /// The program ends.
    case cancelled
}

extension FetchError: CustomStringConvertible {
    /// What is wrong, on one line, without queries and keys.
    public var description: String {
        switch self {
        case .location(let text, let why): "‘\(text.asOneLine)’: \(why)"
        case .status(let code, let place, _): "\(place): \(code)\(Self.meaning(code))"
        case .redirect(let from, let to, let why): "\(from) points to \(to), not followed: \(why)"
        case .redirects(let place, let most): "\(place): more than \(most) redirects"
        case .tooLarge(let place, let limit): "\(place): larger than \(limit) octets"
        case .tooSlow(let place, let limit): "\(place): not done in \(limit) s"
        case .compression(let place): "\(place): what it sent cannot be decompressed"
        case .connection(let place, let cause): "\(place): \(cause)"
        case .answer(let place, let cause): "\(place): \(cause)"
        case .protocolError(let place, let what): "\(place): \(what)"
        case .waiting(let time):
            "the server asked to be left alone until \(InstantText.text(time))"
        case .key(let problem): "\(problem)"
        case .file(let error): "\(error)"
        case .cancelled: "broken off, as the program ends"
        }
    }

    private static func meaning(_ status: Int) -> String {
        switch status {
        case 400: ", bad request"
        case 401, 403: ", the key is missing, wrong or not enough"
        case 404: ", not there"
        case 429: ", too many requests"
        case 500...: ", the server's own trouble"
        default: ""
        }
    }

    /// Whether it may be otherwise in a moment.
    var isPassing: Bool {
        switch self {
        case .status(let code, _, _): code >= 500
        case .tooSlow, .connection: true
        default: false
        }
    }
}
