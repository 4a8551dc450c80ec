public import FlowModel
import FlowQuery

/// Gathers the contacts of inside hosts with others, over flows of the store, and scores them.
///
/// A contact is a flow, or several that the exporter's active timeout split: of the same ports, one
/// beginning where the one before ended.
public final class BeaconFinder {
    private let rule: AlertRule
    private let beacon: AlertRule.Beacon
    private let inside: InsideNetworks
    private let filter: BatchFilter
    private let limits: Limits
    private var pairs: [Key: Pair] = [:]
    private var contacts = 0
    private var selected: [Int32] = []
    private var span: (first: UInt64, last: UInt64)?

    /// Pairs, contacts of a pair and contacts of all for which there was no room.
    public private(set) var untracked: UInt64 = 0

    /// How much is kept in mind.
    public struct Limits: Hashable, Sendable {
        /// Hosts with their peers and services.
        public var pairsMax = 200_000
        /// Contacts of one: what has more is busy, not a beacon.
        public var contactsOfPairMax = 20_000
        /// Contacts of all, 32 octets each.
        public var contactsMax = 4_000_000

        /// The usual.
        public init() {}
    }

    private struct Key: Hashable {
        var host: IPAddress
        var peer: IPAddress
        var proto: UInt8
        var port: UInt16
    }

    private struct Contact {
        var start: UInt64
        var end: UInt64
        var bytes: UInt64
        var port: UInt16
    }

    private struct Pair {
        var contacts: [Contact] = []
        var packets: UInt64 = 0
        var country: UInt16 = 0
    }

    /// ms between the end of a piece and the beginning of the next.
    private static let gap: UInt64 = 2000

    /// - Parameter rule: must be one of beacons, else nil.
    public init?(_ rule: AlertRule, inside: InsideNetworks, limits: Limits = Limits()) {
        guard case .beacon(let beacon) = rule.test else { return nil }
        self.rule = rule
        self.beacon = beacon
        self.inside = inside
        self.limits = limits
        filter = BatchFilter(rule.filter)
    }

    /// Takes flows, in any order.
    public func take(_ batch: FlowBatch) {
        guard batch.count > 0 else { return }
        selected.removeAll(keepingCapacity: true)
        filter.select(batch, into: &selected)
        let columns = AlertColumns(batch)
        for row in selected { take(AlertRow(columns, Int(row), rate: 1), batch, Int(row)) }
    }

    private func take(_ row: AlertRow, _ batch: FlowBatch, _ number: Int) {
        guard let host = row.source, let peer = row.target, inside.contains(host),
            !inside.contains(peer)
        else { return }
        span = (min(span?.first ?? .max, row.start), max(span?.last ?? 0, row.end))
        let key = Key(host: host, peer: peer, proto: row.proto, port: row.targetPort)
        let contact = Contact(
            start: row.start, end: max(row.end, row.start), bytes: row.bytes,
            port: row.sourcePort)
        if let index = pairs.index(forKey: key) {
            guard pairs.values[index].contacts.count < limits.contactsOfPairMax,
                contacts < limits.contactsMax
            else {
                untracked += 1
                return
            }
            pairs.values[index].contacts.append(contact)
            pairs.values[index].packets = pairs.values[index].packets.adding(row.packets)
        } else {
            guard pairs.count < limits.pairsMax, contacts < limits.contactsMax else {
                untracked += 1
                return
            }
            let country = UInt16(truncatingIfNeeded: batch.number(.dstgeo, at: number) ?? 0)
            pairs[key] = Pair(contacts: [contact], packets: row.packets, country: country)
        }
        contacts += 1
    }

    /// The beacons found, the most regular first.
    public func finish() -> [Alert] {
        guard let span else { return [] }
        var found: [Alert] = []
        for (key, pair) in pairs where pair.contacts.count >= beacon.contacts {
            let contacts = Self.joined(pair.contacts)
            guard contacts.count >= beacon.contacts,
                pair.contacts.count < limits.contactsOfPairMax,
                let score = BeaconScore(
                    starts: contacts.map(\.start), sizes: contacts.map(\.bytes),
                    window: span.last - min(span.first, span.last)),
                score.score >= beacon.score
            else { continue }
            found.append(alert(key, pair, contacts, score))
        }
        return found.sorted { ($0.value, $1.indicator) > ($1.value, $0.indicator) }
    }

    /// Joins what the active timeout split.
    private static func joined(_ pieces: [Contact]) -> [Contact] {
        var joined: [Contact] = []
        // The last contact of each port.
        var open: [UInt16: Int] = [:]
        for piece in pieces.sorted(by: { $0.start < $1.start }) {
            if let index = open[piece.port], piece.start <= joined[index].end.adding(gap) {
                joined[index].end = max(joined[index].end, piece.end)
                joined[index].bytes = joined[index].bytes.adding(piece.bytes)
            } else {
                open[piece.port] = joined.count
                joined.append(piece)
            }
        }
        return joined
    }

    private func alert(
        _ key: Key, _ pair: Pair, _ contacts: [Contact], _ score: BeaconScore
    ) -> Alert {
        var alert = Alert(rule: rule.name, kind: .beacon, severity: rule.severity)
        alert.source = key.host
        alert.target = key.peer
        alert.host = key.host
        alert.peer = key.peer
        let proto = ProtocolNames.name(of: UInt64(key.proto))?.lowercased() ?? "\(key.proto)"
        alert.indicator = "\(key.peer) \(proto)/\(key.port)"
        alert.proto = key.proto
        alert.targetPort = key.port
        alert.flows = UInt64(contacts.count)
        alert.packets = pair.packets
        alert.bytes = contacts.reduce(0) { $0.adding($1.bytes) }
        alert.first = contacts.first?.start ?? 0
        alert.last = contacts.map(\.end).max() ?? 0
        alert.opened = alert.last
        alert.updated = alert.last
        alert.measure = "score"
        alert.value = score.score
        if pair.country != 0 { alert.country = "\(CountryCode(rawValue: pair.country))" }
        alert.descriptions = [
            "each \(Self.seconds(score.interval)) s ± \(Self.seconds(score.jitter)) s, "
                + "\(score.size) octets"
        ]
        return alert
    }

    private static func seconds(_ milliseconds: UInt64) -> String {
        "\(milliseconds / 1000).\(milliseconds % 1000 / 100)"
    }
}
