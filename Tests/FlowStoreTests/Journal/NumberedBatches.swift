import FlowModel
import Synchronization
import Testing

@testable import FlowStore

/// A batch that can be told from others: `bytes` is its number, `packets` counts its rows.
func numberedBatch(_ number: UInt64, rows: Int, received: UInt64 = 1_700_000_000_000) -> FlowBatch {
    let batch = FlowBatch()
    for row in 0..<rows {
        batch.columnForWriting(.received).set(received + UInt64(row), at: row)
        batch.columnForWriting(.start).set(received - 5, at: row)
        batch.columnForWriting(.srcip).set(
            IPAddress(v4: UInt32(truncatingIfNeeded: number)), at: row)
        batch.columnForWriting(.bytes).set(number, at: row)
        batch.columnForWriting(.packets).set(UInt64(row), at: row)
    }
    batch.advance(by: rows)
    return batch
}

/// How often each row of each numbered batch is in a store.
func numberedRows(of reader: StoreReader) throws -> [UInt64: [UInt64]] {
    var found: [UInt64: [UInt64]] = [:]
    for block in reader.blocks {
        let numbers = try #require(try block.column(.bytes))
        let rows = try #require(try block.column(.packets))
        for row in 0..<block.rows {
            let number = try #require(numbers.number(at: row))
            found[number, default: []].append(try #require(rows.number(at: row)))
        }
    }
    return found
}

/// Lets tests make operations fail.
final class FaultyDisk: FileProbe {
    private let fault = Mutex<(@Sendable (FileOperation) -> Int32?)?>(nil)

    /// Answers an `errno` for an operation that is to fail.
    func fail(_ fault: (@Sendable (FileOperation) -> Int32?)?) {
        self.fault.withLock { $0 = fault }
    }

    func willDo(_ operation: FileOperation) throws(StoreError) {
        // Not called under the lock: it may wait for the test.
        let fault = fault.withLock { $0 }
        guard let code = fault?(operation) else { return }
        throw StoreError(path: "", cause: .system(operation: "write", code: code))
    }
}
