import FlowTestSupport
import Foundation
import Synchronization

/// A server that answers as OTX's API does, over pulses that a test changes.
final class OTXServer: Sendable {
    struct Pulse: Sendable {
        var id: String
        var name: String
        var author = "ExampleAuthor"
        var modified: String
        /// Rows of the API, as JSON.
        var indicators: [String]
        /// Only the first so many come with the pulse.
        var shown = Int.max
        /// Whether the shape of 2015 is used: `_id`, `TLP`, `public: true`.
        var isOld = false
    }

    struct State: Sendable {
        var pulses: [Pulse] = []
        var events: [String] = []
        /// Pages of the subscription that are answered by 504, and how often still.
        var broken: [String: Int] = [:]
        /// Where next pages are said to be, if elsewhere.
        var nextServer: String?
        var pulsesPerPage = 2
    }

    let state: Mutex<State>
    private let place = Mutex("")
    private let server = Mutex<LoopbackServer?>(nil)

    init(_ pulses: [Pulse]) throws {
        state = Mutex(State(pulses: pulses))
        let server = try LoopbackServer { [self] in answer($0) }
        place.withLock { $0 = server.url }
        self.server.withLock { $0 = server }
    }

    var url: String { place.withLock { $0 } }
    var requests: [LoopbackServer.Request] { server.withLock { $0?.requests ?? [] } }

    func stop() { server.withLock { $0?.stop() } }

    static func row(_ type: String, _ value: String, isActive: String = "1") -> String {
        """
        {"id": 1, "indicator": "\(value)", "type": "\(type)", "created": "2024-01-11T14:30:01",
         "content": "", "title": "", "description": "", "expiration": null,
         "is_active": \(isActive), "role": null}
        """
    }

    private func answer(_ request: LoopbackServer.Request) -> LoopbackServer.Reply {
        guard request.headers["x-otx-api-key"] == "otx-key" else { return .status(403) }
        let page = Int(request.query["page"] ?? "1") ?? 1
        return state.withLock { state in
            switch request.path {
            case "/api/v1/pulses/subscribed":
                if let times = state.broken["\(page)"], times > 0 {
                    state.broken["\(page)"] = times - 1
                    return .status(504)
                }
                let since = request.query["modified_since"] ?? ""
                let pulses = state.pulses.filter { $0.modified >= since }
                    .sorted { $0.modified > $1.modified }
                return envelope(
                    pulses.map(Self.text), page, state.pulsesPerPage, request,
                    state.nextServer ?? url)
            case "/api/v1/pulses/events":
                let since = request.query["since"] ?? ""
                return envelope(
                    state.events.filter { event in
                        (event.components(separatedBy: "\"created\": \"").last ?? "").prefix(19)
                            >= since
                    }, page, 100, request, url)
            case let path where path.hasSuffix("/indicators"):
                let id = path.split(separator: "/").dropLast().last.map(String.init)
                guard let pulse = state.pulses.first(where: { $0.id == id }) else {
                    return .status(404)
                }
                return envelope(pulse.indicators, page, 2, request, url)
            default: return .status(404)
            }
        }
    }

    private func envelope(
        _ rows: [String], _ page: Int, _ perPage: Int, _ request: LoopbackServer.Request,
        _ server: String
    ) -> LoopbackServer.Reply {
        let shown = rows.dropFirst((page - 1) * perPage).prefix(perPage)
        var next = "null"
        if rows.count > page * perPage {
            var parts = URLComponents(string: server + request.target)
            let others = (parts?.queryItems ?? []).filter { $0.name != "page" }
            parts?.queryItems = others + [URLQueryItem(name: "page", value: "\(page + 1)")]
            next = "\"\(parts?.string ?? "")\""
        }
        return .text(
            """
            {"count": \(rows.count), "next": \(next), "previous": null, "t": 0, "t2": 0.5,
             "prefetch_pulse_ids": false, "results": [\(shown.joined(separator: ","))]}
            """)
    }

    private static func text(_ pulse: Pulse) -> String {
        let shown = pulse.indicators.prefix(pulse.shown).joined(separator: ",")
        let more = pulse.shown < pulse.indicators.count
        let drift =
            pulse.isOld
            ? "\"_id\": \"\(pulse.id)\", \"TLP\": \"green\", \"public\": true, \"revision\": 1.0"
            : "\"id\": \"\(pulse.id)\", \"tlp\": \"green\", \"public\": 1, \"revision\": 1"
        return """
            {\(drift), "name": "\(pulse.name)", "author_name": "\(pulse.author)",
             "description": "", "created": "2024-01-01T00:00:00", "modified": "\(pulse.modified)",
             "indicators": [\(shown)], "more_indicators": \(more), "tags": ["a\\tb"],
             "references": ["https://blog.example/report"]}
            """
    }
}
