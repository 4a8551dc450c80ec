import FlowFeeds
import FlowIntel
import FlowTestSupport
import Foundation
import Synchronization
import Testing

/// MISP feeds and ThreatFox by URL.
@Suite struct MISPTests {
    private static func id(_ number: Int) -> String {
        "5758ebf5-c898-48e6-9fe9-5665c0a8386\(number)"
    }

    private static func event(_ number: Int, _ addresses: [String]) -> String {
        let attributes = addresses.map {
            "{\"type\": \"ip-dst\", \"value\": \"\($0)\", \"to_ids\": true}"
        }
        return """
            {"Event": {"uuid": "\(id(number))", "info": "Event \(number)",
             "Attribute": [\(attributes.joined(separator: ","))]}}
            """
    }

    private struct State {
        /// Numbers, states and contents of the events.
        var events: [Int: (timestamp: Int, text: String)] = [:]
        var tag = 1
    }

    @Test func `only events that changed are read, and those that went are forgotten`() throws {
        let state = Mutex(State())
        state.withLock { state in
            for number in 1...3 {
                state.events[number] = (100, Self.event(number, ["192.0.2.\(number)"]))
            }
        }
        let server = try LoopbackServer { request in
            state.withLock { state in
                if request.path == "/feed/manifest.json" {
                    if request.headers["if-none-match"] == "\"\(state.tag)\"" {
                        return .status(304)
                    }
                    let rows = state.events.map {
                        "\"\(Self.id($0.key))\": {\"timestamp\": \"\($0.value.timestamp)\"}"
                    }
                    return .text("{\(rows.joined(separator: ","))}", ("ETag", "\"\(state.tag)\""))
                }
                let event = state.events.first { request.path == "/feed/\(Self.id($0.key)).json" }
                return event.map { .text($0.value.text) } ?? .status(404)
            }
        }
        defer { server.stop() }
        let scene = try FeedScene()
        let source = try scene.source(.misp(FeedLocation("\(server.url)/feed")), key: "misp-key")
        #expect(try scene.update(source).read == 3)
        #expect(server.requests.allSatisfy { $0.headers["authorization"] == "misp-key" })
        #expect(try scene.update(source).word == "unchanged")
        var asked = server.requests.count
        state.withLock { state in
            state.tag = 2
            state.events[1] = nil
            state.events[2] = (200, Self.event(2, ["198.51.100.2"]))
        }
        let report = try scene.update(source, at: 1_700_000_100_000)
        #expect(report.read == 1 && report.added == 1 && report.gone == 2)
        #expect(
            server.requests.dropFirst(asked).map(\.path)
                == ["/feed/manifest.json", "/feed/\(Self.id(2)).json"])
        #expect(try scene.values == ["192.0.2.3", "198.51.100.2"])
        // One event that is none spoils no other, stays what it was, and is asked for again.
        state.withLock { state in
            state.tag = 3
            state.events[2] = (300, "<html>")
            state.events[4] = (300, Self.event(4, ["203.0.113.4"]))
        }
        #expect(try scene.update(source, at: 1_700_000_200_000).word == "taken")
        #expect(scene.lines.last?.contains("1 of 3 events cannot be read") == true)
        #expect(try scene.values == ["192.0.2.3", "198.51.100.2", "203.0.113.4"])
        state.withLock { $0.events[2] = (300, Self.event(2, ["198.51.100.9"])) }
        asked = server.requests.count
        #expect(try scene.update(source, at: 1_700_000_300_000).read == 1)
        #expect(server.requests.count == asked + 2)
    }

    @Test func `a manifest that lost most of its events is held back`() throws {
        let count = Atomic<Int>(8)
        let server = try LoopbackServer { request in
            if request.path == "/manifest.json" {
                let rows = (1...count.load(ordering: .relaxed)).map {
                    "\"\(Self.id($0))\": {\"timestamp\": 1}"
                }
                return .text("{\(rows.joined(separator: ","))}")
            }
            let number = request.path.dropLast(5).last.flatMap(\.wholeNumberValue) ?? 0
            return .text(Self.event(number, ["192.0.2.\(number)"]))
        }
        defer { server.stop() }
        let scene = try FeedScene()
        let source = try scene.source(.misp(FeedLocation(server.url)))
        #expect(try scene.update(source).count == 8)
        count.store(2, ordering: .relaxed)
        #expect(try scene.update(source).word == "held")
        #expect(try scene.values.count == 8)
        #expect(try scene.update(source, insists: true).count == 2)
    }

    @Test func `ThreatFox is asked with its key for the days that are wanted`() throws {
        let server = try LoopbackServer { request in
            guard request.headers["auth-key"] == "fox" else { return .status(401) }
            return .text(
                request.body == #"{"query":"get_iocs","days":3}"#
                    ? """
                    {"query_status": "ok", "data": [{"id": "7", "ioc": "192.0.2.7:443",
                     "ioc_type": "ip:port", "threat_type": "botnet_cc", "malware": "x",
                     "malware_printable": "X", "confidence_level": 75,
                     "first_seen": "2024-01-01 00:00:00 UTC", "last_seen": null}]}
                    """ : "{\"query_status\": \"illegal_days\"}")
        }
        defer { server.stop() }
        let scene = try FeedScene()
        let place = try FeedLocation("\(server.url)/api/v1/")
        let source = try scene.source(.threatFox(place, days: 3), key: "fox")
        #expect(try scene.update(source).word == "taken")
        #expect(try scene.values == ["192.0.2.7"])
        var wrong = source
        wrong.way = .threatFox(place, days: 9)
        #expect(try scene.update(wrong).word.contains("its API says illegal_days"))
        #expect(try scene.values == ["192.0.2.7"])
    }
}
