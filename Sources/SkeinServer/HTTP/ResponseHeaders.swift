import HTTPTypes

/// What every answer says of itself.
enum ResponseHeaders {
    /// Not to be guessed at, nor read by other sites, nor told to them.
    static let common: HTTPFields = {
        var headers = HTTPFields()
        headers[.xContentTypeOptions] = "nosniff"
        headers[resourcePolicy] = "same-origin"
        headers[openerPolicy] = "same-origin"
        headers[referrerPolicy] = "no-referrer"
        return headers
    }()

    /// The policy of what is no document: should it ever be shown as one, it may do nothing.
    static let nothingAllowed = "default-src 'none'; frame-ancestors 'none'"

    /// An answer that is not to be kept.
    static func answer(_ type: String) -> HTTPFields {
        var headers = common
        headers[.contentType] = type
        headers[.cacheControl] = "no-store"
        // Should anything keep it after all: it is the answer to whoever asked.
        headers[.vary] = "Authorization, Cookie"
        headers[.contentSecurityPolicy] = nothingAllowed
        return headers
    }

    /// `Sec-Fetch-Site`.
    static let site = name("Sec-Fetch-Site")
    /// `Sec-Fetch-Mode`.
    static let mode = name("Sec-Fetch-Mode")
    /// What only scripts of the own page can send, and programs: no form and no other site without being asked.
    static let ownRequest = name("X-Skein-Request")
    /// `X-Forwarded-For`, which web servers in front write.
    static let forwardedFor = name("X-Forwarded-For")
    /// Not by HTTP without TLS for a year (RFC 6797).
    static let strictTransport = "max-age=31536000"
    private static let resourcePolicy = name("Cross-Origin-Resource-Policy")
    private static let openerPolicy = name("Cross-Origin-Opener-Policy")
    private static let referrerPolicy = name("Referrer-Policy")

    /// A header that the library has no name for.
    private static func name(_ text: String) -> HTTPField.Name {
        HTTPField.Name(text) ?? .userAgent
    }
}
