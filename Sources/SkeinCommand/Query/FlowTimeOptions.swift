import ArgumentParser
import FlowModel
import FlowQuery

/// What is made of a flow before it is listed or put into buckets.
struct FlowTimeOptions: ParsableArguments {
    @Flag(help: "Join the flows of both directions of a conversation to one row of the list.")
    var bidirectional = false

    @Flag(help: "Divide each flow over the buckets of --series that it spans.")
    var spread = false

    /// The fields of a list of conversations where nothing else is said.
    static let conversationFields =
        "start,duration,proto,srcip,srcport,dstip,dstport,flags,packets,bytes,rpackets,rbytes,flows"

    /// Makes the request one of these, where the options stand.
    func apply(to request: inout QueryRequest) throws {
        request.bidirectional = bidirectional
        request.spread = spread
        if spread {
            guard case .series = request.kind else {
                throw ValidationError("--spread belongs to --series")
            }
            if !request.distinct.isEmpty || !request.statistics.isEmpty {
                throw ValidationError("--distinct and --stats belong to answers without --spread")
            }
        }
        if bidirectional {
            guard case .flows(let fields, let sort, _) = request.kind else {
                throw ValidationError("--bidirectional belongs to a list of flows")
            }
            for field in fields { try check(field, "--fields") }
            if let sort { try check(.quantity(sort.quantity), "--sort") }
        }
    }

    private func check(_ field: FlowOutput, _ option: String) throws {
        if case .quantity(let quantity) = field, Quantity.ofConversations.contains(quantity) {
            return
        }
        let names = Quantity.ofConversations.map(\.name).joined(separator: ", ")
        throw ValidationError("\(option): with --bidirectional a row has \(names)")
    }
}
