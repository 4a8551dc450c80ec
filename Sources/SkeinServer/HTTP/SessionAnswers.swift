import FlowModel
import HTTPTypes
import Hummingbird
import NIOCore

/// Who may ask for what, and logging in and out.
extension ServerResponder {
    /// Why somebody is not answered; nil where they are.
    func refusal(
        of endpoint: Endpoint, to caller: Caller?, _ request: Request, _ context: Context
    ) -> Response? {
        guard let scope = endpoint.scope else { return nil }
        guard let caller else {
            let place = identification.address(of: request, context.address)
            if endpoint == .metrics, identification.isMetricReader(place) { return nil }
            identification.access?.countRefusal(isNamed: false)
            return unproved(
                "log in, or send a token: Authorization: Bearer … (skein token create)")
        }
        guard caller.scope >= scope else {
            identification.access?.countRefusal(isNamed: true)
            return refusal(.forbidden, "\(caller.name ?? "this") may read, and change nothing")
        }
        guard scope == .read || isOwn(request, caller) else { return strange }
        return nil
    }

    /// Whether a request is meant: a browser sends its cookies with those that other sites make up, too, but
    /// lets none of them choose headers.
    private func isOwn(_ request: Request, _ caller: Caller) -> Bool {
        guard case .session = caller.proof else { return true }
        return isOwn(request)
    }

    private func isOwn(_ request: Request) -> Bool {
        let value = request.headers[ResponseHeaders.ownRequest] ?? ""
        return (1...64).contains(value.utf8.count)
            && value.utf8.allSatisfy { (33...126).contains($0) }
    }

    /// 401 says how to do better (RFC 9110 §11.6.1); not by a scheme for which browsers would ask themselves.
    private func unproved(_ message: String) -> Response {
        var response = refusal(.unauthorized, message)
        response.headers[.wwwAuthenticate] = "Bearer realm=\"skein\""
        return response
    }

    private var strange: Response {
        refusal(.forbidden, "this wants the header X-Skein-Request, which no form or link sends")
    }

    /// Answers who asks, logs in (POST) and out (DELETE).
    func session(
        _ request: Request, _ caller: Caller?, _ context: Context
    ) async throws -> Response {
        switch request.method {
        case .post: return try await login(request, context)
        case .delete:
            guard isOwn(request) else { return strange }
            if let caller { identification.access?.logout(caller) }
            var response = description(of: nil)
            response.headers[.setCookie] = identification.cookie(
                nil, origin: request.headers[.origin])
            return response
        default: return description(of: caller)
        }
    }

    private func login(_ request: Request, _ context: Context) async throws -> Response {
        // Not only for sessions that there are: nobody shall be logged in as somebody else.
        guard isOwn(request) else { return strange }
        guard let access = identification.access, access.isRequired else {
            return refusal(.conflict, "nobody has a password here: skein user add")
        }
        let type = request.headers[.contentType]?.split(separator: ";").first?.lowercased()
        guard type == "application/x-www-form-urlencoded" else {
            return refusal(.unsupportedMediaType, "send user and password as a form does")
        }
        guard let body = try? await request.body.collect(upTo: Self.loginOctetsMax) else {
            return refusal(.contentTooLarge, "a user and a password are shorter")
        }
        // What is wrong with it is not said with it: it may be a password.
        guard
            let form = try? QueryParameters(
                query: String(buffer: body), names: (["user", "password"], [])),
            let user = form["user"], let password = form["password"]
        else { return refusal(.badRequest, "send user and password as a form does") }
        guard let address = identification.address(of: request, context.address) else {
            return refusal(.forbidden, "nobody can log in from nowhere")
        }
        let outcome = await access.login(
            user: user, password: Array(password.utf8), at: address,
            replacing: identification.session(in: request.headers))
        switch outcome {
        case .welcome(let session, let caller):
            var response = description(of: caller)
            response.headers[.setCookie] = identification.cookie(
                session, origin: request.headers[.origin])
            return response
        case .wrong:
            return unproved("there is no such user, or the password is another")
        case .early(let seconds):
            var response = refusal(
                .tooManyRequests, "too many wrong passwords; try again in \(seconds) s")
            response.headers[.retryAfter] = "\(seconds)"
            return response
        case .busy:
            var response = refusal(
                .serviceUnavailable, "too many try to log in; try again later")
            response.headers[.retryAfter] = "5"
            return response
        }
    }

    /// Octets of a form with a user and a password at most: each may take three for one.
    private static let loginOctetsMax = 3 * (PasswordHash.octetsMax + 64) + 64

    private func description(of caller: Caller?) -> Response {
        let isRequired = identification.access?.isRequired ?? false
        let name = caller?.name.map(JSONText.quoted) ?? "null"
        let scope = caller.map { JSONText.quoted($0.scope.rawValue) } ?? "null"
        return whole("{\"required\":\(isRequired),\"name\":\(name),\"scope\":\(scope)}\n")
    }
}

extension ServerResponder.Context {
    /// The other end of the connection.
    var address: IPAddress? { (channel.remoteAddress?.ipAddress).flatMap { IPAddress($0) } }
}
