public import FlowModel
public import FlowStore
public import FlowWire

/// How a ``Collector`` listens, and what it may hold.
public struct CollectorConfiguration: Sendable {
    /// Where to listen.
    ///
    /// Default: ``ListenAddress/standard``.
    public var listen = ListenAddress.standard
    /// Who may send; everybody where it is empty.
    ///
    /// Default: everybody.
    public var allow: [IPPrefix] = []
    /// Octets that the kernel may hold for each UDP socket.
    ///
    /// What the kernel allows instead is said in ``CollectorEvent/receiveBufferSmall(_:wanted:got:)``.
    /// Default: 64 MiB.
    public var receiveBufferBytes = 64 << 20
    /// UDP sockets for each address, among which the kernel divides exporters (SO_REUSEPORT).
    ///
    /// Default: 1.
    public var socketsPerAddress = 1
    /// The interface whose packets are metered; nil = none.
    ///
    /// Default: none.
    public var interface: InterfaceConfiguration?
    /// Octets of datagrams that may wait to be decoded; when they are reached, the kernel's buffers
    /// fill, and its counter says what it drops.
    ///
    /// Default: 256 MiB.
    public var queueBytesMax = 256 << 20
    /// Where to send a copy of every datagram.
    public var forward: [ForwardTarget] = []
    /// How long flows wait for others before they are handed on.
    ///
    /// Default: 200 ms.
    public var batchAge = Duration.milliseconds(200)
    /// Batches that may wait for the store.
    ///
    /// Default: 4.
    public var storeQueueBatches = 4
    /// How long a store may be stuck before flows are shed.
    ///
    /// Default: 5 s.
    public var shedsAfter = Duration.seconds(5)
    /// How long to go on receiving what the kernel still holds after ``Collector/stop()``.
    ///
    /// Default: 2 s.
    public var drainLimit = Duration.seconds(2)
    /// Who the collector is over TLS; needed where ``listen`` has such a place.
    public var tls: TLSFiles?
    /// What connections of IPFIX may cost.
    public var streams = StreamLimits()
    /// How long flows are kept.
    ///
    /// Default: for ever.
    public var retention = RetentionPolicy()
    /// How often ``retention`` is applied.
    ///
    /// Default: each minute.
    public var retentionInterval = Duration.seconds(60)
    /// What decoding may hold for exporters.
    public var decoder = ExportDecoderConfiguration()

    /// The defaults.
    public init() {}
}

/// What connections that bring IPFIX over TCP or TLS may cost.
public struct StreamLimits: Hashable, Sendable {
    /// Connections at once; more are closed as they come.
    ///
    /// Each may hold two messages, 128 KiB. Default: 256.
    public var connectionsMax = 256
    /// Connections at once from one address.
    ///
    /// Default: 16.
    public var connectionsPerAddressMax = 16
    /// How long a connection may take to agree on TLS.
    ///
    /// Default: 10 s.
    public var handshake = Duration.seconds(10)
    /// How long a connection may take to bring its first message.
    ///
    /// Default: 60 s.
    public var firstMessage = Duration.seconds(60)

    /// The defaults.
    public init() {}
}
