import SkeinServer
import Testing

@Suite struct QueryParametersTests {
    @Test func `names and values are decoded`() throws {
        let parameters = try QueryParameters(
            query:
                "filter=proto+tcp%20and%20dst+port+443&by=srcip%2f24,proto&total&raw=true&utc=false&from=-1h"
        )
        #expect(parameters["filter"] == "proto tcp and dst port 443")
        #expect(parameters["by"] == "srcip/24,proto")
        #expect(parameters["from"] == "-1h")
        #expect(parameters["to"] == nil)
        #expect(parameters.isSet("total"))
        #expect(parameters.isSet("raw"))
        #expect(!parameters.isSet("utc"))
        #expect(!parameters.isSet("spread"))
        #expect(try QueryParameters(query: "").values.isEmpty)
        #expect(try QueryParameters(query: "filter=caf%C3%A9")["filter"] == "café")
    }

    @Test func `a name of a list may stand there several times`() throws {
        let parameters = try QueryParameters(query: "by=a&top=3&by=b", lists: ["by"])
        #expect(parameters.values.map(\.value) == ["a", "3", "b"])
        #expect(throws: QueryParameters.Problem.repeated("top")) {
            try QueryParameters(query: "by=a&top=3&top=4", lists: ["by"])
        }
    }

    @Test(arguments: [
        ("filter=%", QueryParameters.Problem.encoding("%")), ("filter=%4", .encoding("%4")),
        ("filter=%zz", .encoding("%zz")), ("filter=%ff", .encoding("%ff")),
        ("filter=a%00", .encoding("a%00")), ("by=a&by=b", .repeated("by")),
        ("store=/etc", .unknown("store", known: QueryParameters.options + QueryParameters.flags)),
        ("total=maybe", .notTruth("total", "maybe")),
        ("raw=", .notTruth("raw", "")), ("utc=1", .notTruth("utc", "1")),
    ])
    func `what cannot be read is refused`(query: String, problem: QueryParameters.Problem) {
        #expect(throws: problem) { try QueryParameters(query: query) }
    }
}
