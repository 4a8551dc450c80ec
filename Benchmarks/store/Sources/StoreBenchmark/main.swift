import FlowModel
import FlowStore
import Glibc

/// Seconds of processor time of this thread.
func threadSeconds() -> Double { seconds(CLOCK_THREAD_CPUTIME_ID) }

/// Seconds that went by.
func wallSeconds() -> Double { seconds(CLOCK_MONOTONIC) }

private func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

func show(_ name: String, _ value: Double, _ unit: String) {
    let rounded = (value * 100).rounded() / 100
    print(name + String(repeating: " ", count: max(1, 26 - name.count)) + "\(rounded) \(unit)")
}

struct Benchmark {
    let batches: [FlowBatch]
    let directory: String

    var rows: Int { batches.reduce(0) { $0 + $1.count } }

    func sum(_ field: Field) -> UInt64 {
        var total: UInt64 = 0
        for batch in batches {
            for row in 0..<batch.count { total &+= batch.number(field, at: row) ?? 0 }
        }
        return total
    }

    /// Answers the nanoseconds a row.
    func encode() -> Double {
        let encoder = BlockEncoder()
        var best = Double.infinity
        for _ in 0..<3 {
            let start = threadSeconds()
            for batch in batches { precondition(encoder.encode(batch).rows == batch.count) }
            best = min(best, threadSeconds() - start)
        }
        let each = best / Double(rows) * 1e9
        show("encode", each, "ns/row")
        return each
    }

    func write(encode: Double) throws {
        let cpu = threadSeconds()
        let wall = wallSeconds()
        let writer = try StoreWriter(directory: directory)
        for batch in batches { try writer.append(batch) }
        try writer.finish()
        let each = (threadSeconds() - cpu) / Double(rows) * 1e9
        show("compress and write", each - encode, "ns/row")
        show("all that, one thread", each, "ns/row")
        show("with waiting for the disk", (wallSeconds() - wall) / Double(rows) * 1e9, "ns/row")
    }

    func read() throws {
        let reader = try StoreReader(directory: directory)
        precondition(reader.rows == UInt64(rows), "rows were lost")
        show("octets a flow", Double(reader.octets) / Double(rows), "")
        var all = 0.0
        var decoded = [UInt64](repeating: 0, count: FlowBatch.capacity)
        for info in Field.table where info.storage != .elements {
            guard batches[0].column(info.field) != nil else { continue }
            var total: UInt64 = 0
            var best = Double.infinity
            var stored = 0
            for _ in 0..<3 {
                stored = 0
                total = 0
                let start = threadSeconds()
                for block in reader.blocks {
                    guard let column = try block.column(info.field) else { continue }
                    withExtendedLifetime(column) {}
                }
                best = min(best, threadSeconds() - start)
            }
            for block in reader.blocks {
                stored += (block as? SegmentBlock)?.storedOctets(of: info.field) ?? 0
                guard info.storage != .address, let column = try block.column(info.field)
                else { continue }
                let start = try block.column(.start)
                var output = decoded.mutableSpan
                column.decodeNumbers(into: &output, start: start)
                for row in 0..<block.rows { total &+= decoded[row] }
            }
            if info.storage != .address {
                precondition(total == sum(info.field), "\(info.name) came back wrong")
            }
            all += best
            show(
                "  " + info.name, Double(stored) / Double(rows),
                "octets a flow, read in \((best / Double(rows) * 1e11).rounded() / 100) ns/row")
        }
        let shared = reader.blocks.reduce(0) { $0 + (($1 as? SegmentBlock)?.sharedOctets ?? 0) }
        show("  addresses shared", Double(shared) / Double(rows), "octets a flow")
        show("read all columns", all / Double(rows) * 1e9, "ns/row")
    }
}

var template = Array("/tmp/skein-benchmark-XXXXXX".utf8CString)
let path = template.withUnsafeMutableBufferPointer { name in
    name.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? "/tmp/skein-benchmark"
}
var traffic = Traffic(seed: 7)
let batches = (0..<30).map { _ in
    let batch = FlowBatch()
    traffic.fill(batch, rows: FlowBatch.capacity)
    return batch
}
let benchmark = Benchmark(batches: batches, directory: path + "/store")
show("rows", Double(benchmark.rows), "")
try benchmark.write(encode: benchmark.encode())
try benchmark.read()
for name in ["/store/MANIFEST", "/store/LOCK", "/store/segments/0000000000000001.seg"] {
    unlink(path + name)
}
for name in ["/store/segments", "/store", ""] { rmdir(path + name) }
