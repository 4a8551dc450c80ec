public import ArgumentParser
public import FlowCollector
import FlowModel
import FlowWire

/// The options of `skein serve` about where exports come from and where copies go.
struct ReceivingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where to listen: 2055, 192.0.2.1:2055, [2001:db8::1]:4739, tcp://:4739; may be repeated (default: UDP 2055, 4739, 6343 and 9995, TCP 4739).",
            valueName: "address"))
    var listen: [ListenAddress] = []

    @Option(
        help: ArgumentHelp(
            "Take exports only from here: 192.0.2.0/24; may be repeated (default: from everywhere).",
            valueName: "prefix"))
    var allow: [PrefixArgument] = []

    @Option(
        help: ArgumentHelp(
            "Send a copy of every datagram there; may be repeated.", valueName: "host:port"))
    var forward: [ForwardTarget] = []

    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Copies bear the exporter's address as their source (IPv4; needs CAP_NET_RAW)."))
    var keepSource = true

    @Option(
        help: ArgumentHelp(
            "What the kernel may hold for each UDP socket while the program is busy (default: 64Mi).",
            valueName: "size"))
    var receiveBuffer: SizeArgument?

    @Option(
        help: ArgumentHelp(
            "What may wait to be decoded (default: 256Mi).", valueName: "size"))
    var queue: SizeArgument?

    @Option(
        help: ArgumentHelp(
            "UDP sockets for each address, among which the kernel divides the exporters (1 to 64).",
            valueName: "number"))
    var sockets = 1

    @Flag(
        help:
            "Keep the templates of exporters apart by their ports: for several behind one address."
    )
    var useSourcePort = false

    func validate() throws {
        guard (1...64).contains(sockets) else {
            throw ValidationError("--sockets is 1 to 64.")
        }
        if let size = receiveBuffer?.octets, !(4096...(1 << 30)).contains(size) {
            throw ValidationError("--receive-buffer is 4Ki to 1Gi.")
        }
        if let size = queue?.octets, !(1 << 20...(1 << 40)).contains(size) {
            throw ValidationError("--queue is 1Mi to 1Ti.")
        }
    }

    /// Changes what the options say.
    func apply(to configuration: inout CollectorConfiguration) {
        if !listen.isEmpty { configuration.listen = listen }
        if !allow.isEmpty { configuration.allow = allow.map(\.prefix) }
        if !forward.isEmpty { configuration.forward = forward }
        for index in configuration.forward.indices {
            configuration.forward[index].keepsSource = keepSource
        }
        if let receiveBuffer { configuration.receiveBufferBytes = Int(receiveBuffer.octets) }
        if let queue { configuration.queueBytesMax = Int(queue.octets) }
        configuration.socketsPerAddress = sockets
        if useSourcePort { configuration.decoder.separatesTemplatesByPort = true }
    }
}

extension ListenAddress: ExpressibleByArgument {
    /// Reads what `--listen` takes.
    public init?(argument: String) { self.init(argument) }
}

extension ForwardTarget: ExpressibleByArgument {
    /// Reads what `--forward` takes.
    public init?(argument: String) { self.init(argument) }
}

/// A network on the command line.
struct PrefixArgument: ExpressibleByArgument {
    let prefix: IPPrefix

    init?(argument: String) {
        guard let prefix = IPPrefix(argument) else { return nil }
        self.prefix = prefix
    }
}
