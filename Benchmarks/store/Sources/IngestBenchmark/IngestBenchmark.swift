import FlowModel
import FlowStore
import FlowWire
import Glibc

/// Puts the flows of a capture into stores and says what each stage costs.
///
///     IngestBenchmark FILE.pcap [FOLDER]      FOLDER: where stores are made, /tmp by default
///
/// In CPU seconds per million flows, the least of three runs, the capture being in the page cache.
@main struct IngestBenchmark {
    let capture: Capture
    let folder: String

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 1 else {
            throw Failure(description: "usage: IngestBenchmark FILE.pcap [FOLDER]")
        }
        var template = Array(
            ((arguments.count > 2 ? arguments[2] : "/tmp") + "/skein-ingest-XXXXXX").utf8CString)
        let made = template.withUnsafeMutableBufferPointer { name in
            name.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        guard let made else { throw Failure(description: "cannot make a folder for the stores") }
        let benchmark = IngestBenchmark(capture: Capture(path: arguments[1]), folder: made)
        defer { rmdir(made) }
        try benchmark.run()
    }

    func run() throws {
        let imports = try (0..<3).map { _ in try importing() }
        let lives = try (0..<3).map { _ in try live() }
        guard let flows = imports.first?.flows, lives.allSatisfy({ $0.flows == flows }) else {
            throw Failure(description: "not all flows came through")
        }
        print("\(flows) flows; CPU seconds per million flows, least of three runs\n")
        print("| stage | CPU s | of which system |\n|---|---|---|")
        func show(_ stage: String, _ times: [ProcessorTime]) {
            guard let least = times.min(by: { $0.total < $1.total }) else { return }
            func perMillion(_ seconds: Double) -> String {
                let thousandths = Int((seconds / Double(flows) * 1e9).rounded())
                let digits = String(thousandths % 1000)
                return "\(thousandths / 1000)."
                    + String(repeating: "0", count: 3 - digits.count) + digits
            }
            print("| \(stage) | \(perMillion(least.total)) | \(perMillion(least.system)) |")
        }
        show("read and decode", imports.map(\.decode))
        show("encode blocks", imports.map(\.encode))
        show("compress and write segments", imports.map { $0.write - $0.encode })
        show("all of that (an import)", imports.map(\.all))
        show("journal, on the appending thread", lives.map(\.journal))
        show("journal, blocks, segments (LiveWriter)", lives.map { $0.all - $0.decode })
        show("read, decode and LiveWriter", lives.map(\.all))
        print("\nlongest append: \(lives.map(\.longestAppend).min() ?? 0) ms")
        print("peak memory: \(ProcessorTime.peakMegabytes) MB")
    }

    private struct ImportTimes {
        var flows = 0
        var decode = ProcessorTime()
        var encode = ProcessorTime()
        /// Encoding, compressing and writing.
        var write = ProcessorTime()
        var all: ProcessorTime {
            var all = decode
            all += write
            return all
        }
    }

    /// All on one thread, stage by stage.
    private func importing() throws -> ImportTimes {
        var times = ImportTimes()
        let store = folder + "/store"
        let writer = try StoreWriter(directory: store)
        let encoder = BlockEncoder()
        let begin = ProcessorTime.thread
        var inEmit = ProcessorTime()
        times.flows = try capture.decode { batch in
            let start = ProcessorTime.thread
            precondition(encoder.encode(batch).rows == batch.count)
            let encoded = ProcessorTime.thread
            try writer.append(batch)
            let written = ProcessorTime.thread
            times.encode += encoded - start
            times.write += written - encoded
            batch.reset()
            inEmit += written - start
            return batch
        }
        times.decode = ProcessorTime.thread - begin - inEmit
        let before = ProcessorTime.thread
        try writer.finish()
        times.write += ProcessorTime.thread - before
        try check(store, times.flows)
        return times
    }

    private struct LiveTimes {
        var flows = 0
        var decode = ProcessorTime()
        var journal = ProcessorTime()
        var all = ProcessorTime()
        /// Milliseconds.
        var longestAppend = 0
    }

    /// As a collector works: journal, group commit, segments on other threads.
    private func live() throws -> LiveTimes {
        var times = LiveTimes()
        let store = folder + "/store"
        let writer = try LiveWriter(directory: store, merges: false)
        let begin = ProcessorTime.process
        let beginOfThread = ProcessorTime.thread
        times.flows = try capture.decode { batch in
            let wall = Self.milliseconds()
            let start = ProcessorTime.thread
            let empty = try writer.exchange(batch)
            times.journal += ProcessorTime.thread - start
            times.longestAppend = max(times.longestAppend, Self.milliseconds() - wall)
            return empty
        }
        times.decode = ProcessorTime.thread - beginOfThread - times.journal
        try writer.finish()
        times.all = ProcessorTime.process - begin
        try check(store, times.flows)
        return times
    }

    /// Throws where the store has not all flows; deletes it.
    private func check(_ store: String, _ flows: Int) throws {
        let rows = try StoreReader(directory: store).rows
        guard rows == UInt64(flows) else {
            throw Failure(description: "the store has \(rows) of \(flows) flows")
        }
        for part in ["/journal", "/segments", ""] {
            guard let folder = opendir(store + part) else { continue }
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { octets in
                    String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
                }
                unlink(store + part + "/" + name)
            }
            closedir(folder)
            rmdir(store + part)
        }
    }

    private static func milliseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}
