/// What an indicator is a value of.
public enum IndicatorKind: String, CaseIterable, Hashable, Sendable {
    /// One IPv4 or IPv6 address.
    case address
    /// Several addresses: a network, or a range that is none.
    case network
    /// A name and everything below it.
    case domain
    /// Exactly that name.
    case hostname
    /// Everything below a name, but not the name: `*.example.org`.
    case subtree
    case url
    /// The part of a URL after the host.
    case uri
    case email
    case md5
    case sha1
    case sha256
    case sha512
    case imphash
    case pehash
    case filePath = "file-path"
    case mutex
    case cve
    case yara
    /// A number of an autonomous system.
    case asn
    /// What a feed calls an indicator and none of the above is.
    case other

    /// Whether its values are host names, in whatever scope.
    public var isName: Bool { self == .domain || self == .hostname || self == .subtree }

    /// Whether its values are ranges of addresses.
    public var isAddress: Bool { self == .address || self == .network }

    /// Whether its values are digests in hexadecimal digits.
    public var isHash: Bool {
        switch self {
        case .md5, .sha1, .sha256, .sha512, .imphash, .pehash: true
        default: false
        }
    }

    /// Digits of a digest, nil for what is none.
    var hashDigits: Int? {
        switch self {
        case .md5, .imphash: 32
        case .sha1, .pehash: 40
        case .sha256: 64
        case .sha512: 128
        default: nil
        }
    }

    /// The digest that has so many digits; nil where none has.
    static func hash(digits: Int) -> IndicatorKind? {
        switch digits {
        case 32: .md5
        case 40: .sha1
        case 64: .sha256
        case 128: .sha512
        default: nil
        }
    }
}
