/// An export protocol.
public enum ExportProtocol: String, Sendable, CaseIterable {
    /// NetFlow version 1.
    case netflow1
    /// NetFlow version 5.
    case netflow5
    /// NetFlow version 7.
    case netflow7
    /// NetFlow version 9 (RFC 3954).
    case netflow9
    /// IPFIX (RFC 7011).
    case ipfix
    /// sFlow version 5.
    case sflow5
}

extension ExportDecoder {
    /// The protocol of a payload by its content alone, nil where it is no export.
    ///
    /// All have a version word first, which other traffic has by chance once in 10,000 datagrams; so
    /// what follows must fit it.
    public static func recognise(_ payload: RawSpan) -> ExportProtocol? {
        guard payload.byteCount >= 16 else { return nil }
        switch payload.network16(at: 0) {
        case 1: return isFixed(payload, header: 16, record: 48, countMax: 24) ? .netflow1 : nil
        case 5: return isFixed(payload, header: 24, record: 48, countMax: 30) ? .netflow5 : nil
        case 7: return isFixed(payload, header: 24, record: 52, countMax: 28) ? .netflow7 : nil
        case 9: return isNetFlow9(payload) ? .netflow9 : nil
        case 10: return isIPFIX(payload) ? .ipfix : nil
        case 0: return isSFlow(payload) ? .sflow5 : nil
        default: return nil
        }
    }

    /// As many records as the header says, or a whole number of them, and less than a second of
    /// nanoseconds.
    private static func isFixed(
        _ payload: RawSpan, header: Int, record: Int, countMax: Int
    ) -> Bool {
        let body = payload.byteCount - header
        guard body >= record, payload.network32(at: 12) < 1_000_000_000 else { return false }
        let count = Int(payload.network16(at: 2))
        if (1...countMax).contains(count), count * record <= body { return true }
        return body % record == 0 && body / record <= countMax
    }

    private static func isNetFlow9(_ payload: RawSpan) -> Bool {
        guard payload.byteCount >= 24 else { return false }
        return isSet(payload, at: 20, template: 0, options: 1)
    }

    private static func isIPFIX(_ payload: RawSpan) -> Bool {
        let length = Int(payload.network16(at: 2))
        guard length >= 16 else { return false }
        if payload.byteCount < 20 { return length == 16 && payload.byteCount == 16 }
        // A capture may have cut the message short; it is rarely longer than its length says.
        guard length >= 20, payload.byteCount - length <= 64 else { return false }
        return isSet(payload, at: 16, template: 2, options: 3)
            || length == payload.byteCount
                && isSetID(payload.network16(at: 16), template: 2, options: 3)
    }

    private static func isSetID(_ id: UInt16, template: UInt16, options: UInt16) -> Bool {
        id >= 256 || id == template || id == options
    }

    /// Whether what stands at `offset` can be the first set of a message.
    private static func isSet(
        _ payload: RawSpan, at offset: Int, template: UInt16, options: UInt16
    ) -> Bool {
        let id = payload.network16(at: offset)
        let length = Int(payload.network16(at: offset + 2))
        guard isSetID(id, template: template, options: options) else { return false }
        guard length >= 4, length <= payload.byteCount - offset else { return false }
        guard id < 256, length >= 8 else { return true }
        // The first template's id; a withdrawal of all has the set's.
        let first = payload.network16(at: offset + 4)
        return first >= 256 || first == id
    }

    private static func isSFlow(_ payload: RawSpan) -> Bool {
        guard payload.byteCount >= 28, payload.network32(at: 0) == 5 else { return false }
        let header: Int
        switch payload.network32(at: 4) {
        case 1: header = 28
        case 2: header = 40
        default: return false
        }
        guard payload.byteCount >= header else { return false }
        let samples = Int(payload.network32(at: header - 4))
        // A sample takes at least its format and length.
        return samples <= (payload.byteCount - header) / 8
    }
}
