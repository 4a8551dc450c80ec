import CSockets
import FlowModel

/// Takes many datagrams out of a socket at once.
@safe
struct DatagramReceiver: ~Copyable {
    /// Datagrams that one call takes.
    static let batch = 64

    private let memory: OpaquePointer

    init() throws(CollectorError) {
        guard let memory = unsafe csockets_receiver_make(UInt32(Self.batch)) else {
            throw .resources("memory")
        }
        unsafe self.memory = memory
    }

    deinit { unsafe csockets_receiver_free(memory) }

    /// Takes what waits in the socket; answers how many, or a negated `errno`.
    mutating func receive(_ socket: Int32) -> Int32 { unsafe csockets_receive(memory, socket) }

    /// A datagram of the last ``receive(_:)``, and its octets.
    func withDatagram<Result>(
        _ index: Int32, _ body: (Datagram, RawSpan) -> Result
    ) -> Result {
        let found = unsafe csockets_datagrams(memory)[Int(index)]
        let octets = unsafe RawSpan(
            _unsafeStart: UnsafeRawPointer(found.octets), byteCount: Int(found.length))
        let datagram = unsafe Datagram(
            address: IPAddress(high: found.address_high, low: found.address_low),
            received: found.received / 1_000_000, port: found.port, isCut: found.is_cut != 0)
        return body(datagram, octets)
    }

    /// Who sent a datagram, and when.
    struct Datagram {
        var address: IPAddress
        /// ms since 1970; 0 where the kernel did not say.
        var received: UInt64
        var port: UInt16
        var isCut: Bool
    }
}
