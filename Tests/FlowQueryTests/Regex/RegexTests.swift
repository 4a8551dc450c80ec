import Foundation
import Testing

@testable import FlowQuery

@Suite struct RegexTests {
    private func matches(
        _ pattern: String, _ text: String, flags: String = ""
    ) throws -> Bool {
        try RegexPattern(pattern, flags: flags).matches(Array(text.utf8))
    }

    @Test(arguments: [
        ("", "", true), ("", "x", true), ("a", "bab", true), ("a", "b", false),
        ("abc", "xxabcxx", true), ("^abc", "xabc", false), ("^abc", "abcx", true),
        ("abc$", "xabc", true), ("abc$", "abcx", false), ("^$", "", true), ("^$", "x", false),
        ("a|b|", "zzz", true), ("^(a|b)$", "b", true), ("^(?:ab|cd)+$", "abcdab", true),
        ("^(?:ab|cd)+$", "abcda", false), ("^a*$", "aaaa", true), ("^a+$", "", false),
        ("^a?b$", "ab", true), ("^a{3}$", "aaa", true), ("^a{3}$", "aaaa", false),
        ("^a{2,}$", "a", false), ("^a{2,4}$", "aaaaa", false), ("^a{0}$", "", true),
        ("a{,3}", "a{,3}", true), ("{", "{", true), ("a{x", "a{x", true),
        ("^.$", "é", true), ("^.$", "\n", false), ("^..$", "é", false), ("^.$", "😀", true),
        ("(?s)^.$", "\n", true), ("[é-ë]", "ê", true), ("^[^é]$", "ê", true),
        ("^[^é]$", "é", false), ("^\\x{1f600}$", "😀", true), ("^\\x41$", "A", true),
        ("[]a]", "]", true), ("[^]a]", "]", false), ("[a-]", "-", true), ("[\\]]", "]", true),
        ("^[[:digit:][:upper:]]+$", "A1B2", true), ("^[[:foo:]]$", ":]", true),
        ("^\\d{1,3}(\\.\\d{1,3}){3}$", "192.0.2.1", true), ("\\bweb\\b", "a web b", true),
        ("\\bweb\\b", "cobwebs", false), ("\\Bweb\\B", "cobwebs", true),
        ("^\\w+@\\w+\\.example$", "joe@mail.example", true), ("\\s", "a\u{b}b", true),
        ("(?i)GeT", "get /", true), ("GET", "get /", false), ("a(?i)b", "aB", true),
        ("a(?i)b", "AB", false), ("(a(?i)b)c", "aBC", false), ("a(?i:b)c", "aBc", true),
        ("(?i)[^a]", "A", false), ("(?i)É", "é", false), ("^b", "a\nb", false),
        ("(?m)^b", "a\nb", true), ("(?m)a$", "a\nb", true), ("a$", "a\nb", false),
        ("(?m)^$", "a\n\nb", true), ("\\Ab", "a\nb", false), ("a*?b", "aab", true),
        ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false), ("(|a)+b", "ab", true),
        ("(a?){50}a{50}", String(repeating: "a", count: 50), true),
        ("\\.example\\.org$", "www.example.org", true), ("^[^\\d\\s]+$", "abc", true),
        ("a\\/b", "a/b", true), ("a\\-b", "a-b", true), ("[^\\x00-\\x{10ffff}]", "a", false),
    ])
    func `expressions match as they should`(pattern: String, text: String, expected: Bool) throws {
        #expect(try matches(pattern, text) == expected)
    }

    @Test func `flags may stand beside`() throws {
        #expect(try matches("get", "GET", flags: "i"))
        #expect(try matches("^b.c$", "a\nb\nc", flags: "ms"))
        #expect(try RegexPattern("a", flags: "si").flags == "is")
        #expect(throws: RegexError.self) { try RegexPattern("a", flags: "g") }
    }

    @Test func `octets are matched as they are`() throws {
        let pattern = try RegexPattern("^\\x00.\\xff[\\x80-\\x90]é$", isText: false)
        #expect(pattern.matches([0x00, 0xc3, 0xff, 0x85, 0xc3, 0xa9]))
        #expect(!pattern.matches([0x00, 0x0a, 0xff, 0x85, 0xc3, 0xa9]))
        #expect(throws: RegexError(kind: .notAnOctet("é"), place: 1..<3)) {
            try RegexPattern("[é]", isText: false)
        }
        // Octets that are no UTF-8 are in no character's place.
        #expect(!(try RegexPattern("^.$").matches([0xff])))
        #expect(try RegexPattern("b$").matches([0xff, 0x62]))
    }

    @Test(
        arguments: [
            ("(a", .unbalanced("("), 0..<2), ("a)", .unbalanced(")"), 1..<2),
            ("[a", .unbalanced("["), 0..<2), ("*a", .nothingToRepeat, 0..<1),
            ("a|+", .nothingToRepeat, 2..<3), ("a**", .nothingToRepeat, 2..<3),
            ("ba*+a", .notRegular("a*+"), 1..<4), ("a{2}{3}", .nothingToRepeat, 4..<7),
            ("\\q", .unknownEscape("\\q"), 0..<2), ("a\\", .unknownEscape("\\"), 1..<2),
            ("\\x4", .unknownEscape("\\x4"), 0..<3),
            ("\\x{d800}", .unknownEscape("\\x{d800}"), 0..<8),
            ("(a)\\1", .notRegular("\\1"), 3..<5), ("(?=a)", .notRegular("(?="), 0..<3),
            ("(?<!a)", .notRegular("(?<!"), 0..<4), ("(?P<n>a)", .notRegular("(?P"), 0..<3),
            ("a{3,1}", .badRepeat("{3,1}"), 1..<6), ("a{1001}", .badRepeat("{1001}"), 1..<7),
            ("[z-a]", .badRange("z-a"), 1..<4), ("[\\d-z]", .badRange("\\d-z"), 1..<5),
            ("(?x)a", .unknownFlag("x"), 2..<3), ("é\\q", .unknownEscape("\\q"), 2..<4),
            ("((a{1000}){1000})", .tooLarge, 0..<0),
            ("((((){1000}){1000}){1000})", .tooLarge, 0..<0),
            (String(repeating: "(", count: 51), .tooDeep, 50..<51),
        ] as [(String, RegexError.Kind, Range<Int>)])
    func `what is wrong is said, and where`(
        pattern: String, kind: RegexError.Kind, place: Range<Int>
    ) throws {
        #expect(throws: RegexError(kind: kind, place: place)) { try RegexPattern(pattern) }
        let error = RegexError(kind: kind, place: place)
        #expect(!error.description.isEmpty)
    }

    // MARK: Against another engine

    private struct Maker {
        var random: SeededNumbers

        mutating func pattern(_ depth: Int) -> String {
            switch random.below(depth > 0 ? 12 : 6) {
            case 0, 1, 2: return random.pick(["a", "b", "c", "_", " "])
            case 3: return random.pick([".", "[ab]", "[^a]", "[a-c_]", "\\w", "\\s", "\\W"])
            case 4: return random.pick(["^", "$", "\\b", "\\B", "c"])
            case 5: return random.pick(["ab", "bc", "a."])
            case 6, 7: return pattern(depth - 1) + pattern(depth - 1)
            case 8: return "(" + pattern(depth - 1) + "|" + pattern(depth - 1) + ")"
            default:
                let sign = random.pick(["*", "+", "?", "{2}", "{1,3}", "{0,2}"])
                return "(?:" + pattern(depth - 1) + ")" + sign
            }
        }

        mutating func text() -> String {
            (0..<random.below(9)).map { _ in random.pick(["a", "b", "c", "_", " "]) }.joined()
        }
    }

    @Test(arguments: 0..<8)
    func `ICU finds the same matches`(seed: Int) throws {
        var maker = Maker(random: SeededNumbers(seed: UInt64(seed)))
        for _ in 0..<50 {
            let pattern = maker.pattern(4)
            guard let other = try? NSRegularExpression(pattern: pattern) else { continue }
            let matcher = RegexMatcher(try RegexPattern(pattern).program)
            for _ in 0..<8 {
                let text = maker.text()
                let range = NSRange(location: 0, length: text.utf16.count)
                let expected = other.firstMatch(in: text, range: range) != nil
                let octets = Array(text.utf8)
                let found = matcher.matches(octets.span)
                #expect(found == expected, "/\(pattern)/ in \"\(text)\"")
            }
        }
    }

    @Test func `hostile expressions read a long text in linear time`() throws {
        let text = Array(repeating: UInt8(ascii: "a"), count: 5000)
        for pattern in ["(a*)*b", "(a|aa)+b", "(a|a)*c", "(.*)(.*)(.*)(.*)[^a]", "(a?){200}b"] {
            #expect(!(try RegexPattern(pattern).matches(text)))
        }
    }

    @Test func `states that are forgotten are found again`() throws {
        var random = SeededNumbers(seed: 7)
        let mixed = (0..<500).map { _ in UInt8(ascii: "a") + UInt8(random.below(2)) }
        let ending = Array(("a" + String(repeating: "b", count: 9) + "c").utf8)
        let program = try RegexPattern("^(a|b)*a(a|b){9}c").program
        for cacheMax in [1, 100, 3000] {
            let matcher = RegexMatcher(program, cacheMax: cacheMax)
            for _ in 0..<3 {
                let found = mixed + ending
                let outcomes = (matcher.matches(mixed.span), matcher.matches(found.span))
                #expect(outcomes == (false, true))
            }
        }
    }
}
