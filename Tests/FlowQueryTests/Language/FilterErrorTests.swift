import FlowQuery
import Testing

@Suite struct FilterErrorTests {
    private func error(_ filter: String) throws -> FilterError {
        try #require(throws: FilterError.self) {
            _ = try FlowExpression(parsing: filter, times: TimeText(now: 0, zone: .utc))
        }
    }

    @Test(arguments: [
        ("dst port = 99999", "port is 0–65535 (column 12)"),
        ("proto t", "‘t’ is not a protocol name or number 0–255; did you mean ‘tcp’? (column 7)"),
        ("scr port 80", "unknown word ‘scr’; did you mean ‘src’? (column 1)"),
        ("port 80 port 443", "‘and’ or ‘or’ is missing before ‘port’ (column 9)"),
        ("(port 80", "‘(’ is not closed (column 1)"),
        ("port 80)", "‘)’ without its opening (column 8)"),
        ("port in [80", "‘[’ is not closed (column 9)"),
        ("port 80]", "‘]’ without its opening (column 8)"),
        ("port 80 and", "the filter ends where a term should follow (column 12)"),
        ("and port 80", "a term should stand here, not ‘and’ (column 1)"),
        ("src ip in []", "the list is empty (column 11)"),
        (
            "src ip router.example",
            "names are not looked up here; write the address of ‘router.example’ (column 8)"
        ),
        ("src ip 10.0.0.256", "‘10.0.0.256’ is not an address (column 8)"),
        ("src net 10.0.0.0/33", "the prefix length is 0–32 (column 9)"),
        (
            "src net 10.0.0.1 255.0.255.0",
            "‘255.0.255.0’ is not a netmask: ones, then zeros (column 18)"
        ),
        ("src ip > 10.0.0.1", "‘src ip’ is compared with =, != or in [ ] (column 8)"),
        ("dst port 90-80", "‘90-80’ runs backwards (column 10)"),
        (
            "bytes > 80-90",
            "‘bytes’ is larger or smaller than one number; a range goes with =, != or in [ ] (column 7)"
        ),
        ("@include x", "this filter may not include files such as ‘x’ (column 10)"),
        (
            "src ip in ./x",
            "this filter may not read files such as ‘./x’; it may name a set: in @name (column 11)"
        ),
        ("bytes > 1.2345k", "‘1.2345k’ is not a number (column 9)"),
        ("flags SAQ", "‘SAQ’ is not letters of FSRPAUECX or a number 0–255 (column 7)"),
        (
            "first seen > 2016-13",
            "‘2016-13’ is not a time such as 2016-06-07T12 or -1h (column 14)"
        ),
        ("port 80 & port 81", "a single ‘&’ means nothing here; write ‘and’ or ‘&&’ (column 9)"),
        ("ip \"10.0.0.1", "the quote is not closed (column 4)"),
        ("src ip in @bad", "there is no set ‘@bad’, nor any other (column 11)"),
        ("any and\nport 80 oder", "‘and’ or ‘or’ is missing before ‘oder’ (line 2, column 9)"),
    ])
    func `a message says what, where and what was meant`(filter: String, message: String) throws {
        #expect(try error(filter).message == message)
    }

    @Test func `the caret stands under the word`() throws {
        #expect(
            try error("proto tcp and dst prot 443").description == """
                after ‘dst’ comes ‘as’, ‘country’, ‘geo’, ‘host’, ‘ip’, ‘mac’, ‘mask’, ‘nat’, ‘net’, \
                ‘port’, ‘tos’, ‘tun’, ‘vlan’ or ‘xlate’; did you mean ‘port’? (column 19)
                  proto tcp and dst prot 443
                                    ^^^^
                """)
        #expect(
            try error("any\n and\tpört 80\nor any").description == """
                ‘ö’ means nothing here (line 2, column 7)
                   and p\u{f6}rt 80
                        ^
                """)
    }

    @Test func `a long line is shown around the place, and nothing reaches the terminal raw`()
        throws
    {
        let long = (1...60).map { "port \($0)" }.joined(separator: " or ") + " or x\u{1b}[31m"
        let text = try error(long).description
        #expect(text.split(separator: "\n").allSatisfy { $0.count < 110 })
        #expect(!text.contains("\u{1b}"))
    }

    @Test func `limits hold`() throws {
        let deep = String(repeating: "(", count: 101) + "any" + String(repeating: ")", count: 101)
        #expect(try error(deep).kind == .tooDeep(limit: 100))
        _ = try FlowExpression(
            parsing: String(repeating: "(", count: 100) + "any" + String(repeating: ")", count: 100)
        )
        let negated = String(repeating: "not ", count: 101) + "any"
        #expect(try error(negated).kind == .tooDeep(limit: 100))
        let long = String(repeating: " ", count: 1 << 22 + 1)
        #expect(try error(long).kind == .tooLong(1 << 22 + 1, limit: 1 << 22))
    }

    /// Tokens and octets in random order, from a fixed seed; whatever comes, it is an answer.
    @Test func `no text brings the parser down`() {
        var random = Xorshift(state: 0x9e37_79b9_7f4a_7c15)
        let words = """
            any not and or ( ) [ ] , ! && || = == != <> < > <= >= eq ne gt src dst ip host net port proto
            in out nat tun next bgp router if as vlan mask flags SA =S 18 X icmp type code mpls label0
            exp9 any eos ttl equal min max 10.0.0.0/8 10/8 ::/0 ::1 1.2.3.4-1.2.3.1 0 65535 99999
            18446744073709551615 18446744073709551616 0xffffffffffffffff 1.5M 0.1 1e9 80-90 - / /8 -1h
            2016-06-07T12 2016-02-30 now -999999999999d +9999999999999d first seen last duration 1h30min
            999999999999999999w engine id type domain @x "q q" 'x bytes > 17.99g # \u{e9} \u{0} \t as 1.10
            65536.1 mac aa:bb:cc:dd:ee:ff fwdstat dropped flowdir egress tos
            """.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)
        for round in 0..<20_000 {
            var text = ""
            if round % 4 == 0 {
                let bytes = (0..<random.next(below: 40)).map { _ in
                    UInt8(truncatingIfNeeded: random.next(below: 256))
                }
                text = String(decoding: bytes, as: UTF8.self)
            } else {
                for _ in 0..<random.next(below: 14) {
                    text += words[random.next(below: words.count)]
                    if random.next(below: 5) > 0 { text += " " }
                }
            }
            do {
                _ = try FlowExpression(parsing: text, times: TimeText(now: 1 << 40, zone: .utc))
                    .description
            } catch {
                #expect(!error.description.isEmpty && error.columns.lowerBound >= 1)
            }
        }
    }

    private struct Xorshift {
        var state: UInt64
        mutating func next(below limit: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(limit))
        }
    }
}
