import FlowCapture
import FlowMeter

/// An interface whose packets are metered into flows.
public struct InterfaceConfiguration: Hashable, Sendable {
    /// Which.
    public var name: String
    /// Which of its packets, in libpcap's language; nil = all.
    public var filter: String?
    /// Octets of memory of the kernel for packets that wait.
    ///
    /// Default: 32 MiB.
    public var bufferBytes = 32 << 20
    /// Whether to meter also what is for other machines, as on a mirror port.
    ///
    /// Default: true.
    public var isPromiscuous = true
    /// A flow that lasts longer is reported in pieces of this length.
    ///
    /// Default: 300 s.
    public var activeTimeout = Duration.seconds(300)
    /// A flow ends when no packet came for this long.
    ///
    /// Default: 15 s.
    public var idleTimeout = Duration.seconds(15)

    /// Meters all packets of an interface.
    public init(name: String) { self.name = name }

    var capture: PacketCapture.Options {
        var options = PacketCapture.Options(interface: name)
        options.filter = filter
        options.bufferBytes = bufferBytes
        // All interfaces together cannot be made to.
        options.isPromiscuous = isPromiscuous && name != PacketCapture.anyInterface
        return options
    }

    var meter: MeterOptions {
        var options = MeterOptions()
        options.activeTimeout = activeTimeout
        options.idleTimeout = idleTimeout
        return options
    }
}
