/// One direction of a TCP connection that may carry IPFIX (RFC 7011 §10.4): puts its segments in
/// order and cuts messages out.
///
///     … delivered │ next: bytes of an unfinished message │ hole │ held segments …
struct IPFIXConnection {
    /// What became of a segment.
    enum Outcome {
        /// The connection goes on.
        case goesOn
        /// It is not, or no longer, a stream of IPFIX messages.
        case isOther
    }

    /// The sequence number that comes next.
    private var next: UInt32
    /// The beginning of a message.
    private var pending: [UInt8] = []
    /// Segments behind a hole, in the order of their numbers.
    private var held: [(sequence: UInt32, octets: [UInt8])] = []
    private var heldBytes = 0
    /// Whether an IPFIX message has begun here.
    private(set) var isIPFIX = false

    /// Octets kept behind a hole.
    static let heldBytesMax = 256 << 10
    /// Segments kept behind a hole.
    static let heldMax = 512

    /// A connection whose first octet has the number `next`.
    init(next: UInt32) { self.next = next }

    /// Octets that it keeps.
    var bytes: Int { pending.count + heldBytes }

    /// Takes in a segment and hands every message that is complete now to `body`.
    mutating func take(
        _ payload: RawSpan, sequence: UInt32, _ body: (RawSpan) throws -> Void
    ) throws -> Outcome {
        if Int32(bitPattern: sequence &- next) > 0 {
            return hold(payload, sequence)
        }
        accept(payload, sequence)
        while let first = held.first, Int32(bitPattern: first.sequence &- next) <= 0 {
            held.removeFirst()
            heldBytes -= first.octets.count
            unsafe accept(first.octets.span.bytes, first.sequence)
        }
        return try deliver(body)
    }

    /// Keeps a segment that came too early.
    private mutating func hold(_ payload: RawSpan, _ sequence: UInt32) -> Outcome {
        guard payload.byteCount > 0 else { return .goesOn }
        guard heldBytes + payload.byteCount <= Self.heldBytesMax, held.count < Self.heldMax else {
            return .isOther
        }
        let place =
            held.firstIndex { Int32(bitPattern: $0.sequence &- sequence) >= 0 } ?? held.count
        if place < held.count, held[place].sequence == sequence,
            held[place].octets.count >= payload.byteCount
        {
            return .goesOn
        }
        var octets: [UInt8] = []
        octets.append(payload)
        heldBytes += octets.count
        held.insert((sequence, octets), at: place)
        return .goesOn
    }

    /// Appends what is new of a segment that begins at or before ``next``.
    private mutating func accept(_ payload: RawSpan, _ sequence: UInt32) {
        let known = Int(next &- sequence)
        guard known < payload.byteCount else { return }
        pending.append(payload.extracting(known..<payload.byteCount))
        next &+= UInt32(payload.byteCount - known)
    }

    private mutating func deliver(_ body: (RawSpan) throws -> Void) throws -> Outcome {
        if !isIPFIX {
            guard pending.count >= 2 else { return .goesOn }
            guard unsafe IPFIXMessageHeader.isPlausible(pending.span.bytes) else { return .isOther }
            isIPFIX = pending.count >= IPFIXMessageHeader.length
        }
        var offset = 0
        while pending.count - offset >= 4 {
            let version = UInt16(pending[offset]) << 8 | UInt16(pending[offset + 1])
            let length = Int(pending[offset + 2]) << 8 | Int(pending[offset + 3])
            guard version == 10, length >= IPFIXMessageHeader.length else { return .isOther }
            guard pending.count - offset >= length else { break }
            try unsafe body(pending.span.bytes.extracting(offset..<(offset + length)))
            offset += length
        }
        if offset > 0 { pending.removeFirst(offset) }
        return .goesOn
    }
}

extension [UInt8] {
    /// Appends the octets of a span.
    mutating func append(_ octets: RawSpan) {
        unsafe octets.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }
}
