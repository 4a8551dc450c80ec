import FlowTestSupport
import Foundation

/// Flows as text that can be compared, from nfdump's JSON and from Skein's.
///
/// Zero and "not there" are the same in both: nfdump's records do not tell them apart.
enum NfdumpRows {
    /// Skein's fields, and nfdump's key or keys for each.
    private static let numbers: [(field: String, keys: [String])] = [
        ("packets", ["in_packets"]), ("bytes", ["in_bytes"]), ("proto", ["proto"]),
        ("tos", ["src_tos"]), ("inif", ["input_snmp"]), ("outif", ["output_snmp"]),
        ("srcmask", ["src_mask"]), ("dstmask", ["dst_mask"]), ("direction", ["direction"]),
        ("dsttos", ["dst_tos"]), ("rpackets", ["out_packets"]), ("rbytes", ["out_bytes"]),
        ("flows", ["aggr_flows"]), ("srcvlan", ["src_vlan"]), ("dstvlan", ["dst_vlan"]),
        ("srcas", ["src_as"]), ("dstas", ["dst_as"]), ("nextas", ["next_as"]),
        ("prevas", ["prev_as"]), ("invrf", ["ingress_vrf"]), ("outvrf", ["egress_vrf"]),
        ("event", ["event_id", "nat_event_id"]), ("natevent", ["nat_event_id"]),
        ("natsrcport", ["src_xlt_port"]), ("natdstport", ["dst_xlt_port"]),
        ("tunproto", ["tun proto"]), ("icmptype", ["icmp_type"]), ("icmpcode", ["icmp_code"]),
    ]
    private static let addresses: [(field: String, keys: [String])] = [
        ("srcip", ["src4_addr", "src6_addr"]), ("dstip", ["dst4_addr", "dst6_addr"]),
        ("nexthop", ["ip4_next_hop", "ip6_next_hop"]),
        ("bgpnexthop", ["bgp4_next_hop", "bgp6_next_hop"]),
        ("exporter", ["ip4_router", "ip6_router"]),
        ("natsrcip", ["src4_xlt_ip", "src6_xlt_ip"]),
        ("natdstip", ["dst4_xlt_ip", "dst6_xlt_ip"]),
        ("tunsrcip", ["src4_tun_ip", "src6_tun_ip"]),
        ("tundstip", ["dst4_tun_ip", "dst6_tun_ip"]),
        ("srcmac", ["in_src_mac", "out_src_mac"]), ("dstmac", ["in_dst_mac", "out_dst_mac"]),
    ]
    private static let times = [("start", "first"), ("end", "last"), ("received", "received")]
    private static let elements = [
        ("flowId", "connect_id"), ("firewallExtendedEvent", "xevent_id"),
        ("portRangeStart", "pblock_start"), ("portRangeEnd", "pblock_end"),
        ("aaaUsername", "user_name"),
    ]

    /// What `--fields` must have for ``skein(_:)``.
    static let fields =
        (numbers + addresses).map(\.field).joined(separator: ",")
        + ",start,end,received,srcport,dstport,flags,other,"
        + (1...10).map { "mpls\($0)" }.joined(separator: ",")

    /// The rows of `nfdump -o json`.
    static func nfdump(_ json: String) throws -> [String] {
        let rows = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]]
        return (rows ?? []).map { row in
            var cells = cells(numbers + addresses) { text(row[$0]) }
            let isICMP = [1, 58].contains(row["proto"] as? Int ?? 0)
            for (field, key) in times { cells[field] = time(row[key]) }
            // An event's time is its start where it has none.
            if cells["start"] == nil { cells["start"] = time(row["t_event"]) }
            if isICMP {
                cells["ports"] = nil
            } else {
                cells["flags"] = row["tcp_flags"] as? String
                cells["ports"] = "\(row["src_port"] ?? 0)-\(row["dst_port"] ?? 0)"
            }
            for (name, key) in elements { cells["other.\(name)"] = text(row[key]) }
            for depth in 1...10 {
                let parts = (row["mpls_\(depth)"] as? String ?? "").split(separator: "-")
                    .compactMap { UInt32($0) }
                if parts.count == 3, parts != [0, 0, 0] {
                    cells["mpls\(depth)"] = "\(parts[0] << 4 | parts[1] << 1 | parts[2])"
                }
            }
            return line(cells)
        }.sorted()
    }

    /// The rows of `skein query --output ndjson`.
    static func skein(_ ndjson: String) throws -> [String] {
        try ndjson.split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let row = object as? [String: Any] ?? [:]
            var cells = cells((numbers + addresses).map { ($0.field, [$0.field]) }) {
                text(row[$0])
            }
            for (field, _) in times { cells[field] = text(row[field]) }
            if ![1, 58].contains(row["proto"] as? Int ?? 0) {
                cells["flags"] = flags(row["flags"] as? Int ?? 0)
                cells["ports"] = "\(row["srcport"] ?? 0)-\(row["dstport"] ?? 0)"
            }
            let other = row["other"] as? [String: Any] ?? [:]
            for (name, _) in elements { cells["other.\(name)"] = text(other[name]) }
            for depth in 1...10 { cells["mpls\(depth)"] = text(row["mpls\(depth)"]) }
            return Self.line(cells)
        }.sorted()
    }

    private static func cells(
        _ columns: [(field: String, keys: [String])], _ value: (String) -> String?
    ) -> [String: String] {
        var cells: [String: String] = [:]
        for column in columns {
            cells[column.field] = column.keys.compactMap { value($0) }.first
        }
        return cells
    }

    /// A value as text; nil for what stands for nothing.
    private static func text(_ value: Any?) -> String? {
        guard let value, !(value is NSNull) else { return nil }
        let text = "\(value)"
        let nothing = ["0", "0.0.0.0", "::", "00:00:00:00:00:00", "", "<empty>"]
        return nothing.contains(text) ? nil : text
    }

    /// `2026-03-02T14:32:50.520` as ms since 1970.
    private static func time(_ value: Any?) -> String? {
        guard let text = value as? String else { return nil }
        let parts = text.split { "-T:.".contains($0) }.compactMap { Int($0) }
        guard parts.count == 7 else { return nil }
        var moment = tm()
        moment.tm_year = CInt(parts[0] - 1900)
        moment.tm_mon = CInt(parts[1] - 1)
        moment.tm_mday = CInt(parts[2])
        moment.tm_hour = CInt(parts[3])
        moment.tm_min = CInt(parts[4])
        moment.tm_sec = CInt(parts[5])
        let milliseconds = timegm(&moment) * 1000 + parts[6]
        return milliseconds == 0 ? nil : "\(milliseconds)"
    }

    private static func flags(_ bits: Int) -> String {
        String(
            "CEUAPRSF".enumerated().map { place, letter in
                bits >> (7 - place) & 1 != 0 ? letter : "."
            })
    }

    private static func line(_ cells: [String: String]) -> String {
        cells.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }
}
