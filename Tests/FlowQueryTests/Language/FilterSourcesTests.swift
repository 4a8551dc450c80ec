import FlowModel
import FlowQuery
import Testing

/// Filters that reach outside their own text.
@Suite struct FilterSourcesTests {
    private static let sources = MemorySources(
        files: [
            "/bad.txt": "192.0.2.1\n# a comment\n\n198.51.100.0/24 ; a list\n",
            "/lists/v6": "2001:db8::/32\n2001:db8:ffff::1\n::1 - ::3\n",
            "/lists/ports.txt": "80\nhttps # the other\n8000-8080\n;none\n",
            "/lists/as.txt": "AS64496 ; Example\n64497\n1.10\n",
            "/wrong.txt": "192.0.2.1\n  192.0.2.256 # slip\n",
            "/columns.txt": "198.51.100.0\t198.51.100.255\t24\n",
            "/numbers.txt": "80\n443\n99999\n",
            "/two.txt": "80 443\n",
            "/empty.txt": "# nothing today\n",
            "/web.filter": "proto tcp and\nport in [80 443]   # the web\n",
            "/nested/a.filter": "@include b.filter or src ip in ../bad.txt",
            "/nested/b.filter": "@include ../web.filter",
            "/loop/a.filter": "any and @include b.filter",
            "/loop/b.filter": "@include ./a.filter",
            "/self.filter": "@include self.filter",
            "/slip.filter": "proto tcp and\n  prot 80",
            "/none.filter": "# nothing\n",
            "/mark.filter": "\u{feff}proto tcp",
            "/bad": "192.0.2.1\n", "/my list": "192.0.2.2\n", "/plist": "80\n443\n",
        ],
        sets: [
            "scanners": .list(
                Array("203.0.113.7\n203.0.113.9\n".utf8), location: "/sets/scanners.txt"),
            "web-ports": .list(Array("80\n443\n".utf8), location: "/sets/web-ports.txt"),
            "listed": .addresses([
                IPAddress(v4: 0xc000_0205)...IPAddress(v4: 0xc000_0206),
                IPAddress(v4: 0xc000_0201)...IPAddress(v4: 0xc000_0201),
            ]),
            "none": .list([], location: "/sets/none.txt"),
            "wrong": .list(Array("scanner.example\n".utf8), location: "/sets/wrong.txt"),
        ],
        hosts: [
            "www.example": ["192.0.2.80", "2001:db8::80"], "localhost": ["127.0.0.1", "::1"],
            "nothing.example": [],
        ])

    private func filter(
        _ text: String, rules: FilterRules = .trusted, sources: MemorySources = Self.sources
    ) throws(FilterError) -> FlowFilter {
        try FlowFilter(
            parsing: text, times: TimeText(now: 0, zone: .utc), sources: sources, rules: rules)
    }

    private func message(_ text: String, rules: FilterRules = .trusted) throws -> String {
        let error = try #require(throws: FilterError.self) { try filter(text, rules: rules) }
        return error.message
    }

    @Test(arguments: [
        ("src ip in @scanners", "srcip in [203.0.113.7 203.0.113.9]"),
        (
            "src ip not in @scanners",
            """
            srcip in [::-203.0.113.6 203.0.113.8 \
            203.0.113.10-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]
            """
        ),
        ("src ip in [@scanners 203.0.113.8]", "srcip in [203.0.113.7-203.0.113.9]"),
        ("dst ip in @listed", "dstip in [192.0.2.1 192.0.2.5-192.0.2.6]"),
        ("dst port in @web-ports", "dstport in [80 443]"),
        ("src ip in bad.txt", "srcip in [192.0.2.1 198.51.100.0-198.51.100.255]"),
        ("src ip in \"bad.txt\"", "srcip in [192.0.2.1 198.51.100.0-198.51.100.255]"),
        ("src ip in \"bad\"", "srcip in [192.0.2.1]"),
        ("src ip in 'my list'", "srcip in [192.0.2.2]"),
        ("src port in \"plist\"", "srcport in [80 443]"),
        ("src port in \"22\"", "srcport in [22]"),
        ("src ip in ./bad.txt", "srcip in [192.0.2.1 198.51.100.0-198.51.100.255]"),
        ("src ip in /bad.txt", "srcip in [192.0.2.1 198.51.100.0-198.51.100.255]"),
        (
            "src net in lists/v6",
            "srcip in [::1-::3 2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]"
        ),
        (
            "src ip in [192.0.2.2, ./bad.txt]",
            "srcip in [192.0.2.1-192.0.2.2 198.51.100.0-198.51.100.255]"
        ),
        ("dst port in lists/ports.txt", "dstport in [80 443 8000-8080]"),
        ("src as in lists/as.txt", "srcas in [64496-64497 65546]"),
        ("src ip in empty.txt", "not any"), ("src ip not in empty.txt", "srcip present"),
        ("src ip in '192.0.2.1'", "srcip in [192.0.2.1]"),
        ("src ip in 192.0.2.1", "srcip in [192.0.2.1]"),
        ("src ip in 192.0.2.0/31", "srcip in [192.0.2.0-192.0.2.1]"),
        ("bytes in 1.5k", "bytes in [1500]"),
        ("@include web.filter", "(proto in [6] and (srcport in [80 443] or dstport in [80 443]))"),
        ("not @include mark.filter or dst port 5", "(proto in [0-5 7-255] or dstport in [5])"),
        (
            "@include nested/a.filter",
            """
            ((proto in [6] and (srcport in [80 443] or dstport in [80 443])) or \
            srcip in [192.0.2.1 198.51.100.0-198.51.100.255])
            """
        ),
        ("src ip www.example", "srcip in [192.0.2.80 2001:db8::80]"),
        ("src ip = localhost", "srcip in [::1 127.0.0.1]"),
        ("src host in [www.example 192.0.2.81]", "srcip in [192.0.2.80-192.0.2.81 2001:db8::80]"),
    ])
    func `sets, files, included filters and hosts`(text: String, expected: String) throws {
        #expect(try filter(text).expression.description == expected)
    }

    @Test(arguments: [
        (
            "src ip in @scaners",
            "there is no set ‘@scaners’; did you mean ‘@scanners’? (column 11)"
        ),
        (
            "src ip in @a/b",
            "‘@a/b’ is no name of a set: letters, digits, ‘_’, ‘-’ and ‘.’ (column 11)"
        ),
        (
            "src ip in @..",
            "‘@..’ is no name of a set: letters, digits, ‘_’, ‘-’ and ‘.’ (column 11)"
        ),
        (
            "src ip @scanners",
            "‘@scanners’ is not an address; did you mean ‘in @scanners’? (column 8)"
        ),
        ("port in @listed", "‘@listed’ is not a port 0–65535 or a service (column 9)"),
        ("src ip in nowhere.txt", "‘nowhere.txt’: no such file (column 11)"),
        (
            "src ip in wrong.txt",
            "‘192.0.2.256’ is not an address, a network or a range (/wrong.txt, line 2, column 3)"
        ),
        (
            "any or src ip in columns.txt",
            "a second address in the line, ‘198.51.100.255’; a range is written A-B, a network A/24 "
                + "(/columns.txt, line 1, column 14)"
        ),
        (
            "src ip in @wrong",
            "‘scanner.example’ is not an address, a network or a range "
                + "(/sets/wrong.txt, line 1, column 1)"
        ),
        ("proto in [@web-ports]", "proto is 0–255 (/sets/web-ports.txt, line 2, column 1)"),
        ("port in numbers.txt", "port is 0–65535 (/numbers.txt, line 3, column 1)"),
        (
            "port in two.txt",
            "‘80 443’ is not a port 0–65535 or a service (/two.txt, line 1, column 4)"
        ),
        ("src ip in 192.0.2.256", "‘192.0.2.256’ is not an address (column 11)"),
        ("port in 80.5", "‘80.5’ is not a port 0–65535 or a service (column 9)"),
        ("@include", "‘@include’ wants a file, the filter ends here (column 9)"),
        ("@include none.filter", "‘none.filter’ holds no filter (column 10)"),
        ("any or @include gone.filter", "‘gone.filter’: no such file (column 17)"),
        (
            "@include slip.filter",
            "unknown word ‘prot’; did you mean ‘proto’? (/slip.filter, line 2, column 3)"
        ),
        (
            "@include self.filter",
            "a file includes itself: ‘/self.filter’ → ‘/self.filter’ "
                + "(/self.filter, line 1, column 10)"
        ),
        (
            "@include loop/a.filter",
            "a file includes itself: ‘/loop/a.filter’ → ‘/loop/b.filter’ → ‘/loop/a.filter’ "
                + "(/loop/b.filter, line 1, column 10)"
        ),
        ("src ip gone.example", "‘gone.example’: no such name (column 8)"),
        ("src ip nothing.example", "‘nothing.example’: the name has no address (column 8)"),
        ("src net www.example", "‘www.example’ is not a network such as 10.0.0.0/8 (column 9)"),
    ])
    func `a message names the file, the line and the column`(
        text: String, expected: String
    ) throws {
        #expect(try message(text) == expected)
    }

    @Test func `the caret stands in the file's line`() throws {
        let error = try #require(throws: FilterError.self) {
            try filter("src ip in wrong.txt")
        }
        #expect(
            error.description == """
                ‘192.0.2.256’ is not an address, a network or a range (/wrong.txt, line 2, column 3)
                    192.0.2.256 # slip
                    ^^^^^^^^^^^
                """)
    }

    @Test func `files include each other ten deep`() throws {
        var files: [String: String] = ["/10": "proto tcp"]
        for number in 0..<10 { files["/\(number)"] = "@include \(number + 1)" }
        let sources = MemorySources(files: files)
        #expect(try filter("@include 1", sources: sources).expression.description == "proto in [6]")
        let error = try #require(throws: FilterError.self) {
            try filter("@include 0", sources: sources)
        }
        guard case .includeTooDeep(let chain, limit: 10) = error.kind else {
            Issue.record("\(error)")
            return
        }
        #expect(chain.count == 11 && chain.last == "/10")
    }

    @Test func `what is nested in an included file counts in the one that includes it`() throws {
        let sources = MemorySources(files: [
            "/deep": String(repeating: "(", count: 60) + "any" + String(repeating: ")", count: 60)
        ])
        _ = try filter("@include deep", sources: sources)
        let error = try #require(throws: FilterError.self) {
            try filter(
                String(repeating: "(", count: 50) + "@include deep"
                    + String(repeating: ")", count: 50), sources: sources)
        }
        #expect(error.kind == .tooDeep(limit: 100))
    }

    // MARK: Trust

    @Test(arguments: [
        (
            "src ip in ./bad.txt",
            "this filter may not read files such as ‘./bad.txt’; it may name a set: in @name "
                + "(column 11)"
        ),
        (
            "src ip in [192.0.2.1 '/etc/passwd']",
            "this filter may not read files such as ‘/etc/passwd’; it may name a set: in @name "
                + "(column 22)"
        ),
        (
            "port in lists/ports.txt",
            "this filter may not read files such as ‘lists/ports.txt’; it may name a set: in @name "
                + "(column 9)"
        ),
        (
            "any or @include web.filter",
            "this filter may not include files such as ‘web.filter’ (column 17)"
        ),
        (
            "src ip www.example",
            "names are not looked up here; write the address of ‘www.example’ (column 8)"
        ),
        (
            "src ip in [www.example]",
            "names are not looked up here; write the address of ‘www.example’ (column 12)"
        ),
    ])
    func `a filter from outside reaches nothing but named sets`(
        text: String, expected: String
    ) throws {
        #expect(try message(text, rules: .untrusted) == expected)
        #expect(
            try filter("src ip in @scanners", rules: .untrusted).expression.description
                == "srcip in [203.0.113.7 203.0.113.9]")
    }

    @Test func `a filter from outside is bounded`() throws {
        func kind(_ text: String) throws -> FilterError.Kind {
            try #require(throws: FilterError.self) { try filter(text, rules: .untrusted) }.kind
        }
        let long = String(repeating: " ", count: 20_000)
        #expect(try kind(long) == .tooLong(20_000, limit: 16_384))
        let deep = String(repeating: "(", count: 33) + "any" + String(repeating: ")", count: 33)
        #expect(try kind(deep) == .tooDeep(limit: 32))
        let list = "port in [" + String(repeating: "1 ", count: 1024) + "]"
        #expect(try kind(list) == .tooManyTerms(limit: 1024))
        let chain = Array(repeating: "any", count: 1025).joined(separator: " or ")
        #expect(try kind(chain) == .tooManyTerms(limit: 1024))
        _ = try filter(list)
        let regexes = Array(repeating: "regex a", count: 9).joined(separator: " or ")
        #expect(try kind(regexes) == .tooManyRegexes(limit: 8))
        _ = try filter(regexes)
    }

    @Test func `nothing is read that is not allowed, or that is not to be read`() throws {
        let sources = MemorySources(files: ["/a": "any"], hosts: ["b": ["::1"]])
        for text in ["@include a", "src ip in ./a", "src ip b.example"] {
            _ = try? filter(text, rules: .untrusted, sources: sources)
        }
        let all = "@include gone and src ip in ./gone and dst ip in @gone or src ip gone.example"
        _ = try filter(all, rules: .unread, sources: sources)
        #expect(sources.reads.isEmpty)
        let error = try #require(throws: FilterError.self) {
            try filter("@include gone and", rules: .unread)
        }
        #expect(error.kind == .expectedTerm(found: ""))
    }

    @Test func `a set that is named twice is read once`() throws {
        let sources = MemorySources(
            files: ["/a.txt": "192.0.2.1"],
            sets: ["s": .list(Array("192.0.2.1".utf8), location: "/s.txt")])
        _ = try filter(
            "src ip in a.txt or dst ip in ./a.txt or src ip in @s or next ip in @s",
            sources: sources)
        #expect(sources.reads == ["/a.txt", "@s"])
    }

    @Test func `notes say what a name stands for, and that a set is empty`() throws {
        let found = try filter(
            "src ip www.example or dst ip www.example or src ip in @none or next ip in empty.txt")
        #expect(
            found.notes.map(\.description) == [
                "‘www.example’ is 192.0.2.80, 2001:db8::80", "‘@none’ is empty",
                "‘empty.txt’ is empty",
            ])
    }
}
