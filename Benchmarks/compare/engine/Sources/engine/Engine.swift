import FlowModel
import FlowQuery
import FlowStore
import Glibc

/// Skein's engine in one warm process, as the other engines run.
///
/// Standard input has a request a line: a name, options of `skein query`, and the filter, with tabs
/// between. Of each, standard output has an object: the answer and [CPU s, wall s, MB] of each run.
@main
struct Engine {
    static func main() throws {
        guard CommandLine.arguments.count == 3, let runs = Int(CommandLine.arguments[2]) else {
            fail("usage: engine STORE RUNS < requests")
        }
        let reader = try StoreReader(
            directory: CommandLine.arguments[1], cache: BlockCache(octetsMax: 4 << 30))
        let engine = QueryEngine(reader)
        while let line = readLine() {
            let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(
                String.init)
            guard words.count >= 2 else { continue }
            let request = try request(Array(words.dropFirst()))
            // Once to warm up: what is read stays in memory.
            var answer = try run(engine, request)
            var figures: [String] = []
            for _ in 0..<runs {
                let (cpu, wall) = (cpuSeconds(), wallSeconds())
                answer = try run(engine, request)
                figures.append(
                    "[\(cpuSeconds() - cpu), \(wallSeconds() - wall), \(peakMegabytes())]")
            }
            let lines = answer.split(separator: "\n").map { line in
                line.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            }
            print(
                "{\"question\": \"\(words[0])\", \"runs\": [\(figures.joined(separator: ", "))], "
                    + "\"answer\": \"\(lines.joined(separator: "\\n"))\"}")
        }
    }

    private static func request(_ words: [String]) throws -> QueryRequest {
        var options: [String: String] = [:]
        var place = 0
        while place < words.count - 1 {
            if words[place] == "--total" {
                options["--total"] = ""
                place += 1
            } else {
                options[words[place]] = words[place + 1]
                place += 2
            }
        }
        let filter = try FlowFilter(
            parsing: words[words.count - 1], times: TimeText(zone: .utc), sources: ListFiles(),
            rules: .trusted
        ).expression
        let kind: QueryRequest.Kind
        if options["--total"] != nil {
            kind = .total
        } else if let series = options["--series"] {
            guard let step = DurationText.milliseconds(series, bare: nil) else { fail(series) }
            kind = .series(step: step, by: [])
        } else if let keys = options["--by"] {
            kind = .groups(
                by: try keys.split(separator: ",").map { try GroupKey(parsing: String($0)) },
                order: options["--order"].flatMap(GroupOrder.init) ?? .bytes,
                top: options["--top"].flatMap { Int($0) } ?? 10)
        } else {
            let names = "start,duration,proto,srcip,srcport,dstip,dstport,flags,packets,bytes"
            let fields = names.split(separator: ",").compactMap { Quantity(name: String($0)) }
            kind = .flows(fields: fields.map { .quantity($0) }, sort: nil, limit: 0)
        }
        return QueryRequest(filter: filter, kind: kind)
    }

    private static func run(_ engine: QueryEngine, _ request: QueryRequest) throws -> String {
        var text: [UInt8] = []
        let output = AnswerOutput { text += $0 }
        let writer = OutputFormat.ndjson.writer(to: output, times: TimeText(zone: .utc)) { _ in }
        try engine.run(request, into: writer)
        return String(decoding: text, as: UTF8.self)
    }

    private static func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    private static func wallSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func peakMegabytes() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1024
    }

    private static func fail(_ message: String) -> Never {
        var text = "engine: \(message)\n"
        text.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
        exit(64)
    }
}
