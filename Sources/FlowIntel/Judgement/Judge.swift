/// What becomes of an indicator, and why.
public struct Judgement: Sendable {
    /// What becomes of it.
    public enum Outcome: Hashable, Sendable {
        case inForce
        /// In force but for `holes`, which are allowed; `pieces` are left.
        case carved(pieces: [AddressRange], holes: [AddressRange])
        /// Allowed as a whole, by whom.
        case allowed(by: AllowList.Origin)
        case refused(Refusal)
    }

    /// What is judged.
    public var indicator: Indicator
    /// What becomes of it.
    public var outcome: Outcome

    /// The addresses in force; empty for what is not, and for names.
    public var pieces: [AddressRange] {
        switch (indicator.value, outcome) {
        case (.addresses(let range), .inForce): [range]
        case (_, .carved(let pieces, _)): pieces
        default: []
        }
    }

    /// Whether some of it is in force.
    public var isInForce: Bool {
        switch outcome {
        case .inForce, .carved: true
        case .allowed, .refused: false
        }
    }
}

/// Judges indicators by the policy, the allow-list and the time.
public struct Judge: Sendable {
    /// What cannot be listed.
    public var policy: AddressPolicy
    /// What is allowed.
    public var allowList: AllowList
    /// ms since 1970.
    public var now: Int64

    /// Makes a judge.
    public init(policy: AddressPolicy = AddressPolicy(), allowList: AllowList, now: Int64) {
        self.policy = policy
        self.allowList = allowList
        self.now = now
    }

    /// Judges one indicator: refusals come before allowances.
    public func judge(_ indicator: Indicator) -> Judgement {
        Judgement(indicator: indicator, outcome: outcome(of: indicator))
    }

    private func outcome(of indicator: Indicator) -> Judgement.Outcome {
        if let refusal = indicator.detail.refusal(at: now) { return .refused(refusal) }
        switch indicator.value {
        case .addresses(let range):
            if let refusal = policy.refusal(of: range) { return .refused(refusal) }
            guard allowList.addresses.overlaps(range) else { return .inForce }
            let pieces = allowList.addresses.pieces(outside: range)
            if pieces.isEmpty {
                return .allowed(by: allowList.origin(allowing: range) ?? "the allow-list")
            }
            let holes = allowList.addresses.intersection(AddressSet(CollectionOfOne(range))).ranges
            return .carved(pieces: pieces, holes: holes)
        case .text(let kind, let value):
            return allowList.origin(allowing: value, kind: kind).map { .allowed(by: $0) }
                ?? .inForce
        }
    }
}
