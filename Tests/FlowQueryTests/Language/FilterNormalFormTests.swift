import FlowModel
import FlowQuery
import Testing

/// The normal form must not change what a filter means: random filters are evaluated as written, term
/// by term, and as they were put together.
@Suite struct FilterNormalFormTests {
    private static let terms = [
        "any", "not any", "ipv4", "ipv6", "tcp", "port 80", "src port 79-81", "port != 80",
        "dst port > 80", "dst port <= 80", "port in [79 81 443]", "srcport >= 0", "srcvlan 1",
        "srcvlan != 1", "vlan != 1", "srcvlan >= 0", "srcvlan < 2", "src vlan not in [1 2]",
        "flags S", "flags =S", "flags != SA", "src ip 10.0.0.1", "ip != 10.0.0.1", "src net ::/0",
        "net 10/8", "dst ip not in [10.0.0.0/31 2001:db8::/32]", "mpls exp0 >= 3",
        "mpls label0 16-17", "mpls label0 != 16", "mpls eos 16", "mpls any > 15", "ttl equal",
        "ttl 3", "icmp type != 8", "bytes > 80", "bytes <= 81",
    ]

    private struct Row {
        var numbers: [Field: UInt64] = [:]
        var addresses: [Field: IPAddress] = [:]

        func passes(_ expression: FlowExpression) -> Bool {
            switch expression {
            case .constant(let value): return value
            case .and(let operands): return operands.allSatisfy(passes)
            case .or(let operands): return operands.contains(where: passes)
            case .not(let operand): return !passes(operand)
            case .test(.field(let field), let condition): return passes(field, condition)
            case .test: return false
            }
        }

        private func passes(_ field: Field, _ condition: Condition) -> Bool {
            if let address = addresses[field] {
                switch condition {
                case .inAddresses(let ranges): return ranges.contains { $0.contains(address) }
                case .isPresent: return true
                default: return false
                }
            }
            guard let number = numbers[field] else { return false }
            switch condition {
            case .inRanges(let ranges): return ranges.contains { $0.contains(number) }
            case .masked(let mask, let value): return number & mask == value
            case .equals(let other): return numbers[other] == number
            case .isPresent: return true
            case .inAddresses, .element: return false
            }
        }
    }

    private struct Random {
        var state: UInt64
        mutating func next(below limit: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % limit
        }
        mutating func pick<Element>(_ choices: [Element]) -> Element {
            choices[Int(next(below: UInt64(choices.count)))]
        }
    }

    private func row(_ random: inout Random) -> Row {
        var row = Row()
        let addresses = ["10.0.0.0", "10.0.0.1", "192.0.2.1", "2001:db8::1", "fe80::1"]
            .compactMap { IPAddress($0) }
        for field in [Field.srcip, .dstip] where random.next(below: 5) > 0 {
            row.addresses[field] = random.pick(addresses)
        }
        for field in [Field.srcport, .dstport, .bytes] {
            row.numbers[field] = random.pick([0, 53, 79, 80, 81, 443, 65_535])
        }
        row.numbers[.proto] = random.pick([1, 6, 17, 58])
        for field in [Field.srcvlan, .dstvlan, .flags, .icmptype, .minttl, .maxttl]
        where random.next(below: 3) > 0 {
            row.numbers[field] = random.pick([0, 1, 2, 3, 8, 18])
        }
        for depth in 1...2 where random.next(below: 3) > 0 {
            row.numbers[.mpls(depth)] = random.pick([256, 257, 262, 272, 273, 1 << 23 | 15])
        }
        return row
    }

    /// A filter and what it says of each row, worked out from its terms alone.
    private func filter(
        _ random: inout Random, depth: Int, verdicts: [String: [Bool]]
    ) -> (text: String, passes: [Bool]) {
        if depth == 0 || random.next(below: 4) == 0 {
            let term = random.pick(Self.terms)
            return (term, verdicts[term] ?? [])
        }
        if random.next(below: 4) == 0 {
            let operand = filter(&random, depth: depth - 1, verdicts: verdicts)
            return ("not (\(operand.text))", operand.passes.map { !$0 })
        }
        let isAnd = random.next(below: 2) == 0
        var all = filter(&random, depth: depth - 1, verdicts: verdicts)
        all.text = "(\(all.text))"
        for _ in 0...random.next(below: 3) {
            let operand = filter(&random, depth: depth - 1, verdicts: verdicts)
            all.text += (isAnd ? " and " : " or ") + "(\(operand.text))"
            for index in all.passes.indices {
                all.passes[index] =
                    isAnd
                    ? all.passes[index] && operand.passes[index]
                    : all.passes[index] || operand.passes[index]
            }
        }
        return all
    }

    @Test func `putting terms together changes no verdict`() throws {
        var random = Random(state: 20_160_607)
        let rows = (0..<60).map { _ in row(&random) }
        var verdicts: [String: [Bool]] = [:]
        for term in Self.terms {
            let expression = try FlowExpression(parsing: term)
            verdicts[term] = rows.map { $0.passes(expression) }
        }
        for _ in 0..<1500 {
            let (text, passes) = filter(&random, depth: 3, verdicts: verdicts)
            let expression = try FlowExpression(parsing: text)
            #expect(rows.map { $0.passes(expression) } == passes, "\(text) → \(expression)")
        }
    }

    @Test func `!= is a comparison: it is false where there is nothing to compare`() throws {
        let empty = Row()
        for filter in ["srcvlan != 1", "vlan != 1", "ip != 10.0.0.1", "mpls eos != 16"] {
            #expect(!empty.passes(try FlowExpression(parsing: filter)))
            #expect(empty.passes(try FlowExpression(parsing: "not (\(filter))")))
        }
    }
}
