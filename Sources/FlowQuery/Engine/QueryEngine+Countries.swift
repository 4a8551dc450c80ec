import FlowModel
import FlowStore

extension QueryEngine {
    /// Whether a request tests or groups by countries although no flow of the store has one, so that its
    /// answer says nothing of where traffic went.
    public func lacksCountries(_ request: QueryRequest) -> Bool {
        let fields: [Field] = [.srcgeo, .dstgeo]
        guard FilterPlan(request).asks(for: fields) || request.kind.groups(by: fields) else {
            return false
        }
        return !blocks.isEmpty
            && !blocks.contains { block in
                fields.contains { block.summary(of: $0) != nil }
            }
    }
}

extension FilterPlan {
    fileprivate func asks(for fields: [Field]) -> Bool {
        leaves.contains { leaf in
            if case .field(let field) = leaf.quantity { fields.contains(field) } else { false }
        }
    }
}

extension QueryRequest.Kind {
    fileprivate func groups(by fields: [Field]) -> Bool {
        let keys: [GroupKey]
        switch self {
        case .groups(let wanted, _, _), .series(_, let wanted): keys = wanted
        case .total, .flows: return false
        }
        return keys.contains { key in
            if case .field(let field) = key { fields.contains(field) } else { false }
        }
    }
}
