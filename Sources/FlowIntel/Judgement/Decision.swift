/// What happened to an indicator that is not exported as it stands, in a word and its reason.
public struct Decision: Hashable, Sendable {
    /// `dropped`, `refused`, `carved`, `rewritten`, or the formats that it is not in.
    public var word: String
    /// Why, or what it became.
    public var detail: String
}

extension Judgement {
    /// What happened to the indicator, in the order of the words; empty where it stands as listed.
    public var decisions: [Decision] {
        switch outcome {
        case .refused(.expired):
            let time = indicator.detail.expires.map { " " + InstantText.text($0) } ?? ""
            return [Decision(word: "dropped", detail: "expired" + time)]
        case .refused(let reason):
            let isRange = reason == .reserved || reason == .everything || reason == .own
            return [Decision(word: isRange ? "refused" : "dropped", detail: "\(reason)")]
        case .allowed:
            return [Decision(word: "dropped", detail: "allow-listed" + allowanceNote)]
        case .carved(_, let holes):
            let networks = holes.flatMap(\.prefixes).map { "\($0)" }
            return [Decision(word: "carved", detail: "minus " + networks.joined(separator: ", "))]
                + rewriting
        case .inForce:
            return inexpressible + rewriting
        }
    }

    private var allowanceNote: String {
        if indicator.kind.isName { return " (passthru record in RPZ)" }
        return indicator.kind.isHash ? " (common false positive)" : ""
    }

    private var inexpressible: [Decision] {
        guard indicator.kind == .subtree else { return [] }
        return [
            Decision(
                word: "not in zeek.intel, wazuh-bad-domain",
                detail: "exact-match formats cannot say subtree-only")
        ]
    }

    private var rewriting: [Decision] {
        guard indicator.listed != indicator.text else { return [] }
        switch indicator.value {
        case .addresses(let range):
            let networks = range.prefixes.map { "\($0)" }
            guard networks != [indicator.listed] else { return [] }
            return [Decision(word: "rewritten", detail: networks.joined(separator: ", "))]
        case .text(_, let text): return [Decision(word: "rewritten", detail: text)]
        }
    }
}

/// The decisions as a table: number in the list from 1, value as listed, word, detail.
public func decisionTable(_ judgements: [Judgement]) -> String {
    var table = "#n\tvalue\tdecision\tdetail\n"
    for (index, judgement) in judgements.enumerated() {
        for decision in judgement.decisions {
            let fields = [
                "\(index + 1)", judgement.indicator.listed.asOneLine, decision.word,
                decision.detail,
            ]
            table += fields.joined(separator: "\t") + "\n"
        }
    }
    return table
}
