import FlowModel
import FlowStore

/// Turns the conversations of a table into blocks like stored ones, for one worker, and has these
/// grouped.
final class ConversationBlocks {
    /// Why it stopped.
    private(set) var failure: (any Error)?

    private let scan: GroupScan
    private let batch = FlowBatch()
    private let encoder = BlockEncoder()

    private static let fields: [Field] = Quantity.ofConversations.compactMap { quantity in
        if case .field(let field) = quantity { field } else { nil }
    }

    /// - Parameter scan: takes the blocks, in which counters are scaled already.
    init(into scan: GroupScan) { self.scan = scan }

    /// Has the conversations of a part of the table grouped.
    ///
    /// - Parameter workers: how many parts are read at once.
    func process(_ part: Int, of table: RecordTable<Conversation>, workers: Int) {
        if failure != nil { return }
        do {
            try table.forEach(in: part, workers: workers) { try add(ConversationView($0)) }
        } catch {
            failure = error
        }
    }

    /// Has those grouped that are still held.
    func finish() {
        if batch.count > 0 { scan.process(encoder.encode(batch)) }
        batch.reset()
        failure = failure ?? scan.failure
    }

    private func add(_ conversation: ConversationView) throws {
        let row = batch.count
        for field in Self.fields {
            guard let value = conversation.value(.field(field)) else { continue }
            let column = batch.columnForWriting(field)
            if field.storage == .address {
                column.set(value, at: row)
            } else {
                column.set(value.low, at: row)
            }
        }
        // Where it lies in time if no flow of it has a start.
        batch.columnForWriting(.received).set(conversation.began, at: row)
        batch.advance(by: 1)
        if batch.room == 0 {
            finish()
            if let failure { throw failure }
        }
    }
}
