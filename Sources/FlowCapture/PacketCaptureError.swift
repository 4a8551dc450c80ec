/// Why packets cannot be captured.
public enum PacketCaptureError: Error, Hashable, Sendable {
    /// There is no interface of that name; `known` are those that there are.
    case noInterface(String, known: [String])
    /// The system does not allow this program to capture.
    case notPermitted(String)
    /// The interface is down.
    case isDown(String)
    /// libpcap cannot compile a filter, for the reason that it gives.
    case filterInvalid(String, reason: String)
    /// The interface is none that carries IP packets, as far as is known here.
    case linkTypeUnknown(String, link: String)
    /// libpcap is not there, for the reason given.
    case noLibrary(String, reason: String)
    /// libpcap does not open or read it, for the reason that it gives.
    case failed(String, reason: String)
}

extension PacketCaptureError: CustomStringConvertible {
    /// What, where, and what to do.
    public var description: String {
        switch self {
        case .noInterface(let name, let known):
            "cannot meter \(name): there is no such interface"
                + (known.isEmpty ? "" : ", only \(Self.list(known))")
        case .notPermitted(let name):
            "cannot meter \(name): that takes CAP_NET_RAW; start as root with user set, or let systemd "
                + "give it (packaging/systemd/skein.service.d/interface.conf)"
        case .isDown(let name): "cannot meter \(name): it is down; ip link set \(name) up"
        case .filterInvalid(let filter, let reason):
            "the packet filter ‘\(filter)’ (interface.bpf) is wrong: \(reason); man 7 pcap-filter "
                + "explains them"
        case .linkTypeUnknown(let name, let link):
            "cannot meter \(name): its packets are \(link), in which Skein finds no IP packets"
        case .noLibrary(let name, let reason), .failed(let name, let reason):
            "cannot meter \(name): \(reason)"
        }
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(12).joined(separator: ", ") + (names.count > 12 ? " …" : "")
    }
}
