public import FlowModel

/// Why an indicator that a source lists is never in force.
public enum Refusal: String, CaseIterable, Hashable, Sendable {
    /// Addresses that are nobody's on the Internet, or a network that contains such.
    case reserved
    /// All of IPv4 or all of IPv6.
    case everything
    /// Addresses of the user's own networks, or a network that contains such.
    case own
    /// Its time is over.
    case expired
    /// The source says that it is no longer active.
    case inactive
    /// The source has deleted it.
    case deleted
    /// The source has revoked it.
    case revoked
    /// The source gives it for context, not for detection.
    case context

    init(_ withheld: Withheld) {
        self =
            switch withheld {
            case .inactive: .inactive
            case .deleted: .deleted
            case .revoked: .revoked
            case .context: .context
            }
    }
}

extension Refusal: CustomStringConvertible {
    /// The reason, in words.
    public var description: String {
        switch self {
        case .reserved: "reserved range"
        case .everything: "every address"
        case .own: "own network"
        case .expired: "expired"
        case .inactive: "no longer active, says its source"
        case .deleted: "deleted by its source"
        case .revoked: "revoked by its source"
        case .context: "context, not for detection, says its source"
        }
    }
}

/// Which addresses no source can have listed, whatever it says.
///
/// A wrong entry of a feed must not make an alert of every packet: the networks here refuse whatever
/// lies in them, and whatever contains them.
public struct AddressPolicy: Sendable {
    /// Reserved ranges.
    ///
    /// Documentation addresses are not among them.
    public static let reserved: [IPPrefix] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "fe80::/10", "ff00::/8", "fc00::/7",
        "::/127",
    ].compactMap { IPPrefix($0) }

    private let reserved: AddressSet
    private let own: AddressSet

    /// Makes a policy.
    ///
    /// - Parameter own: the user's networks.
    public init(reserved: [IPPrefix] = AddressPolicy.reserved, own: [IPPrefix] = []) {
        self.reserved = AddressSet(reserved)
        self.own = AddressSet(own)
    }

    /// Why `range` cannot be listed; nil where it can.
    public func refusal(of range: AddressRange) -> Refusal? {
        if range.first == .v4Zero, range.last == IPAddress(v4: .max) { return .everything }
        if reserved.overlaps(range) { return .reserved }
        return own.overlaps(range) ? .own : nil
    }
}

extension IndicatorDetail {
    /// Why what it belongs to is not in force at `now`, ms since 1970.
    public func refusal(at now: Int64) -> Refusal? {
        if let withheld { return Refusal(withheld) }
        if let expires, expires <= now { return .expired }
        return nil
    }
}

/// What of a feed is in force.
public struct JudgedFeed: Sendable {
    /// The feed without what is refused.
    public var contents: FeedContents
    /// What is refused, by reason.
    public var refused: [Refusal: Int] = [:]

    /// Entries read, refused ones too.
    public var read: Int { contents.counts.readTotal }
    /// Entries in force.
    public var inForce: Int { contents.addresses.count + contents.texts.count }
}

extension FeedContents {
    /// Refuses what cannot be listed; ``FeedCounts/read`` goes on counting it.
    ///
    /// - Parameter now: ms since 1970.
    public consuming func judged(by policy: AddressPolicy, now: Int64) -> JudgedFeed {
        var refused: [Refusal: Int] = [:]
        let byDetail = details.map { $0.refusal(at: now) }
        addresses.removeAll { entry in
            guard
                let reason = byDetail[Int(entry.detail)] ?? policy.refusal(of: entry.range)
            else { return false }
            refused[reason, default: 0] += 1
            return true
        }
        texts.removeAll { entry in
            guard let reason = byDetail[Int(entry.detail)] else { return false }
            refused[reason, default: 0] += 1
            return true
        }
        return JudgedFeed(contents: self, refused: refused)
    }
}
