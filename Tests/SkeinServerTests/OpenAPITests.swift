import FlowTestSupport
import Foundation
import SkeinServer
import Testing

/// Holds the server against its own description.
@Suite struct OpenAPITests {
    private let document: [String: Any]

    init() throws {
        let value = try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.text.utf8))
        document = try #require(value as? [String: Any])
    }

    private var paths: [String: [String: [String: Any]]] {
        document["paths"] as? [String: [String: [String: Any]]] ?? [:]
    }

    @Test(arguments: [
        ("/api/v1/query", QueryParameters.ofFlows), ("/api/v1/alerts", QueryParameters.ofAlerts),
        ("/api/v1/intel/export/{format}", QueryParameters.ofExports),
        ("/api/v1/swarm", QueryParameters.ofSwarm),
        ("/api/v1/swarm/live", QueryParameters.ofLive),
        ("/api/v1/map", QueryParameters.ofMap), ("/api/v1/filter", QueryParameters.ofFilter),
        ("/api/v1/intel/lookup", QueryParameters.ofLookup),
        ("/api/v1/alerts/acknowledge", QueryParameters.ofAcknowledgement),
    ])
    func `the parameters of a query are those that are read`(
        path: String, names: QueryParameters.Names
    ) throws {
        let query = try #require(paths[path]?.values.first)
        let parameters = try #require(query["parameters"] as? [[String: Any]])
        let types = parameters.filter { $0["in"] as? String == "query" }.map { parameter in
            (parameter["name"] as? String ?? "", (parameter["schema"] as? [String: Any])?["type"])
        }
        #expect(Set(types.map(\.0)) == Set(names.options + names.flags))
        #expect(types.count == Set(types.map(\.0)).count)
        for (name, type) in types {
            let isFlag = names.flags.contains(name)
            #expect((type as? String == "boolean") == isFlag, "\(name)")
        }
    }

    @Test func `every path is served as it is described, and no other`() async throws {
        // These do not end; EventTests and LiveAnswerTests listen to them.
        let endless = ["/api/v1/events", "/api/v1/swarm/live"]
        let asked = paths.filter { !endless.contains($0.key) }.mapValues {
            // Before HEAD, which has no body to judge.
            $0.keys.min()?.uppercased() ?? ""
        }
        let (refusal, answers) = try await onThread {
            let times = MetricFamily.Histogram(
                buckets: [.init(bound: 5, count: 1)], count: 2, sum: 12)
            let source = FakeSource(metrics: [
                MetricFamily("skein_one", .gauge, "One.", 1),
                MetricFamily("skein_times_seconds", "Times.", times),
            ])
            let server = try Server(ServerConfiguration(port: 0), source: source)
            defer { server.stop() }
            var answers: [(String, HTTPAnswer)] = []
            for (path, method) in asked {
                let place = path.replacingOccurrences(of: "{format}", with: "rpz")
                answers.append((path, try ask(server.port, place, method: method)))
                let stranger = try ask(
                    server.port, place, method: method, host: "evil.example")
                answers.append((path, stranger))
            }
            let export = "/api/v1/intel/export/"
            answers.append((export + "{format}", try ask(server.port, export + "none")))
            answers.append(("/api/v1/query", try ask(server.port, "/api/v1/query?filter=bad")))
            return (try ask(server.port, "/nothing").text, answers)
        }
        let served = refusal.split(separator: "there are ").last?
            .split(whereSeparator: { " ,\"\n".contains($0) }).map(String.init)
            .filter { $0 != "}" }
        #expect(Set(served ?? []) == Set(paths.keys))
        for (path, answer) in answers { try check(answer, of: path) }
    }

    /// Holds an answer against what is said of its status.
    private func check(_ answer: HTTPAnswer, of path: String) throws {
        let operations = try #require(paths[path])
        let asked = operations.min { $0.key < $1.key }?.value
        let responses = try #require(asked?["responses"] as? [String: Any])
        let described = resolved(responses["\(answer.status)"] ?? responses["default"])
        let content = try #require(described["content"] as? [String: Any], "\(path)")
        let type =
            answer.headers["content-type"]?.split(separator: ";").first.map(String.init) ?? ""
        let schema = try #require(content[type] as? [String: Any], "\(path): \(type)")
        guard type == "application/json" else { return }
        let value = try JSONSerialization.jsonObject(with: Data(answer.body))
        let problem = mismatch(value, resolved(schema["schema"]), at: path)
        #expect(problem == nil)
    }

    private func resolved(_ value: Any?) -> [String: Any] {
        let object = value as? [String: Any] ?? [:]
        guard let reference = object["$ref"] as? String else { return object }
        let target = reference.split(separator: "/").dropFirst()
            .reduce(document as Any?) { ($0 as? [String: Any])?[String($1)] }
        return target as? [String: Any] ?? [:]
    }

    /// What of a value is otherwise than a schema says; the words of JSON Schema that the document uses.
    private func mismatch(_ value: Any, _ schema: [String: Any], at place: String) -> String? {
        if let choice = schema["enum"] as? [String], !choice.contains(value as? String ?? "") {
            return "\(place): \(value) is none of \(choice)"
        }
        switch schema["type"] as? String {
        case "string": return value is String ? nil : "\(place): \(value) is no string"
        case "boolean": return value is Bool ? nil : "\(place): \(value) is not true or false"
        case "number": return value is Double ? nil : "\(place): \(value) is no number"
        case "integer": return value is Int ? nil : "\(place): \(value) is no integer"
        case "array":
            guard let items = value as? [Any] else { return "\(place): \(value) is no array" }
            let schema = resolved(schema["items"])
            return items.lazy.compactMap { self.mismatch($0, schema, at: place + "[]") }.first
        case "object":
            guard let object = value as? [String: Any] else {
                return "\(place): \(value) is no object"
            }
            let properties = schema["properties"] as? [String: Any] ?? [:]
            for name in schema["required"] as? [String] ?? [] where object[name] == nil {
                return "\(place): there is no \(name)"
            }
            for (name, value) in object {
                if let property = properties[name] {
                    if let problem = mismatch(value, resolved(property), at: "\(place).\(name)") {
                        return problem
                    }
                } else if schema["additionalProperties"] as? Bool == false {
                    return "\(place): \(name) is not described"
                }
            }
            return nil
        default: return nil
        }
    }

    /// By a program that knows the whole of OpenAPI.
    @Test(.enabled(if: OpenAPITests.validator != nil))
    func `the document is OpenAPI`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("openapi.json", Array(OpenAPIDocument.text.utf8))
        let validator = try #require(Self.validator)
        let result = try Command.run(validator, [path])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    private static let validator = Command.installed("openapi-spec-validator")
}
