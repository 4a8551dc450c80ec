import FlowModel
import FlowWire
import Glibc
import Synchronization

/// Datagrams behind each other in one piece of memory, with who sent them when.
///
///     octets    [ datagram 0 ][ datagram 1 ]…            capacity
///     entries   { offset length sender received }…
///
/// One thread fills it, then others read it until the last of them lets go.
@safe
final class DatagramArena: @unchecked Sendable {
    // Sendable: handed from thread to thread under the queue's lock, and not changed once more than one
    // has it; the count of users is atomic.

    /// What came.
    struct Entry {
        var address: IPAddress
        /// ms since 1970.
        var received: UInt64
        var offset: UInt32
        var length: UInt32
        var port: UInt16
        var transport: ListenAddress.Transport
    }

    static let octetsMax = 1 << 18
    static let entriesMax = 1 << 10
    /// What one costs.
    static let memoryBytes = octetsMax + entriesMax * MemoryLayout<Entry>.stride

    let octets: UnsafeMutableRawPointer
    let entries: UnsafeMutablePointer<Entry>
    private(set) var octetCount = 0
    private(set) var count = 0
    /// Those that still read it.
    let users = Atomic<Int>(0)

    init() {
        unsafe octets = .allocate(byteCount: Self.octetsMax, alignment: 64)
        unsafe entries = .allocate(capacity: Self.entriesMax)
    }

    deinit {
        unsafe octets.deallocate()
        unsafe entries.deallocate()
    }

    /// Adds a datagram; false where it does not fit.
    func append(
        _ payload: RawSpan, from address: IPAddress, port: UInt16, received: UInt64,
        over transport: ListenAddress.Transport
    ) -> Bool {
        let length = payload.byteCount
        guard count < Self.entriesMax, Self.octetsMax - octetCount >= length else { return false }
        unsafe payload.withUnsafeBytes { source in
            if let start = source.baseAddress {
                unsafe memcpy(octets + octetCount, start, length)
            }
        }
        let entry = Entry(
            address: address, received: received, offset: UInt32(octetCount),
            length: UInt32(length), port: port, transport: transport)
        unsafe (entries + count).initialize(to: entry)
        octetCount += length
        count += 1
        return true
    }

    /// Who sent the datagram at `index`, and when.
    func entry(_ index: Int) -> Entry {
        precondition(index >= 0 && index < count)
        return unsafe entries[index]
    }

    /// The datagram that an entry of this arena describes.
    @_lifetime(borrow self)
    func payload(_ entry: Entry) -> RawSpan {
        let (start, length) = (Int(entry.offset), Int(entry.length))
        precondition(start + length <= octetCount)
        let span = unsafe RawSpan(_unsafeStart: octets + start, byteCount: length)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    func removeAll() {
        octetCount = 0
        count = 0
    }
}
