import FlowAlert
import FlowModel
import FlowQuery
import FlowTestSupport
import Foundation
import Testing

/// Sinks against the programs that they are for.
@Suite struct SinkPeerTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func event(_ number: Int) -> AlertEvent {
        var alert = Alert(rule: "known-bad", kind: .contact, severity: .high)
        alert.id = Int64(number)
        alert.source = IPAddress("10.0.0.5")
        alert.target = IPAddress("203.0.113.9")
        alert.proto = 6
        alert.first = epoch
        alert.descriptions = ["Zürich\nSubject: no header"]
        return AlertEvent(.opened, alert, time: epoch, received: nil)
    }

    private func deliver(_ plan: SinkPlan, _ events: [AlertEvent]) throws -> AlertCounters.Sink {
        var plan = plan
        plan.times = TimeText(now: epoch, zone: .utc)
        let runner = try SinkRunner(plan, folder: folder.url.path, farewell: .seconds(60)) { line in
            Issue.record("\(line)")
        }
        try runner.start()
        for event in events { runner.offer(event) }
        // What waits is delivered before the end.
        runner.stop()
        return runner.counters.sink
    }

    private func text(_ name: String) -> String {
        (try? String(contentsOfFile: folder.path(name), encoding: .utf8)) ?? ""
    }

    private static let rsyslogd = Command.installed("rsyslogd")

    @Test(.enabled(if: rsyslogd != nil), arguments: [SyslogTarget.Carrier.tcp, .udp])
    func `rsyslogd takes RFC 5424 over TCP and UDP`(carrier: SyslogTarget.Carrier) throws {
        let port = Int(try freePort())
        try folder.write(
            "rsyslog.conf",
            Array(
                """
                module(load="imtcp")
                module(load="imudp")
                input(type="imudp" address="127.0.0.1" port="\(port)")
                input(type="imtcp" address="127.0.0.1" port="\(port)")
                template(name="parts" type="string" string="%protocol-version%|%syslogfacility-text%|%syslogseverity-text%|%timestamp:::date-rfc3339%|%app-name%|%msgid%|%msg%\\n")
                *.* action(type="omfile" file="\(folder.path("syslog.out"))" template="parts")

                """.utf8))
        let server = try RunningProgram(
            [
                try #require(Self.rsyslogd), "-n", "-f", folder.path("rsyslog.conf"), "-i",
                folder.path("rsyslog.pid"),
            ], in: folder)
        defer { server.kill() }
        try server.wait(for: "rsyslogd to listen") { (try? connects(port)) == true }
        let target = SyslogTarget(carrier, host: "127.0.0.1", port: port)
        let plan = SinkPlan(name: "syslog", target: .syslog(target), form: .text)
        let counters = try deliver(plan, [event(1), event(2)])
        #expect(counters.delivered == 2)
        try server.wait(for: "the messages") {
            text("syslog.out").split(separator: "\n").count == 2
        }
        for line in text("syslog.out").split(separator: "\n") {
            #expect(line.hasPrefix("1|local0|err|2016-06-07T12:38:20"))
            #expect(
                line.hasSuffix(
                    "|skein|alert|2016-06-07 12:38:20 : 10.0.0.5 -> 203.0.113.9 (TCP) known-bad"))
        }
    }

    private static let hasTLS =
        rsyslogd != nil && TestCertificates.canBeMade
        && FileManager.default.fileExists(atPath: "/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_gtls.so")

    @Test(.enabled(if: hasTLS, "rsyslog-gnutls is not installed"))
    func `rsyslogd takes RFC 5424 over TLS, and a server that is somebody else gets nothing`()
        throws
    {
        let authority = try TestCertificates("authority", in: folder)
        let pair = try authority.issue("localhost")
        let stranger = try TestCertificates("stranger", in: folder)
        let port = Int(try freePort())
        try folder.write(
            "rsyslog.conf",
            Array(
                """
                global(
                    DefaultNetstreamDriverCAFile="\(authority.authority)"
                    DefaultNetstreamDriverCertFile="\(pair.certificate)"
                    DefaultNetstreamDriverKeyFile="\(pair.key)"
                )
                module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
                input(type="imtcp" address="127.0.0.1" port="\(port)")
                template(name="parts" type="string" string="%protocol-version%|%app-name%|%msg%\\n")
                *.* action(type="omfile" file="\(folder.path("syslog.out"))" template="parts")

                """.utf8))
        let server = try RunningProgram(
            [
                try #require(Self.rsyslogd), "-n", "-f", folder.path("rsyslog.conf"), "-i",
                folder.path("rsyslog.pid"),
            ], in: folder)
        defer { server.kill() }
        try server.wait(for: "rsyslogd to listen") { (try? connects(port)) == true }
        var target = SyslogTarget(.tls, host: "localhost", port: port)
        target.authorities = stranger.authority
        let runner = try SinkRunner(
            SinkPlan(name: "tls", target: .syslog(target), form: .text),
            folder: folder.url.path, say: { _ in })
        try runner.start()
        runner.offer(event(1))
        try server.wait(for: "an attempt") { runner.counters.sink.failures > 0 }
        runner.stop()
        #expect(runner.counters.sink.delivered == 0 && runner.counters.sink.waiting > 0)
        // The same sink with the right authority delivers what waits as well.
        target.authorities = authority.authority
        let counters = try deliver(
            SinkPlan(name: "tls", target: .syslog(target), form: .text), [event(2)])
        #expect(counters.delivered == 2)
        try server.wait(for: "the messages") {
            text("syslog.out").split(separator: "\n").filter { $0.contains("known-bad") }.count == 2
        }
        #expect(
            text("syslog.out").split(separator: "\n").filter { $0.contains("known-bad") }
                .allSatisfy { $0.hasPrefix("1|skein|2016-06-07 12:38:20 : 10.0.0.5 -> ") })
    }

    private func connects(_ port: Int) throws -> Bool {
        let result = try Command.run(
            "/usr/bin/python3",
            ["-c", "import socket; socket.create_connection(('127.0.0.1', \(port)), 1).close()"])
        return result.status == 0
    }

    private static let hasMailServer =
        (try? Command.run("/usr/bin/python3", ["-c", "import aiosmtpd"]).status) == 0

    /// Keeps each mail in a file; offers STARTTLS, and mail only after it, where it has a certificate.
    private static let mailServer = """
        import sys, ssl
        from aiosmtpd.controller import Controller
        from aiosmtpd.smtp import AuthResult
        class Keeper:
            async def handle_DATA(self, server, session, envelope):
                with open(sys.argv[2], 'ab') as f:
                    f.write(('%s %s\\n' % (envelope.mail_from, ','.join(envelope.rcpt_tos))).encode())
                    f.write(envelope.original_content)
                return '250 kept'
        # Named, or it would ask the DNS who it is.
        options = dict(server_hostname='localhost')
        if len(sys.argv) > 3:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[3], sys.argv[4])
            def known(server, session, envelope, mechanism, data):
                return AuthResult(success=(data.login, data.password) == (b'skein', b's3cret'))
            options.update(tls_context=context, require_starttls=True, auth_required=True,
                authenticator=known)
        Controller(Keeper(), hostname='127.0.0.1', port=int(sys.argv[1]), **options).start()
        print('ready', flush=True)
        import threading
        threading.Event().wait()
        """

    @Test(.enabled(if: hasMailServer))
    func `mail is a letter each, which nothing in an alert can forge`() throws {
        let port = Int(try freePort())
        let server = try RunningProgram(
            [
                "/usr/bin/python3", "-c", Self.mailServer, "\(port)", folder.path("mail.out"),
            ], in: folder)
        defer { server.kill() }
        try server.wait(for: "the mail server") { (try? connects(port)) == true }
        let target = MailTarget(
            host: "127.0.0.1", port: port, security: .none, from: "skein@example.org",
            recipients: ["a@example.org", "b@example.org"])
        let counters = try deliver(
            SinkPlan(name: "mail", target: .mail(target), form: .text), [event(1)])
        #expect(counters.delivered == 1)
        try server.wait(for: "the mail") { text("mail.out").contains("\r\n\r\n") }
        let mail = text("mail.out")
        #expect(mail.hasPrefix("skein@example.org a@example.org,b@example.org\n"))
        #expect(
            mail.contains(
                "\r\nSubject: [skein] high opened: known-bad 10.0.0.5 -> 203.0.113.9\r\n"))
        #expect(mail.contains("\r\nDate: Tue, 7 Jun 2016 12:38:20 +0000\r\n"))
        let body = mail.split(separator: "\r\n\r\n", maxSplits: 1).last ?? ""
        let letters = String(body.filter { !$0.isNewline })
        let decoded = try #require(Data(base64Encoded: letters))
        let words = String(decoding: decoded, as: UTF8.self)
        #expect(words.hasPrefix("2016-06-07 12:38:20 : 10.0.0.5 -> 203.0.113.9 (TCP) known-bad\n"))
        #expect(words.contains("descriptions: [\"Zürich\\nSubject: no header\"]\n"))
    }

    @Test(.enabled(if: hasMailServer && TestCertificates.canBeMade))
    func `mail goes over STARTTLS with a password, to a server that is who it says`() throws {
        let authority = try TestCertificates("authority", in: folder)
        let pair = try authority.issue("localhost")
        let port = Int(try freePort())
        try folder.write("password", Array("s3cret\n".utf8))
        let server = try RunningProgram(
            [
                "/usr/bin/python3", "-c", Self.mailServer, "\(port)", folder.path("mail.out"),
                pair.certificate, pair.key,
            ], in: folder)
        defer { server.kill() }
        try server.wait(for: "the mail server") { (try? connects(port)) == true }
        var target = MailTarget(
            host: "localhost", port: port, security: .starttls, from: "skein@example.org",
            recipients: ["a@example.org"])
        target.user = "skein"
        target.passwordFile = folder.path("password")
        target.authorities = authority.authority
        let counters = try deliver(
            SinkPlan(name: "mail", target: .mail(target), form: .ndjson), [event(1)])
        #expect(counters.delivered == 1)
        try server.wait(for: "the mail") { text("mail.out").contains("\r\n\r\n") }
    }

    @Test func `a webhook is asked again until it says yes`() throws {
        let port = Int(try freePort())
        try folder.write("token", Array("Bearer t0ken\n".utf8))
        let program = """
            import http.server, socketserver
            class Server(http.server.HTTPServer):
                def server_bind(self):
                    # Without asking the DNS who it is.
                    socketserver.TCPServer.server_bind(self)
            class Taker(http.server.BaseHTTPRequestHandler):
                count = 0
                def do_POST(self):
                    body = self.rfile.read(int(self.headers['Content-Length']))
                    Taker.count += 1
                    self.send_response(503 if Taker.count == 1 else 204)
                    self.end_headers()
                    open('\(folder.path("hook.out"))', 'ab').write(
                        (self.path + ' ' + self.headers['Authorization'] + ' ').encode() + body)
                def log_message(self, *words): pass
            Server(('127.0.0.1', \(port)), Taker).serve_forever()
            """
        let server = try RunningProgram(["/usr/bin/python3", "-c", program], in: folder)
        defer { server.kill() }
        try server.wait(for: "the webhook") { (try? connects(port)) == true }
        let plan = SinkPlan(
            name: "hook",
            target: .webhook(
                WebhookTarget(
                    url: "http://127.0.0.1:\(port)/in?key=1",
                    authorizationFile: folder.path("token"))), form: .ndjson)
        let said = Said()
        let runner = try SinkRunner(plan, folder: folder.url.path, farewell: .seconds(60)) {
            said.add($0)
        }
        try runner.start()
        runner.offer(event(1))
        try server.wait(for: "the second attempt") {
            runner.counters.sink.delivered == 1
        }
        runner.stop()
        #expect(runner.counters.sink.failures == 1)
        let lines = text("hook.out").split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.hasPrefix("/in?key=1 Bearer t0ken {\"event\":\"opened\"") })
        #expect(said.lines.first?.contains("503") == true)
        #expect(said.lines.allSatisfy { !$0.contains("key=1") && !$0.contains("t0ken") })
    }
}

/// What a sink has said.
private final class Said: @unchecked Sendable {
    // Sendable: under the lock.
    private let lock = NSLock()
    private var said: [String] = []
    var lines: [String] { lock.withLock { said } }
    func add(_ line: String) { lock.withLock { said.append(line) } }
}
