public import FlowModel

/// The addresses that stand for the names of events, so that anything can be stored and drawn as flows are.
///
///     actor   fd00:hhhh:hhhh::1     a network of its own, hhhh from its number
///     thing   f.f.f.t               a network for each folder, or for 256 things of it
///
/// Numbers are given in the order in which names come, so the same file gives the same addresses.
public final class EventNames {
    /// What an address stands for.
    public enum Meaning: Hashable, Sendable {
        /// Who does something.
        case actor(String)
        /// What it is done to.
        case thing(String)
    }

    /// More names than there are addresses for.
    public struct Full: Error, CustomStringConvertible {
        /// What to say.
        public var description: String { "more than \(EventNames.namesMax) different names" }
    }

    /// Names of a sort at most: what memory and 24 bits of networks have room for.
    public static let namesMax = 4_000_000
    /// Kinds with a number of their own at most; the others share one.
    public static let kindsMax = 65_535

    private var actors: [String: UInt32] = [:]
    private var actorNames: [String] = []
    private var things: [String: UInt32] = [:]
    private var thingNames: [UInt32: String] = [:]
    private var folders: [Substring: UInt32] = [:]
    private var networks: [UInt32: String] = [:]
    /// The next thing's number within a network.
    private var fill: [UInt32: UInt32] = [:]
    private var kinds: [Substring: UInt16] = [:]
    private var kindNames: [String] = []

    /// Names of nothing.
    public init() {}

    /// The address of an actor.
    public func actor(_ name: String) throws(Full) -> IPAddress {
        if let number = actors[name] { return Self.actorAddress(number) }
        guard actorNames.count < Self.namesMax else { throw Full() }
        let number = UInt32(actorNames.count)
        actors[name] = number
        actorNames.append(name)
        return Self.actorAddress(number)
    }

    /// The address of a thing.
    public func thing(_ name: String) throws(Full) -> IPAddress {
        if let number = things[name] { return IPAddress(v4: number) }
        guard things.count < Self.namesMax else { throw Full() }
        let folder = Self.folder(of: name)
        var network = folders[folder] ?? freeNetwork(Self.hash(folder) >> 8, of: folder)
        if fill[network, default: 0] == 256 {
            network = freeNetwork(network &+ 1, of: folder)
        }
        let place = fill[network, default: 0]
        fill[network] = place + 1
        let number = network << 8 | place
        things[name] = number
        thingNames[number] = name
        return IPAddress(v4: number)
    }

    /// The number of a thing's kind: what its name ends in, else what it begins with.
    public func kind(of thing: String) -> UInt16 {
        let text = Self.kindText(of: thing)
        if let number = kinds[text] { return number }
        guard kindNames.count < Self.kindsMax else { return 0 }
        kindNames.append(String(text))
        let number = UInt16(kindNames.count)
        kinds[text] = number
        return number
    }

    /// The word for a kind.
    public func kindName(_ number: UInt16) -> String {
        number == 0 || Int(number) > kindNames.count ? "other" : kindNames[Int(number) - 1]
    }

    /// Whose address it is.
    public func meaning(of address: IPAddress) -> Meaning? {
        if let number = address.v4 { return thingNames[number].map { .thing($0) } }
        let number = Self.spread32.inverse(UInt32(truncatingIfNeeded: address.high >> 16))
        return Int(number) < actorNames.count ? .actor(actorNames[Int(number)]) : nil
    }

    /// What the things of a network have in common, or the actor that it is.
    public func meaning(of network: IPPrefix) -> String? {
        if let number = network.address.v4 { return networks[number >> 8].map { $0 + "/…" } }
        if case .actor(let name)? = meaning(of: network.address) { return name }
        return nil
    }

    /// Whether an address is an actor's.
    public static func isActor(_ address: IPAddress) -> Bool { !address.isV4 }

    private func freeNetwork(_ wanted: UInt32, of folder: Substring) -> UInt32 {
        // 0 and what stands for nothing else than addresses of IPv4 are left alone.
        var network = max(wanted & 0xff_ffff, 1)
        while networks[network] != nil { network = max((network &+ 1) & 0xff_ffff, 1) }
        networks[network] = String(folder)
        folders[folder] = network
        return network
    }

    private static func actorAddress(_ number: UInt32) -> IPAddress {
        IPAddress(high: 0xfd00 << 48 | UInt64(spread32.forward(number)) << 16, low: 1)
    }

    /// A thing's folder: up to the last `/`; without one, up to the first `_`.
    static func folder(of thing: String) -> Substring {
        if let slash = thing.lastIndex(of: "/") { return thing[..<slash] }
        if let line = thing.firstIndex(of: "_") { return thing[..<line] }
        return ""
    }

    /// `swift` of `Sources/App/main.swift`, `tcp_443` of `tcp_443`.
    static func kindText(of thing: String) -> Substring {
        let name = thing.lastIndex(of: "/").map { thing[thing.index(after: $0)...] } ?? thing[...]
        if let dot = name.lastIndex(of: "."), dot > name.startIndex {
            let end = name[name.index(after: dot)...]
            if (1...8).contains(end.count), end.contains(where: \.isLetter) { return end }
        }
        if let slash = thing.firstIndex(of: "/") { return thing[..<slash] }
        return thing[...]
    }

    /// FNV-1a: the same on every machine.
    private static func hash(_ text: Substring) -> UInt32 {
        var hash: UInt32 = 0x811c_9dc5
        for byte in text.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return hash
    }

    /// Numbers that follow each other lie far apart, and none is given twice: a multiplication by an odd
    /// number, which another one undoes.
    private static let spread32 = Spread()
    private struct Spread {
        private let factor: UInt32 = 0x9E37_79B1
        private let undoing: UInt32

        init() {
            var inverse: UInt32 = 1
            for _ in 0..<5 { inverse = inverse &* (2 &- 0x9E37_79B1 &* inverse) }
            undoing = inverse
        }

        func forward(_ number: UInt32) -> UInt32 { number &* factor }
        func inverse(_ number: UInt32) -> UInt32 { number &* undoing }
    }
}
