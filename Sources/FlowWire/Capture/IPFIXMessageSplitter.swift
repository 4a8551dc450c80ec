/// The header of an IPFIX message, as far as cutting a stream needs it (RFC 7011 §3.1).
enum IPFIXMessageHeader {
    static let length = 16

    /// Whether an IPFIX message may begin so.
    ///
    /// What is there of version, length and the first set's header is looked at; at least two octets
    /// are needed.
    static func isPlausible(_ octets: RawSpan) -> Bool {
        guard octets.byteCount >= 2, octets.network16(at: 0) == 10 else { return false }
        guard octets.byteCount >= 4 else { return true }
        let length = Int(octets.network16(at: 2))
        guard length >= Self.length else { return false }
        guard octets.byteCount >= 20, length >= 20 else { return length == 16 || length >= 20 }
        let set = octets.network16(at: 16)
        let setLength = Int(octets.network16(at: 18))
        return (set == 2 || set == 3 || set >= 256) && setLength >= 4 && setLength <= length - 16
    }
}

/// Cuts octets that come back to back (a file of RFC 5655, a TCP connection) into IPFIX messages.
public struct IPFIXMessageSplitter: Sendable {
    /// Octets consumed so far.
    public private(set) var position: UInt64 = 0
    /// Messages handed on so far.
    public private(set) var messages: UInt64 = 0
    /// Octets that the caller must be able to keep.
    public static let bufferBytesMin = 65_535

    /// A splitter at the beginning of a stream.
    public init() {}

    /// Hands every whole message in `bytes` to `body`.
    ///
    /// - Returns: octets consumed; the rest is the beginning of a message.
    /// - Throws: ``CaptureError/messageInvalid(version:length:position:)`` where no message begins
    ///   (the stream cannot be read on), and what `body` throws.
    public mutating func feed(_ bytes: RawSpan, _ body: (RawSpan) throws -> Void) throws -> Int {
        var offset = 0
        while bytes.byteCount - offset >= 4 {
            let version = bytes.network16(at: offset)
            let length = bytes.network16(at: offset + 2)
            guard version == 10, length >= IPFIXMessageHeader.length else {
                throw CaptureError.messageInvalid(
                    version: version, length: length, position: position)
            }
            guard bytes.byteCount - offset >= Int(length) else { break }
            try body(bytes.extracting(offset..<(offset + Int(length))))
            messages += 1
            position += UInt64(length)
            offset += Int(length)
        }
        return offset
    }

    /// When a message was exported, seconds since 1970 (RFC 7011 §3.1).
    public static func exportTime(_ message: RawSpan) -> UInt64 {
        message.byteCount >= 8 ? UInt64(message.network32(at: 4)) : 0
    }

    /// Says how the stream ended.
    ///
    /// - Parameter rest: octets that were fed and not consumed.
    public func finish(rest: Int) -> CaptureEnding {
        rest == 0 ? .clean : .truncated(octets: rest, position: position)
    }
}
