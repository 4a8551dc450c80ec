import FlowModel

/// What lies where in the records of flow-tools, by export version.
enum FlowToolsLayouts {
    /// One field of a record, in the order of the record.
    private enum Place {
        /// The exporter's clock: seconds and nanoseconds since 1970, and its uptime in milliseconds.
        case seconds, nanoseconds, uptime
        /// Uptimes of the first and last packet.
        case first, last
        case number(Int, Field)
        case address(Field)
        /// An address, 0.0.0.0 for none.
        case addressIfSet(Field)
        case transportProtocol
        case destinationPort
        /// Type and number of the engine.
        case engine
        /// An element without a column.
        case other(Int, UInt16)
        /// Octets that are not used.
        case skip(Int)

        var octets: Int {
            switch self {
            case .number(let octets, _), .other(let octets, _), .skip(let octets): octets
            case .transportProtocol: 1
            case .destinationPort, .engine: 2
            default: 4
            }
        }
    }

    /// The layout of the records; nil for versions that are not known.
    static func layout(of header: FlowToolsHeader) -> RecordLayout? {
        let places: [Place]
        switch (header.exportVersion, header.aggregation) {
        case (1, _): places = clock + hosts + [.skip(1), .skip(4)]
        case (5, _): places = clock + hosts + [.skip(1)] + routes
        case (6, _):
            places =
                clock + hosts + [.skip(1)] + routes + [.skip(4), .addressIfSet(.bgpnexthop)]
        case (7, _): places = clock + hosts + [.skip(1)] + routes + [.other(4, routerShortcut)]
        case (1005, _):
            places =
                clock + hosts + [.skip(1)] + routes
                + [.other(4, sourceIndex), .other(4, destinationIndex)]
        case (8, let aggregation):
            guard let found = aggregated(by: aggregation) else { return nil }
            places = found
        default: return nil
        }
        return layout(places, isBigEndian: header.isBigEndian)
    }

    /// ipv4RouterSc: the router that a switch went past.
    private static let routerShortcut: UInt16 = 43
    /// srcTrafficIndex and dstTrafficIndex: numbers for both ends that the user gave (flow-tag).
    private static let sourceIndex: UInt16 = 92
    private static let destinationIndex: UInt16 = 93

    private static let clock: [Place] = [
        .seconds, .nanoseconds, .uptime, .address(.exporter),
    ]
    /// Three of the aggregations have it the other way round.
    private static let clockExporterFirst: [Place] = [
        .seconds, .nanoseconds, .address(.exporter), .uptime,
    ]
    private static let counters: [Place] = [.number(4, .packets), .number(4, .bytes)]
    private static let times: [Place] = [.first, .last]
    private static let hosts: [Place] =
        [
            .address(.srcip), .address(.dstip), .address(.nexthop), .number(2, .inif),
            .number(2, .outif),
        ] + counters + times
        + [
            .number(2, .srcport), .destinationPort, .transportProtocol, .number(1, .tos),
            .number(1, .flags),
        ]
    private static let routes: [Place] = [
        .engine, .number(1, .srcmask), .number(1, .dstmask), .number(2, .srcas),
        .number(2, .dstas),
    ]

    /// NetFlow v8 by its fourteen kinds.
    private static func aggregated(by method: UInt8) -> [Place]? {
        let totals: [Place] = [.number(4, .flows)] + counters + times
        let systems: [Place] = [.number(2, .srcas), .number(2, .dstas)]
        let interfaces: [Place] = [.number(2, .inif), .number(2, .outif)]
        let ports: [Place] = [.number(2, .srcport), .destinationPort]
        let prefixes: [Place] = [.address(.srcip), .address(.dstip)]
        let masks: [Place] = [.number(1, .dstmask), .number(1, .srcmask)]
        // Packets beyond the contract and their type of service have no element.
        let contract: [Place] = [.skip(4), .other(4, routerShortcut)]
        let service: [Place] = [.number(1, .tos), .skip(1), .engine]
        switch method {
        case 1: return clock + totals + systems + interfaces + [.engine, .skip(2)]
        case 2:
            return clock + totals + [.transportProtocol, .skip(3)] + ports + [.engine, .skip(2)]
        case 3:
            return clockExporterFirst + totals
                + [.address(.srcip), .number(1, .srcmask), .skip(1), .number(2, .srcas)]
                + [.number(2, .inif), .engine]
        case 4:
            return clock + totals
                + [.address(.dstip), .number(1, .dstmask), .skip(1), .engine]
                + [.number(2, .dstas), .number(2, .outif)]
        case 5: return clock + totals + prefixes + masks + [.engine] + systems + interfaces
        case 6:
            return clock + counters + times + [.address(.dstip)] + contract
                + [.number(2, .outif), .skip(2)] + service
        case 7:
            return clock + counters + times + [.address(.dstip), .address(.srcip)] + contract
                + [.number(2, .outif), .number(2, .inif)] + service
        case 8:
            return clock + counters + times + [.address(.dstip), .address(.srcip)] + contract
                + [.destinationPort, .number(2, .srcport), .number(2, .outif), .number(2, .inif)]
                + service + [.transportProtocol, .skip(3)]
        case 9:
            return clock + totals + systems + interfaces
                + [.engine, .number(1, .tos), .skip(1)]
        case 10:
            return clock + totals + ports + interfaces
                + [.engine, .transportProtocol, .number(1, .tos)]
        case 11:
            return clockExporterFirst + totals
                + [.address(.srcip), .number(1, .srcmask), .number(1, .tos), .number(2, .srcas)]
                + [.number(2, .inif), .engine]
        case 12:
            return clockExporterFirst + totals
                + [.address(.dstip), .number(2, .outif), .number(2, .dstas), .number(1, .dstmask)]
                + [.number(1, .tos), .engine]
        case 13:
            return clock + totals + prefixes + systems + interfaces + masks
                + [.engine, .number(1, .tos), .skip(3)]
        case 14:
            return clock + totals + prefixes + ports + interfaces + masks
                + [.engine, .number(1, .tos), .transportProtocol, .skip(2)]
        default: return nil
        }
    }

    private static func layout(_ places: [Place], isBigEndian: Bool) -> RecordLayout {
        var clock = RecordClock(seconds: 0, nanoseconds: 0, uptime: 0)
        var protocolAt: Int?
        var octets = 0
        for place in places {
            switch place {
            case .seconds: clock.seconds = octets
            case .nanoseconds: clock.nanoseconds = octets
            case .uptime: clock.uptime = octets
            case .transportProtocol: protocolAt = octets
            default: break
            }
            octets += place.octets
        }
        var layout = RecordLayout(octets: octets, isBigEndian: isBigEndian)
        // The record arrived when its exporter sent it, as far as anyone knows.
        layout.copy(.uptime(clock), at: clock.uptime, to: .received)
        var offset = 0
        for place in places {
            switch place {
            case .seconds, .nanoseconds, .uptime, .skip: break
            case .first: layout.copy(.uptime(clock), at: offset, to: .start)
            case .last: layout.copy(.uptime(clock), at: offset, to: .end)
            case .number(let octets, let field): layout.number(octets, at: offset, to: field)
            case .address(let field): layout.copy(.address4, at: offset, to: field)
            case .addressIfSet(let field): layout.copy(.address4IfSet, at: offset, to: field)
            case .transportProtocol: layout.number(1, at: offset, to: .proto)
            case .destinationPort:
                layout.number(2, at: offset, to: .dstport)
                guard let protocolAt else { break }
                layout.copy(.icmpUpper(protocolAt: protocolAt), at: offset, to: .icmptype)
                layout.copy(.icmpLower(protocolAt: protocolAt), at: offset, to: .icmpcode)
            case .engine: layout.copy(.engine, at: offset, to: .domain)
            case .other(let octets, let id):
                layout.keep(.number(octets: octets), at: offset, as: id)
            }
            offset += place.octets
        }
        return layout
    }
}
