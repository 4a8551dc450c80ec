import ArgumentParser
import FlowModel
import FlowQuery

/// What is made of a flow before it is listed or put into buckets.
struct FlowTimeOptions: ParsableArguments {
    @Flag(
        help: "Join the flows of both directions of a conversation to one, to list or group these.")
    var bidirectional = false

    @Flag(help: "Divide each flow over the buckets of --series that it spans.")
    var spread = false

    /// The fields of a list of conversations where nothing else is said.
    static let conversationFields =
        "start,duration,proto,srcip,srcport,dstip,dstport,flags,packets,bytes,rpackets,rbytes,flows"

    /// Makes the request one of these, where the options stand.
    ///
    /// - Parameter isLayout: whether a layout names the fields of the list.
    func apply(to request: inout QueryRequest, isLayout: Bool) throws {
        request.bidirectional = bidirectional
        request.spread = spread
        if spread {
            guard case .series = request.kind else {
                throw ValidationError("--spread belongs to --series")
            }
            if !request.distinct.isEmpty || !request.statistics.isEmpty {
                throw ValidationError("--distinct and --stats belong to answers without --spread")
            }
            if bidirectional {
                throw ValidationError("--bidirectional and --spread exclude each other")
            }
        }
        if bidirectional { try checkConversations(request, isLayout: isLayout) }
    }

    private func checkConversations(_ request: QueryRequest, isLayout: Bool) throws {
        switch request.kind {
        case .flows(let fields, let sort, _):
            for field in fields {
                if isLayout, case .quantity(let quantity) = field,
                    Quantity.neverOfConversations.contains(quantity)
                {
                    continue
                }
                try check(field, isLayout ? "the layout shows ‘\(field.name)’" : "--fields")
            }
            if let sort { try check(.quantity(sort.quantity), "--sort") }
        case .groups(let keys, _, _), .series(_, let keys):
            for key in keys { try check(.quantity(.field(key.field)), "--by") }
        case .total: break
        }
        for key in request.distinct { try check(.quantity(.field(key.field)), "--distinct") }
        for wanted in request.statistics { try check(.quantity(wanted.quantity), "--stats") }
    }

    private func check(_ field: FlowOutput, _ option: String) throws {
        if case .quantity(let quantity) = field, Quantity.ofConversations.contains(quantity) {
            return
        }
        let names = Quantity.ofConversations.map(\.name).joined(separator: ", ")
        throw ValidationError("\(option): with --bidirectional a row has \(names)")
    }
}

extension FlowOutput {
    fileprivate var name: String {
        switch self {
        case .quantity(let quantity): quantity.name
        case .other: Field.other.name
        }
    }
}
