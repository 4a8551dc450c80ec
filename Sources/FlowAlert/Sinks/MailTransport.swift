import FlowQuery
import Glibc

/// A mail server, and who gets mail.
public struct MailTarget: Hashable, Sendable {
    /// How the connection is kept secret.
    public enum Security: String, CaseIterable, Hashable, Sendable {
        case none
        /// By STARTTLS (RFC 3207), or not at all: what a server without it is told is nothing.
        case starttls
        /// From the beginning (RFC 8314).
        case tls
    }

    /// Its name or address.
    public var host: String
    /// 25, 587, 465.
    public var port: Int
    /// How the connection is kept secret.
    public var security: Security
    /// Authorities, PEM; nil: the system's.
    public var authorities: String?
    /// Who Skein is there, which is not said without TLS; nil: nobody asks.
    public var user: String?
    /// The file with the password, on its first line.
    public var passwordFile: String?
    /// Who the mail is from.
    public var from: String
    /// Who gets it.
    public var recipients: [String]

    /// Names a server.
    public init(
        host: String, port: Int, security: Security, from: String, recipients: [String]
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.from = from
        self.recipients = recipients
    }

    /// The mail as it is sent, its lines ended by CR LF.
    func message(_ event: AlertEvent, form: AlertForm, times: TimeText) -> [UInt8] {
        let alert = event.alert
        let subject =
            "[skein] \(alert.severity.rawValue) \(event.kind.rawValue): \(alert.rule) "
            + "\(alert.source?.description ?? "*") -> \(alert.target?.description ?? "*")"
        var text = form.line(event, times: times) + "\n"
        if form == .text {
            text += "\n"
            for (name, value) in alert.members { text += "\(name): \(value.line)\n" }
        }
        var lines = [
            "From: Skein <\(from)>", "To: \(recipients.joined(separator: ", "))",
            "Subject: \(Self.encoded(subject))", "Date: \(Self.date(event.time))",
            "Message-ID: <skein.\(alert.id).\(event.kind.rawValue).\(event.time)@\(domain)>",
            "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64", "Auto-Submitted: auto-generated", "",
        ]
        let body = Array(base64(Array(text.utf8)))
        for start in stride(from: 0, to: body.count, by: 76) {
            lines.append(
                String(decoding: body[start..<min(start + 76, body.count)], as: UTF8.self))
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    private var domain: String {
        from.split(separator: "@").last.map(String.init) ?? "localhost"
    }

    /// Text for a header (RFC 2047), without what would begin another.
    private static func encoded(_ text: String) -> String {
        let text = text.asOneLine
        if text.utf8.count <= 900, text.utf8.allSatisfy({ (32...126).contains($0) }) { return text }
        return
            "=?utf-8?B?\(String(decoding: base64(Array(text.prefix(200).utf8)), as: UTF8.self))?="
    }

    /// RFC 5322 §3.3.
    private static func date(_ instant: UInt64) -> String {
        var time = time_t(clamping: instant / 1000)
        var parts = unsafe tm()
        unsafe gmtime_r(&time, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return unsafe "\(days[Int(parts.tm_wday)]), \(parts.tm_mday) \(months[Int(parts.tm_mon)]) "
            + "\(1900 + Int(parts.tm_year)) \(two(parts.tm_hour)):\(two(parts.tm_min)):"
            + "\(two(parts.tm_sec)) +0000"
    }
}

/// Mail over SMTP (RFC 5321), a connection each.
final class MailTransport: SinkTransport {
    private let target: MailTarget

    init(_ target: MailTarget) { self.target = target }

    func deliver(_ octets: [UInt8]) throws(SinkError) {
        let stream = try StreamClient(
            host: target.host, port: target.port,
            security: target.security == .tls ? .tls(authorities: target.authorities) : .none,
            seconds: 30)
        var session = MailSession(stream: stream)
        try session.expect(220)
        var words = try session.greet()
        if target.security == .starttls {
            guard words.contains("STARTTLS") else {
                throw SinkError("\(target.host): has no STARTTLS, so it is told nothing")
            }
            try session.say("STARTTLS", 220)
            try stream.secure(authorities: target.authorities)
            words = try session.greet()
        }
        if let user = target.user, let file = target.passwordFile {
            guard target.security != .none else {
                throw SinkError("\(target.host): a password is not sent without TLS")
            }
            let password = try secret(in: file)
            let proof = [0] + Array(user.utf8) + [0] + Array(password.utf8)
            try session.say(
                "AUTH PLAIN \(String(decoding: base64(proof), as: UTF8.self))", 235,
                called: "AUTH PLAIN")
        }
        try session.say("MAIL FROM:<\(target.from)>", 250)
        for recipient in target.recipients { try session.say("RCPT TO:<\(recipient)>", 250) }
        try session.say("DATA", 354)
        // Base64 and headers have no line that begins with a dot.
        try stream.send(octets + Array(".\r\n".utf8))
        try session.expect(250)
        // It has been taken; how the server says good-bye does not matter.
        try? stream.send(Array("QUIT\r\n".utf8))
    }
}

/// What is said and answered.
private struct MailSession {
    let stream: StreamClient

    /// EHLO; the words that the server knows.
    mutating func greet() throws(SinkError) -> [String] {
        try stream.send(Array("EHLO skein.invalid\r\n".utf8))
        return try expect(250).map { line in
            String(line.dropFirst(4).prefix { $0 != " " }).uppercased()
        }
    }

    mutating func say(
        _ command: String, _ code: Int, called name: String? = nil
    ) throws(SinkError) {
        try stream.send(Array((command + "\r\n").utf8))
        try expect(code, after: name ?? command)
    }

    /// Reads an answer of one or more lines.
    @discardableResult
    mutating func expect(
        _ code: Int, after command: String = "connecting"
    ) throws(SinkError) -> [String] {
        var lines: [String] = []
        while lines.count < 100 {
            let line = try stream.line()
            lines.append(line)
            if line.utf8.count > 3, line.utf8.dropFirst(3).first == UInt8(ascii: "-") { continue }
            // 251 and 252 are a yes as well (RFC 5321 §4.2.3).
            guard let answer = Int(line.prefix(3)),
                answer == code || code == 250 && answer / 10 == 25
            else { throw SinkError("\(command): \(line.asOneLine.prefix(200))") }
            return lines
        }
        throw SinkError("\(command): an answer without an end")
    }
}

/// RFC 4648 §4.
func base64(_ octets: [UInt8]) -> [UInt8] {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    text.reserveCapacity((octets.count + 2) / 3 * 4)
    for start in stride(from: 0, to: octets.count, by: 3) {
        let rest = octets.count - start
        let group =
            UInt32(octets[start]) << 16 | (rest > 1 ? UInt32(octets[start + 1]) << 8 : 0)
            | (rest > 2 ? UInt32(octets[start + 2]) : 0)
        text.append(letters[Int(group >> 18)])
        text.append(letters[Int(group >> 12 & 63)])
        text.append(rest > 1 ? letters[Int(group >> 6 & 63)] : UInt8(ascii: "="))
        text.append(rest > 2 ? letters[Int(group & 63)] : UInt8(ascii: "="))
    }
    return text
}
