import FlowModel
import FlowStore
import Glibc

/// Writes numbered batches to a store until it is killed, and says which are acknowledged: the other
/// side of `KillTests`.
func write(to store: String) throws -> Never {
    let writer = try LiveWriter(
        directory: store, policy: .every(.milliseconds(1)), rowsMax: 400)
    writer.whenAcknowledged { number in
        let line = Array("\(number)\n".utf8)
        _ = line.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }
    let batch = FlowBatch()
    while true {
        let number = writer.lastNumber + 1
        batch.reset()
        for row in 0..<Int(number % 17 + 1) {
            // An hour lasts a hundred batches.
            let received = 1_700_000_000_000 + number * 36_000
            batch.columnForWriting(.received).set(received, at: row)
            batch.columnForWriting(.bytes).set(number, at: row)
            batch.columnForWriting(.packets).set(UInt64(row), at: row)
            batch.advance(by: 1)
        }
        try writer.append(batch)
        // As fast as a busy exporter, not as fast as the disk.
        usleep(300)
    }
}

guard CommandLine.arguments.count == 2 else { exit(64) }
try write(to: CommandLine.arguments[1])
