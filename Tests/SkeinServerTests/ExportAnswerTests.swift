import SkeinServer
import Testing

/// Files of what is listed, as those who fetch them from time to time ask for them.
@Suite struct ExportAnswerTests {
    private let path = "/api/v1/intel/export/rpz"

    private func asking(
        _ questions: [(path: String, method: String, headers: [String])]
    ) async throws -> [HTTPAnswer] {
        try await onThread {
            let server = try Server(ServerConfiguration(port: 0), source: FakeSource())
            defer { server.stop() }
            return try questions.map {
                try ask(server.port, $0.path, method: $0.method, headers: $0.headers)
            }
        }
    }

    @Test func `the file comes whole, with what it is asked for again with`() async throws {
        let answer = try await asking([(path, "GET", [])])[0]
        #expect(answer.status == 200)
        #expect(answer.text == "; nothing\n")
        #expect(answer.headers["content-length"] == "10")
        #expect(answer.headers["content-type"] == "text/dns")
        #expect(answer.headers["etag"] == "\"tag-10\"")
        #expect(answer.headers["last-modified"] == "Tue, 07 Jun 2016 12:38:20 GMT")
        #expect(answer.headers["cache-control"] == "no-cache")
        #expect(
            answer.headers["content-disposition"] == "attachment; filename=\"skein-rpz\"")
    }

    @Test func `HEAD says what GET would, without the file`() async throws {
        let answer = try await asking([(path, "HEAD", [])])[0]
        #expect(answer.status == 200 && answer.body.isEmpty)
        #expect(answer.headers["content-length"] == "10")
        #expect(answer.headers["etag"] == "\"tag-10\"")
    }

    @Test(arguments: [
        ("If-None-Match: \"tag-10\"", 304), ("If-None-Match: W/\"tag-10\"", 304),
        ("If-None-Match: \"a\" , \"tag-10\"", 304), ("If-None-Match: *", 304),
        ("If-None-Match: \"tag-1\"", 200), ("If-None-Match: tag-10", 200),
        ("If-Modified-Since: Tue, 07 Jun 2016 12:38:20 GMT", 304),
        ("If-Modified-Since: Tue, 07 Jun 2016 12:38:19 GMT", 200),
        ("If-Modified-Since: yesterday", 200), ("If-Modified-Since: ", 200),
        ("If-Modified-Since: Tue, 99 Jun 2016 12:38:19 GMT", 200),
    ])
    func `what is there already is not sent again`(header: String, status: Int) async throws {
        let answer = try await asking([(path, "GET", [header])])[0]
        #expect(answer.status == status)
        #expect(answer.body.isEmpty == (status == 304))
        #expect(answer.headers["etag"] == "\"tag-10\"")
    }

    @Test func `a tag goes before a time`() async throws {
        let headers = [
            "If-None-Match: \"other\"", "If-Modified-Since: Tue, 07 Jun 2016 12:38:20 GMT",
        ]
        #expect(try await asking([(path, "GET", headers)])[0].status == 200)
    }

    @Test func `what makes no sense is refused, with what there is`() async throws {
        let answers = try await asking([
            ("/api/v1/intel/export/dns", "GET", []), ("/api/v1/intel/export/", "GET", []),
            ("/api/v1/intel/export/rpz/x", "GET", []), ("\(path)?sources=none", "GET", []),
            ("\(path)?source=a", "GET", []), (path, "POST", []),
        ])
        #expect(answers.map(\.status) == [404, 404, 404, 400, 400, 405])
        #expect(answers[0].text.contains("there are rpz"))
    }

    @Test func `before anything has been read it is to be asked for later`() async throws {
        let answer = try await asking([("\(path)?set-name=soon", "GET", [])])[0]
        #expect(answer.status == 503 && answer.headers["retry-after"] == "5")
    }
}
