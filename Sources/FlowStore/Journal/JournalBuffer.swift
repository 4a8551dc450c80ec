import FlowModel

/// A frame as it is written to a journal: room for the head, then the payload.
///
/// Journals are written as fast as flows arrive, so the memory is used again and what lies in it is
/// written by one call.
final class JournalBuffer {
    private(set) var storage: EncodedBytes
    /// Octets in use.
    private(set) var count = JournalFrame.headOctets

    init() { storage = EncodedBytes(unfilled: 1 << 16) }

    /// Octets that it holds on to.
    var capacity: Int { storage.count }
    /// Octets of the payload.
    var payloadOctets: Int { count - JournalFrame.headOctets }

    /// The checksum of the payload.
    func payloadChecksum() -> UInt32 {
        let storage = storage
        return fastChecksum(storage.bytes.extracting(JournalFrame.headOctets..<count))
    }

    /// Forgets the last frame.
    func begin() { count = JournalFrame.headOctets }

    /// Makes room for `octets` more.
    func reserve(_ octets: Int) {
        guard count + octets > storage.count else { return }
        let larger = EncodedBytes(unfilled: max(count + octets, storage.count * 3 / 2))
        copy(storage.bytes.extracting(0..<count), to: larger, at: 0)
        storage = larger
    }

    /// Appends octets that the caller fills at once; answers where they begin.
    func take(_ octets: Int) -> Int {
        reserve(octets)
        defer { count += octets }
        return count
    }

    /// Appends a number, little-endian.
    func put<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(_ value: T) {
        set(value, at: take(MemoryLayout<T>.size))
    }

    /// Appends an address, upper half first.
    func put(_ address: IPAddress) {
        put(address.high)
        put(address.low)
    }

    /// Appends octets that lie elsewhere.
    func put(_ octets: RawSpan) {
        let place = take(octets.byteCount)
        copy(octets, to: storage, at: place)
    }

    /// Replaces a number.
    func set<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(_ value: T, at place: Int) {
        let storage = storage
        var octets = storage.mutableBytes
        octets.storeBytes(of: value, toByteOffset: place, as: T.self)
    }

    /// Makes an end follow the frame; answers how many octets there are with it.
    func setEnd(_ end: [UInt8]) -> Int {
        reserve(end.count)
        copy(unsafe end.span.bytes, to: storage, at: count)
        return count + end.count
    }

    /// Replaces the head.
    func setHead(_ head: [UInt8]) {
        precondition(head.count == JournalFrame.headOctets)
        copy(unsafe head.span.bytes, to: storage, at: 0)
    }
}

private func copy(_ octets: RawSpan, to storage: EncodedBytes, at place: Int) {
    precondition(place >= 0 && octets.byteCount <= storage.count - place)
    var target = storage.mutableBytes
    unsafe target.withUnsafeMutableBytes { target in
        unsafe octets.withUnsafeBytes { octets in
            unsafe UnsafeMutableRawBufferPointer(rebasing: target[place...]).copyMemory(
                from: octets)
        }
    }
}
