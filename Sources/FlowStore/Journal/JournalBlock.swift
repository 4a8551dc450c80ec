import FlowModel
import Synchronization

/// Flows of a journal as a block that can be asked.
///
/// It is read when something is asked that the frames' heads do not tell, and then stays in memory.
final class JournalBlock: BlockSource {
    let rows: Int
    private let entries: [JournalContents.Entry]
    private let received: ClosedRange<UInt64>
    private let encoded = Mutex<Result<EncodedBlock, StoreError>?>(nil)

    /// Limits of what is gathered in one block, within those of `other`.
    private static let octetsMax = 48 << 20
    private static let layoutSizeMax = 60_000

    /// Blocks of all flows of a journal, in its order.
    static func blocks(of journal: JournalContents) -> [JournalBlock] {
        var blocks: [JournalBlock] = []
        var waiting: [JournalContents.Entry] = []
        var rows = 0
        var octets = 0
        var layoutSize = 0
        for entry in journal.entries where entry.frame.kind == .flows {
            let frame = entry.frame
            if !waiting.isEmpty,
                rows + frame.rows > FlowBatch.capacity || octets + frame.payloadOctets > octetsMax
                    || layoutSize + frame.layoutSize > layoutSizeMax
            {
                blocks.append(JournalBlock(waiting, rows: rows))
                waiting.removeAll()
                (rows, octets, layoutSize) = (0, 0, 0)
            }
            waiting.append(entry)
            rows += frame.rows
            octets += frame.payloadOctets
            layoutSize += frame.layoutSize
        }
        if rows > 0 { blocks.append(JournalBlock(waiting, rows: rows)) }
        return blocks
    }

    private init(_ entries: [JournalContents.Entry], rows: Int) {
        self.entries = entries
        self.rows = rows
        received = entries.dropFirst().reduce(entries[0].frame.received) {
            $0.union($1.frame.received)
        }
    }

    func summary(of field: Field) -> ColumnSummary? {
        switch field {
        case .received:
            return ColumnSummary(
                field: field, presentRows: rows, range: received, addressRange: nil)
        case .start:
            let range = entries.compactMap(\.frame.start).reduce(nil as ClosedRange<UInt64>?) {
                $0?.union($1) ?? $1
            }
            return range.map {
                ColumnSummary(
                    field: field,
                    presentRows: entries.reduce(0) { $0 + $1.frame.rowsWithStart }, range: $0,
                    addressRange: nil)
            }
        default:
            guard case .success(let block) = block() else {
                return ColumnSummary(unreadable: field, rows: rows)
            }
            return block.summary(of: field)
        }
    }

    func column(_ field: Field) throws(StoreError) -> EncodedColumn? {
        try block().get().column(field)
    }

    func otherElements() throws(StoreError) -> OtherElements { try block().get().otherElements() }

    private func block() -> Result<EncodedBlock, StoreError> {
        encoded.withLock { encoded in
            if let encoded { return encoded }
            let result = Result { () throws(StoreError) in try read() }
            encoded = result
            return result
        }
    }

    private func read() throws(StoreError) -> EncodedBlock {
        let batch = FlowBatch()
        for entry in entries {
            let rows = try entry.rows(entry.payload())
            guard rows.fit(batch) else {
                throw entry.file.damage(.value(part: "other"), at: entry.place.offset)
            }
            rows.append(to: batch)
        }
        return BlockEncoder().encode(batch)
    }
}

extension ColumnSummary {
    /// What is said of a column of which nothing is known because it cannot be read: the widest
    /// ranges, so that it is read, and found damaged, instead of passed over.
    init(unreadable field: Field, rows: Int) {
        let isAddress = field.storage == .address
        let isNumber = !isAddress && field != .other
        let all = IPAddress(high: 0, low: 0)...IPAddress(high: .max, low: .max)
        self.init(
            field: field, presentRows: rows, range: isNumber ? 0...UInt64.max : nil,
            addressRange: isAddress ? all : nil)
    }
}
