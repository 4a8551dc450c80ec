import FlowModel
import FlowQuery

/// Writes flows as code_swarm's events: each side of a flow is an author that touches a file.
///
///     <event date="1465300800000" filename="tcp_443" author="192.0.2.1" weight="12"/>
///
/// `date` is the beginning of the bucket in which the flow begins, ms since 1970; the file is the protocol
/// and the side's own port; the weight thousands of octets. Rows come by time, so that code_swarm may be
/// told that its input is sorted.
final class CodeSwarmWriter: AnswerWriter {
    private let write: ([UInt8]) throws -> Void
    private let bucket: UInt64
    private var text: [UInt8] = []
    /// Events so far.
    private(set) var events: UInt64 = 0

    /// The columns of a row, in this order.
    static let fields: [Field] = [.start, .proto, .srcip, .srcport, .dstip, .dstport, .bytes]
    /// Ten minutes.
    static let bucketDefault: UInt64 = 600_000

    /// - Parameters:
    ///   - bucket: milliseconds that share a date.
    ///   - write: takes the text, piece by piece.
    init(bucket: UInt64, write: @escaping ([UInt8]) throws -> Void) {
        self.bucket = bucket
        self.write = write
    }

    func begin(columns: [AnswerColumn]) {
        text += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<file_events>\n".utf8
    }

    func row(_ cells: [Cell]) throws {
        let date = (cells[0].asNumber ?? 0) / bucket * bucket
        let proto = UInt8(truncatingIfNeeded: cells[1].asNumber ?? 0)
        // code_swarm reads it as 32 bits with a sign.
        let weight = min((cells[6].asNumber ?? 0) / 1000, UInt64(Int32.max))
        event(date, proto, cells[2], cells[3], weight)
        event(date, proto, cells[4], cells[5], weight)
        if text.count >= 1 << 16 { try flush() }
    }

    func end(footing: Footing) throws {
        text += "</file_events>\n".utf8
        try flush()
    }

    private func flush() throws {
        try write(text)
        text.removeAll(keepingCapacity: true)
    }

    /// A side without an address, as of layer 2, is nobody, and no event.
    private func event(
        _ date: UInt64, _ proto: UInt8, _ address: Cell, _ port: Cell, _ weight: UInt64
    ) {
        guard case .address(let author) = address else { return }
        // Names of protocols and addresses have nothing that XML wants escaped.
        let name = ProtocolNames.name(of: UInt64(proto))?.lowercased() ?? "\(proto)"
        text += "<event date=\"\(date)\" filename=\"\(name)_\(port.asNumber ?? 0)\" ".utf8
        text += "author=\"\(author)\" weight=\"\(weight)\"/>\n".utf8
        events += 1
    }
}
