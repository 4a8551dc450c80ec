import FlowModel
import FlowTestSupport
import Foundation
import Testing

@testable import FlowWire

/// The captures beside the checkout, where they are there.
enum PacketCaptures {
    static let folder = SharedData.file("captures")

    static var areThere: Bool { folder != nil }

    /// The captures of a folder, with or without an expectation.
    static func names(in part: String, expected: Bool) -> [String] {
        guard let folder = folder?.appending(path: part),
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        else { return [] }
        let there = Set(names)
        return names.filter { $0.hasSuffix(".pcap") }.map { String($0.dropLast(5)) }
            .filter { there.contains($0 + ".expected.json") == expected }.sorted()
            .map { part + "/" + $0 }
    }

    static func octets(_ name: String) throws -> [UInt8] {
        guard let folder else { throw CocoaError(.fileNoSuchFile) }
        return [UInt8](try Data(contentsOf: folder.appending(path: name + ".pcap")))
    }

    static func expected(_ name: String) throws -> [String: Any] {
        guard let folder else { throw CocoaError(.fileNoSuchFile) }
        let data = try Data(contentsOf: folder.appending(path: name + ".expected.json"))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }
}

@Suite(.enabled(if: PacketCaptures.areThere)) struct SFlowCaptureTests {
    private struct Answer {
        var numbers: [[Field: UInt64]] = []
        var addresses: [[Field: IPAddress]] = []
        var counters = ExportCounters()
        var datagrams = 0
    }

    private func decode(_ octets: [UInt8]) throws -> Answer {
        var answer = Answer()
        let appender = BatchAppender { batch in
            for row in 0..<batch.count {
                var numbers: [Field: UInt64] = [:]
                var addresses: [Field: IPAddress] = [:]
                for field in batch.fields {
                    numbers[field] = batch.number(field, at: row)
                    addresses[field] = batch.address(field, at: row)
                }
                answer.numbers.append(numbers)
                answer.addresses.append(addresses)
            }
            batch.reset()
            return batch
        }
        var decoder = SFlowDecoder()
        var parser = CaptureParser()
        var extractor = DatagramExtractor()
        _ = try parser.feed(octets.span.bytes) { frame, info in
            try extractor.add(frame: frame, info: info) { payload, sender, received, _ in
                guard payload.byteCount >= 4, payload.network32(at: 0) == 5 else { return }
                answer.datagrams += 1
                try decoder.decode(
                    payload, from: sender, received: received, into: appender,
                    counters: &answer.counters)
            }
        }
        try appender.flush()
        return answer
    }

    /// Numbers of the expectation and their columns; a switch record's VLAN of all ones is no VLAN.
    private static let numbers: [(String, Field)] = [
        ("subAgentId", .domain), ("samplingRate", .sampling), ("frameLength", .bytes),
        ("ipClassOfService", .tos), ("ipTTL", .minttl), ("ipTTL", .maxttl),
        ("protocolIdentifier", .proto), ("sourceTransportPort", .srcport),
        ("destinationTransportPort", .dstport), ("tcpControlBits", .flags),
        ("ethernetType", .ethertype), ("icmpTypeIPv4", .icmptype), ("icmpCodeIPv4", .icmpcode),
        ("icmpTypeIPv6", .icmptype), ("icmpCodeIPv6", .icmpcode), ("srcVlan", .srcvlan),
        ("dstVlan", .dstvlan), ("sourcePrefixLength", .srcmask),
        ("destinationPrefixLength", .dstmask), ("bgpSourceAsNumber", .srcas),
        ("bgpPrevAdjacentAsNumber", .prevas), ("bgpDestinationAsNumber", .dstas),
        ("dropReason", .discard),
    ]
    private static let addresses: [(String, Field)] = [
        ("agent", .exporter), ("sourceIPv4Address", .srcip), ("destinationIPv4Address", .dstip),
        ("sourceIPv6Address", .srcip), ("destinationIPv6Address", .dstip), ("nextHop", .nexthop),
        ("bgpNextHop", .bgpnexthop),
    ]
    private static let macs: [(String, Field)] = [
        ("sourceMacAddress", .srcmac), ("destinationMacAddress", .dstmac),
    ]
    /// In this capture the expectation has the outer headers of VXLAN, the row the inner ones.
    private static let tunnelled = "sflow/akvorado-encap-vxlan"

    @Test(arguments: PacketCaptures.names(in: "sflow", expected: true))
    func `samples become rows`(name: String) throws {
        let expected = try PacketCaptures.expected(name)
        let answer = try decode(try PacketCaptures.octets(name))
        func count(_ key: String) -> Int { expected[key] as? Int ?? 0 }
        let samples = count("flowSamples") + count("discardSamples")
        #expect(answer.datagrams == count("datagrams"))
        #expect(answer.counters.datagrams == UInt64(answer.datagrams))
        #expect(answer.numbers.count == samples)
        #expect(answer.counters.records == UInt64(samples))
        #expect(answer.counters.flows == UInt64(samples))
        #expect(answer.counters.counterSamples == UInt64(count("counterSamples")))
        #expect(answer.counters.undecoded.isEmpty)
        if let sum = expected["sumFrameLength"] as? Int {
            #expect(answer.numbers.reduce(0) { $0 + Int($1[.bytes] ?? 0) } == sum)
        }
        guard name != Self.tunnelled else { return }
        let records = (expected["records"] as? [[String: Any]] ?? [])
        var place = 0
        for record in records where record["sample"] as? String != "counter" {
            // Bulk files list a part of the samples, with their index.
            if let index = record["_index"] as? Int { place = index }
            try check(record, answer, place)
            place += 1
        }
    }

    private func check(_ record: [String: Any], _ answer: Answer, _ row: Int) throws {
        try #require(row < answer.numbers.count)
        let numbers = answer.numbers[row]
        for (key, field) in Self.numbers {
            guard let wanted = (record[key] as? NSNumber)?.uint64Value else { continue }
            if wanted == 0xffff_ffff, field == .srcvlan || field == .dstvlan { continue }
            // The IPv4 structure has flags of 0 for UDP.
            if field == .flags, record["protocolIdentifier"] as? Int != 6 { continue }
            #expect(numbers[field] == wanted, "\(key) of row \(row)")
        }
        for (key, field) in Self.addresses {
            guard let wanted = record[key] as? String else { continue }
            #expect(
                answer.addresses[row][field] == IPAddress(wanted), "\(key) of row \(row)")
        }
        for (key, field) in Self.macs {
            guard let wanted = record[key] as? String else { continue }
            #expect(numbers[field] == MACAddress(wanted)?.rawValue, "\(key) of row \(row)")
        }
        for (key, format, field) in [
            ("ingressInterface", "inputFormat", Field.inif),
            ("egressInterface", "outputFormat", .outif),
        ] {
            guard let wanted = (record[key] as? NSNumber)?.uint64Value else { continue }
            let kind = record[format] as? Int ?? 0
            #expect(numbers[field] == (kind == 0 ? wanted : nil), "\(key) of row \(row)")
            if kind == 1 { #expect(numbers[.discard] == wanted) }
        }
        if let path = record["dstAsPath"] as? [[Int]], let last = path.last?.last {
            #expect(numbers[.dstas] == UInt64(last))
            #expect(numbers[.nextas] == path.first?.first.map(UInt64.init))
        }
        #expect(numbers[.packets] == 1)
        #expect(numbers[.start] == numbers[.received] && numbers[.end] == numbers[.received])
    }

    @Test func `pitfall 18: a sampled VXLAN frame is the flow inside of it`() throws {
        let answer = try decode(try PacketCaptures.octets(Self.tunnelled))
        let row = try #require(answer.addresses.first)
        #expect(row[.tunsrcip]?.description == "192.168.108.40")
        #expect(row[.tundstip]?.description == "192.168.15.14")
        #expect(answer.numbers[0][.tunproto] == 17)
        #expect(answer.numbers[0][.inif] == 0x3fff_ffff)
        #expect(row[.srcip] != row[.tunsrcip])
    }

    @Test func `pitfall 18: an interface that stands for many is none, one that drops a reason`()
        throws
    {
        let many = try decode(try PacketCaptures.octets("sflow/akvorado-multiple-interfaces"))
        #expect(many.numbers[0][.inif] == 27 && many.numbers[0][.outif] == nil)
        #expect(many.numbers[0][.discard] == nil)
        let dropped = try decode(try PacketCaptures.octets("sflow/akvorado-discard-interface"))
        #expect(dropped.numbers[0][.outif] == nil && dropped.numbers[0][.discard] == 1)
    }

    @Test(arguments: PacketCaptures.names(in: "sflow", expected: false))
    func `what no decoder agrees on is counted`(name: String) throws {
        let answer = try decode(try PacketCaptures.octets(name))
        #expect((answer.counters.undecoded[.truncated] ?? 0) > 0)
        #expect(answer.counters.records == UInt64(answer.numbers.count))
    }

    @Test(arguments: PacketCaptures.names(in: "sflow", expected: true))
    func `damaged datagrams are counted, never a crash`(name: String) throws {
        let octets = try PacketCaptures.octets(name)
        var random = PacketRandom(state: 5)
        for _ in 0..<(octets.count > 100_000 ? 1 : 40) {
            var damaged = octets
            for _ in 0..<(1 + octets.count / 100) {
                // The headers of file and frames stay, so that the datagram is reached.
                let place = 90 + Int(random.next() % UInt64(octets.count - 90))
                damaged[place] = UInt8(random.next() % 256)
            }
            do { _ = try decode(damaged) } catch is CaptureError {}
        }
    }
}
