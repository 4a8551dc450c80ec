import FlowIntel
import FlowModel
import Foundation

/// The thirty indicators of `exports-example`, with their allow-list and their clock.
struct ExportExample {
    var judge: Judge
    var indicators: [Indicator]

    var judgements: [Judgement] { indicators.map { judge.judge($0) } }

    private struct Document: Decodable {
        struct Item: Decodable {
            var value: String
            var type: String
            var source: String
            var confidence: UInt8
            var url: String
            var desc: String
            var port: UInt16?
            var expires: String?
            var active: Bool
        }
        var now: String
        var allowlist: [String]
        var reserved: [String]
        var indicators: [Item]
    }

    private static let kinds: [String: IndicatorKind] = [
        "IPv4": .address, "IPv6": .address, "CIDR": .network, "domain": .domain,
        "hostname": .hostname, "URL": .url, "FileHash-SHA256": .sha256, "FileHash-MD5": .md5,
        "email": .email,
    ]

    init() throws {
        let octets = try SharedFeeds.octets("exports-example/indicators.json")
        let document = try JSONDecoder().decode(Document.self, from: Data(octets))
        var allowList = AllowList()
        allowList.add(document.allowlist, origin: "allowlist")
        judge = Judge(
            policy: AddressPolicy(reserved: document.reserved.compactMap { IPPrefix($0) }),
            allowList: allowList, now: Self.milliseconds(document.now))
        indicators = document.indicators.compactMap { item in
            var detail = IndicatorDetail()
            detail.confidence = item.confidence
            detail.reportURL = item.url == "-" ? "" : item.url
            detail.description = item.desc
            detail.port = item.port
            detail.expires = item.expires.map(Self.milliseconds)
            detail.withheld = item.active ? nil : .inactive
            guard let kind = Self.kinds[item.type] else { return nil }
            return Indicator(
                listed: item.value, kind: kind, source: item.source, detail: detail)
        }
    }

    private static func milliseconds(_ text: String) -> Int64 {
        Int64((ISO8601DateFormatter().date(from: text)?.timeIntervalSince1970 ?? 0) * 1000)
    }
}
