import FlowModel
import Testing

@Suite struct CountryCodeTests {
    @Test(arguments: [
        ("CH", 0x4348), ("ch", 0x4348), ("cH", 0x4348), ("A1", 0x4131), ("zz", 0x5a5a),
    ])
    func `two letters are a code`(text: String, number: UInt16) throws {
        let code = try #require(CountryCode(text))
        #expect(code.rawValue == number && code.isValid)
        #expect(code.description == text.uppercased())
    }

    @Test(arguments: ["", "C", "CHE", "1A", "C ", "??", "é", "\u{0}\u{0}"])
    func `other texts are none`(text: String) { #expect(CountryCode(text) == nil) }

    @Test func `codes sort as their texts do, and what is none is still printed`() {
        #expect(CountryCode.privateSpace.description == "ZZ")
        #expect(CountryCode(rawValue: 0x4148).rawValue < CountryCode(rawValue: 0x4241).rawValue)
        #expect(CountryCode(rawValue: 0x1f).description == "0x1f")
        #expect(!CountryCode(rawValue: 0).isValid)
    }
}
