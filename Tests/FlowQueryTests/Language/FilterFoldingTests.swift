import FlowQuery
import Testing

/// What the rest of a filter decides is not asked again.
@Suite struct FilterFoldingTests {
    @Test(arguments: [
        // Contradictions.
        ("tcp and udp", "not any"), ("dst port > 80 and dst port < 80", "not any"),
        ("dst port in [80 443] and dst port in [53 123]", "not any"),
        ("src net 10/8 and src net 192.168/16", "not any"),
        ("src net 10/8 and not src net 10/8", "not any"),
        ("src net 10.1/16 and not src net 10/8", "not any"),
        ("src as 7 and not src as 1-9", "not any"), ("udp and flags S", "not any"),
        ("flags =S and flags A", "not any"), ("flags S and not flags S", "not any"),
        ("flags SA and not flags S", "not any"), ("src vlan 5 and not src vlan >= 0", "not any"),
        ("(port 80 or vlan 3) and not (port 80 or vlan 3)", "not any"),
        ("duration < 5s and duration > 10s", "not any"),
        ("udp and (flags S or tcp and dst port 80)", "not any"),
        // Tautologies.
        ("dst port <= 80 or dst port >= 80", "any"), ("tcp or not tcp", "any"),
        ("src net 10/8 or not src net 10/8", "any"), ("src as 1-9 or not src as 7", "any"),
        ("src vlan >= 0 or not src vlan 7", "any"), ("port 80 or not port 80", "any"),
        ("flags S or not flags S", "any"), ("any or src ip 192.0.2.1", "any"),
        ("bpp >= 0", "bpp present"), ("src as >= 0 or src as < 7", "srcas present"),
        ("src net 0.0.0.0/0 or src net ::/0", "srcip present"),
        // One quantity.
        ("src as 1-9 and not src as 7", "srcas in [1-6 8-9]"),
        ("src as >= 0 and not src as 7", "srcas in [0-6 8-4294967295]"),
        ("not src as 7 and not src as 8", "not srcas in [7-8]"),
        ("not src as 6-8 or not src as 8-9", "not srcas in [8]"),
        ("not src as 1-9 or src as 7", "not srcas in [1-6 8-9]"),
        ("not src as 5 or src as 5", "any"),
        ("src net 10/8 and not src net 10.128/9", "srcip in [10.0.0.0-10.127.255.255]"),
        ("flags S and flags A", "(proto in [6] and flags & 18 = 18)"),
        ("flags =S and flags S", "(proto in [6] and flags in [2])"),
        (
            "flags S and not flags A",
            "(proto in [6] and flags & 2 = 2 and not flags & 16 = 16)"
        ),
        // What one operand says is not asked below another.
        ("tcp and flags S", "(proto in [6] and flags & 2 = 2)"),
        ("tcp and (tcp or bytes > 1k)", "proto in [6]"),
        ("tcp or tcp and bytes 7", "proto in [6]"),
        ("udp and (flags S or dst port 53)", "(proto in [17] and dstport in [53])"),
        ("tcp and (udp and src port 7 or dst port 53)", "(proto in [6] and dstport in [53])"),
        ("not tcp and (flags S or dst port 53)", "(proto in [0-5 7-255] and dstport in [53])"),
        (
            "dst port 53 and (src port 7 or dst port < 1024 and tos 3)",
            "(dstport in [53] and (srcport in [7] or tos in [3]))"
        ),
        (
            "tcp or (udp or tcp) and tos 3",
            "(proto in [6] or (proto in [6 17] and tos in [3]))"
        ),
        (
            "src net 10/8 and (src ip 10.1.2.3 or src net 192.168/16 or src net 10/9 and tos 3)",
            """
            (srcip in [10.0.0.0-10.255.255.255] and \
            (srcip in [10.1.2.3 192.168.0.0-192.168.255.255] or \
            (srcip in [10.0.0.0-10.127.255.255] and tos in [3])))
            """
        ),
        (
            "port 80 and (tos 3 or not port 80)",
            "((srcport in [80] or dstport in [80]) and tos in [3])"
        ),
        (
            "not port 80 and (port 80 or tos 3)",
            "(not (srcport in [80] or dstport in [80]) and tos in [3])"
        ),
    ])
    func `a filter is folded`(filter: String, expected: String) throws {
        #expect(try FlowExpression(parsing: filter).description == expected)
    }

    @Test func `long and deep filters are folded in reasonable time`() throws {
        let chain = (0..<3000).map { "(src port \($0) and (tcp or dst port \($0)))" }
        _ = try FlowExpression(parsing: "tcp and (\(chain.joined(separator: " or ")))")
        var deep = "tos 0"
        for level in 1...45 {
            deep = "(src port \(level) or \(deep)) and not (dst port \(level) and tos \(level))"
            deep = "(\(deep))"
        }
        _ = try FlowExpression(parsing: deep)
    }
}
