public import FlowModel

/// What a node of a scene stands for.
public enum SwarmName: Hashable, Sendable {
    /// One address.
    case host(IPAddress)
    /// The hosts of a network that are not nodes of their own: /24, or /48 of IPv6.
    case network(IPPrefix)
    /// The hosts of a country that are in no other node.
    case country(CountryCode)
    /// All others.
    case rest(isInside: Bool)
}

/// What is remarkable about a node or an edge.
public struct SwarmMarks: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt8
    /// Makes marks of bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// On a list of known-bad addresses.
    public static let listed = Self(rawValue: 1)
    /// Asks very many hosts or services that do not answer.
    public static let scans = Self(rawValue: 2)
    /// Asked by very many that get no answer.
    public static let flooded = Self(rawValue: 4)
    /// One end of a contact that comes back as regularly as a clock.
    public static let beacons = Self(rawValue: 8)
    /// Of the own networks.
    public static let inside = Self(rawValue: 16)
    /// One end of an upload: an own host that sends one outside far more than it gets from there.
    public static let uploads = Self(rawValue: 32)
}

/// A node as painters draw it: everything is a small integer.
public struct SwarmNode: Hashable, Sendable {
    /// Its place in the engine's arrays; the same in all scenes as long as it is a node.
    public let slot: UInt16
    /// Who.
    public let name: SwarmName
    /// Where, 32,768 is the middle and 32,767 the radius.
    public let x: UInt16
    /// Downward.
    public let y: UInt16
    /// Eighths of the binary logarithm of its decayed octets.
    public let size: UInt16
    /// What is remarkable.
    public let marks: SwarmMarks
    /// What it sent and got in this step.
    public let sums: SwarmSums
}

/// What flows between two nodes in a step, of one service.
public struct SwarmStream: Hashable, Sendable {
    /// The slot of the sender.
    public let source: UInt16
    /// The slot of the receiver.
    public let target: UInt16
    /// Place in ``SwarmSettings/services``; their number stands for all others.
    public let service: UInt8
    /// What is remarkable.
    public let marks: SwarmMarks
    /// How many edges between hosts are in it.
    public let edges: UInt32
    /// How much.
    public let sums: SwarmSums
    /// For the painters: the same for the same stream in all steps.
    public let hash: UInt64
}

/// A thing to be told of a step.
public struct SwarmSignal: Hashable, Sendable {
    /// What.
    public enum Kind: UInt8, Sendable {
        /// Very many hosts asked by one.
        case scan
        /// Very many services of a host asked by one.
        case portScan
        /// One asked by very many.
        case flood
        /// A listed host has traffic.
        case listed
        /// A contact as regular as a clock.
        case beacon
        /// An own host sends one outside far more than it gets from there, and much of all that leaves.
        case upload
    }

    /// What.
    public var kind: Kind
    /// Who it is about: who scans, who is flooded, who is listed, who calls, who sends.
    public var subject: IPAddress
    /// The other side where there is one.
    public var object: IPAddress?
    /// The service, where it is one.
    public var service: UInt32?
    /// Hosts, or services, on the other side.
    public var count: Int
    /// How much.
    public var sums: SwarmSums
}

/// A step as it is drawn.
public struct SwarmScene: Sendable {
    /// Counted in steps since 1970.
    public let number: UInt64
    /// By slot, ascending.
    public let nodes: [SwarmNode]
    /// By source, target and service.
    public let streams: [SwarmStream]
    /// All that flowed, by service; one more for all others.
    public let services: [SwarmSums]
    /// All that flowed: the sum of ``streams``, and of ``services``.
    public let total: SwarmSums
    /// Edges between hosts.
    public let edges: Int
    /// What of the total is only seen as a stream between the rest and the rest.
    public let folded: SwarmSums
    /// What is to be told.
    public let signals: [SwarmSignal]

    /// The node of a slot.
    public func node(_ slot: UInt16) -> SwarmNode? {
        var (low, high) = (0, nodes.count)
        while low < high {
            let middle = (low + high) / 2
            if nodes[middle].slot < slot { low = middle + 1 } else { high = middle }
        }
        return low < nodes.count && nodes[low].slot == slot ? nodes[low] : nil
    }

    /// A number that two scenes share only if painters draw the same for both.
    public var fingerprint: UInt64 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
        func take(_ number: UInt64) { hash = mixed(hash ^ number) &+ 0x2545_F491_4F6C_DD1D }
        take(number)
        for node in nodes {
            take(
                UInt64(node.slot) << 48 | UInt64(node.x) << 32 | UInt64(node.y) << 16
                    | UInt64(node.size) << 6 & 0xFFC0 | UInt64(node.marks.rawValue))
            take(node.sums.bytes)
        }
        for stream in streams {
            take(stream.hash)
            take(UInt64(stream.marks.rawValue) << 32 | UInt64(stream.edges))
            take(stream.sums.flows)
            take(stream.sums.packets)
            take(stream.sums.bytes)
        }
        for service in services { take(service.bytes) }
        return hash
    }
}
