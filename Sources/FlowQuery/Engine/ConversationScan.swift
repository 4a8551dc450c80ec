import FlowModel
import FlowStore

/// Turns the flows of one worker into records of conversations, for the table that all share.
final class ConversationScan {
    let scan: BlockScan
    /// Why it stopped.
    private(set) var failure: (any Error)?

    private let table: RecordTable<Conversation>
    private let batch = RecordBatch(stride: Conversation.words)
    private let codes = Scratch<UInt64>(pieceRows, repeating: 0)
    private let sources = Scratch<IPAddress>(pieceRows, repeating: .v6Zero)
    private let destinations = Scratch<IPAddress>(pieceRows, repeating: .v6Zero)
    private let numbers = (0..<numberFields.count).map { _ in
        Scratch<UInt64>(pieceRows, repeating: 0)
    }
    private let flags = (0..<flagFields.count).map { _ in
        Scratch<UInt8>(pieceRows, repeating: 0)
    }

    private static let numberFields: [Field] = [
        .proto, .srcport, .dstport, .packets, .bytes, .rpackets, .rbytes, .flags, .start, .end,
        .received,
    ]
    private static let flagFields: [Field] = [.srcip, .dstip, .flags, .start, .end]

    init(_ plan: ScanPlan, into table: RecordTable<Conversation>) {
        scan = BlockScan(plan)
        self.table = table
    }

    /// Adds the block's rows that pass.
    func process(_ block: any BlockSource, number: Int) {
        if failure != nil { return }
        scan.process(block) {
            try scan.require((Self.numberFields + [.srcip, .dstip]).map { .field($0) })
            for piece in scan.pieces() { try add(piece, of: number) }
        }
    }

    /// Hands on what is still held.
    func finish() { flush() }

    private func flush() {
        do {
            try table.add(batch)
        } catch {
            // Not thrown: it says nothing of the block.
            failure = error
            batch.count = 0
        }
    }

    private func add(_ piece: RowSet, of block: Int) throws {
        try scan.addresses(.srcip, piece, codes: codes, into: sources)
        try scan.addresses(.dstip, piece, codes: codes, into: destinations)
        for (place, field) in Self.flagFields.enumerated() {
            try fillPresent(field, piece, into: flags[place])
        }
        for (place, field) in Self.numberFields.enumerated() {
            if field.isCounter {
                // Absent counters are 0; the flags of `start`, filled again below, serve as scratch.
                try scan.counts(field, piece, flags[3], into: numbers[place])
            } else {
                try scan.numbers(.field(field), piece, into: numbers[place])
            }
        }
        try fillPresent(.start, piece, into: flags[3])
        if batch.count + piece.count > RecordBatch.capacity { flush() }
        let records = batch.records
        var words = records.mutable
        for index in 0..<piece.count {
            let position = UInt64(block) << 16 | UInt64(scan.row(index, of: piece))
            write(index, position: position, to: &words, at: batch.count * Conversation.words)
            batch.count += 1
        }
    }

    private func fillPresent(
        _ field: Field, _ piece: RowSet, into flags: Scratch<UInt8>
    ) throws {
        if let present = try scan.presences(of: .field(field)) {
            scan.fillFlags(present, piece, into: flags)
        } else {
            var mutable = flags.mutable
            fillMask(&mutable, at: 0, count: piece.count, with: 0)
        }
    }

    /// Writes a flow as the record of a conversation of one flow.
    private func write(
        _ row: Int, position: UInt64, to words: inout MutableSpan<UInt64>, at place: Int
    ) {
        let hasSource = flags[0][row] != 0
        let hasDestination = flags[1][row] != 0
        var source = hasSource ? sources[row] : .v6Zero
        let destination = hasDestination ? destinations[row] : .v6Zero
        let (sourcePort, destinationPort) = (numbers[1][row], numbers[2][row])
        // Without both addresses nobody can say what the other direction is.
        let isWhole = hasSource && hasDestination
        let isSwapped =
            isWhole
            && (destination, destinationPort) < (source, sourcePort)
        if !hasSource && !hasDestination { source = IPAddress(high: position, low: 0) }
        let (portA, portB) =
            isSwapped ? (destinationPort, sourcePort) : (sourcePort, destinationPort)
        let (a, b) = isSwapped ? (destination, source) : (source, destination)
        words[place] =
            numbers[0][row] & 0xff | (portA & 0xffff) << 8 | (portB & 0xffff) << 24
            | (hasSource ? 1 : 0) << 40 | (hasDestination ? 1 : 0) << 41
        words[place + 1] = a.high
        words[place + 2] = a.low
        words[place + 3] = b.high
        words[place + 4] = b.low
        words[place + Conversation.flows] = 1
        let forward = place + Conversation.packets + (isSwapped ? 2 : 0)
        let reverse = place + Conversation.packets + (isSwapped ? 0 : 2)
        words[forward] = numbers[3][row]
        words[forward + 1] = numbers[4][row]
        words[reverse] = numbers[5][row]
        words[reverse + 1] = numbers[6][row]
        let hasStart = flags[3][row] != 0
        let hasEnd = flags[4][row] != 0
        let side: UInt64 = isSwapped ? 1 : 0
        words[place + Conversation.start] = hasStart ? numbers[8][row] : .max
        words[place + Conversation.end] = hasEnd ? numbers[9][row] : 0
        words[place + Conversation.client] = hasStart ? numbers[8][row] : numbers[10][row]
        // Of flows that begin at once the client's goes from the higher port to the lower.
        let tie: UInt64 = sourcePort > destinationPort ? 0 : 1
        words[place + Conversation.client + 1] = tie << 63 | position << 1 | side
        var marks: UInt64 = hasEnd ? Conversation.hasEnd : 0
        if flags[2][row] != 0 {
            marks |= Conversation.hasFlags << side | (numbers[7][row] & 0xff) << (8 * side)
        }
        words[place + Conversation.marks] = marks
        words[place + Conversation.position] = position
    }
}
