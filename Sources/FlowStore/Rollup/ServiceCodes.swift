import FlowModel
import Synchronization

/// Numbers the services of a block's rows by tables of all there can be: nothing is searched, nor
/// decided row by row.
///
///     rows     udp 53 → 40001     tcp 50123 → 443     icmp
///     places   [ TCP: 65,536 ][ UDP: 65,536 ][ DCCP ][ SCTP ][ protocols without ports: 256 ]
///     marks      · · 1 · · ·      · · 1 · ·                      · 1 · ·       which occur
///     ranks          1                2                            0           in the order of services
final class ServiceCodes: Sendable {
    private static let portsOfProtocol = 65_536
    private static let protocolsWithPorts: [UInt64] = (0..<256).filter(Service.hasPorts)
    static let places = protocolsWithPorts.count * portsOfProtocol + 256
    /// Of each protocol: where its places begin, above the bits of a port that count.
    private static let forms: [UInt64] = (UInt64(0)..<256).map { proto in
        if let index = protocolsWithPorts.firstIndex(of: proto) {
            UInt64(index * portsOfProtocol) << 16 | 0xffff
        } else {
            (UInt64(protocolsWithPorts.count * portsOfProtocol) + proto) << 16
        }
    }

    private let protocols = EncodedBytes(unfilled: FlowBatch.capacity * 2)
    private let sources = EncodedBytes(unfilled: FlowBatch.capacity * 2)
    private let destinations = EncodedBytes(unfilled: FlowBatch.capacity * 2)
    private let rowPlaces = EncodedBytes(unfilled: FlowBatch.capacity * 4)
    /// One octet a place, all 0 but while a block is read.
    private let marks = EncodedBytes(count: places)
    private let ranks = EncodedBytes(unfilled: places * 2)

    /// Those that no block is read with at the moment.
    private static let idle = Mutex<[ServiceCodes]>([])

    /// The services of a block's rows, ascending, and the place of each row's among them.
    static func read(_ block: any BlockSource) throws -> (services: [UInt64], codes: EncodedBytes) {
        let found = idle.withLock { $0.popLast() } ?? ServiceCodes()
        defer { idle.withLock { $0.append(found) } }
        return try found.number(block)
    }

    private func number(
        _ block: any BlockSource
    ) throws -> (services: [UInt64], codes: EncodedBytes) {
        let rows = block.rows
        if rows == 0 { return ([], EncodedBytes(count: 0)) }
        let (protocols, sources, destinations) = (protocols, sources, destinations)
        let columns = zip([Field.proto, .srcport, .dstport], [protocols, sources, destinations])
        for (field, memory) in columns {
            var output = memory.mutableValues(as: UInt16.self, first: rows)
            if let column = try block.column(field) {
                column.decodeNarrow(into: &output)
            } else {
                for row in output.indices { unsafe output[unchecked: row] = 0 }
            }
        }
        let (rowPlaces, marks, ranks) = (rowPlaces, marks, ranks)
        var placesOfRows = rowPlaces.mutableValues(as: UInt32.self, first: rows)
        var marked = marks.mutableValues(as: UInt8.self)
        markPlaces(
            protocols.values(as: UInt16.self), sources.values(as: UInt16.self),
            destinations.values(as: UInt16.self), Self.forms.span, &placesOfRows, &marked)
        var rankOf = ranks.mutableValues(as: UInt16.self)
        let found = extremes(protocols.values(as: UInt16.self).extracting(0..<rows))
        let services = rank(&rankOf, found.low...found.high)
        let codes = EncodedBytes(unfilled: rows * 2)
        var output = codes.mutableValues(as: UInt16.self)
        lookUpPlaces(rowPlaces.values(as: UInt32.self), in: ranks.values(as: UInt16.self), &output)
        return (services, codes)
    }

    /// Lists the services that are marked, and gives each its rank; takes the marks away.
    ///
    /// - Parameter range: protocols beyond which there is none.
    private func rank(
        _ ranks: inout MutableSpan<UInt16>, _ range: ClosedRange<UInt16>
    ) -> [UInt64] {
        let memory = marks
        var marks = memory.mutableValues(as: UInt64.self)
        var services: [UInt64] = []
        for proto in UInt64(0)..<256 {
            let first = Int(Self.forms[Int(proto)] >> 16)
            guard Service.hasPorts(proto) else {
                // One octet of its word.
                let mark = UInt64(1) << UInt64(first & 7 * 8)
                if marks[first >> 3] & mark == 0 { continue }
                marks[first >> 3] &= ~mark
                ranks[first] = UInt16(truncatingIfNeeded: services.count)
                services.append(proto << 16)
                continue
            }
            if !range.contains(UInt16(proto)) { continue }
            let words = first >> 3..<(first + Self.portsOfProtocol) >> 3
            precondition(words.upperBound <= marks.count)
            for word in words {
                var left = unsafe marks[unchecked: word]
                if left == 0 { continue }
                unsafe marks[unchecked: word] = 0
                while left != 0 {
                    let place = word << 3 | left.trailingZeroBitCount >> 3
                    ranks[place] = UInt16(truncatingIfNeeded: services.count)
                    services.append(proto << 16 | UInt64(place - first))
                    left &= left - 1
                }
            }
        }
        return services
    }
}

/// Notes the place of each row's service, and marks it.
private func markPlaces(
    _ protocols: Span<UInt16>, _ sources: Span<UInt16>, _ destinations: Span<UInt16>,
    _ forms: Span<UInt64>, _ places: inout MutableSpan<UInt32>, _ marks: inout MutableSpan<UInt8>
) {
    precondition(
        places.count <= protocols.count && places.count <= sources.count
            && places.count <= destinations.count && forms.count == 256
            && marks.count == ServiceCodes.places)
    for row in places.indices {
        let form = unsafe forms[unchecked: Int(protocols[unchecked: row] & 0xff)]
        let port = unsafe min(sources[unchecked: row], destinations[unchecked: row])
        let place = Int(truncatingIfNeeded: form &>> 16 &+ (UInt64(port) & form & 0xffff))
        // No form leads beyond the places.
        unsafe marks[unchecked: place] = 1
        unsafe places[unchecked: row] = UInt32(truncatingIfNeeded: place)
    }
}

private func lookUpPlaces(
    _ places: Span<UInt32>, in ranks: Span<UInt16>, _ codes: inout MutableSpan<UInt16>
) {
    precondition(codes.count <= places.count && ranks.count == ServiceCodes.places)
    for row in codes.indices {
        unsafe codes[unchecked: row] = ranks[unchecked: Int(places[unchecked: row])]
    }
}
