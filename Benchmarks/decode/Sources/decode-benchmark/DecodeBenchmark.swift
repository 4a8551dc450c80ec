import FlowModel
import FlowWire
import Glibc

/// Decodes export datagrams from memory on one core and checks what came of them.
@main struct DecodeBenchmark {
    static func main() throws {
        try run("IPFIX, 24 fields", Datagrams.ipfix(count: 16_384))
        try run("IPFIX, 12 fields, varying length", Datagrams.variable(count: 8192))
        try run("NetFlow v5", Datagrams.netflow5(count: 16_384))
    }

    static func run(_ name: String, _ datagrams: Datagrams) throws {
        var best = Double.infinity
        for round in 0..<12 {
            let sums = Sums()
            var spent = 0.0
            // The sums are checked in the first round, outside of what is measured.
            let appender = BatchAppender { batch in
                if round == 0 { sums.add(batch) }
                batch.reset()
                return batch
            }
            let decoder = ExportDecoder(appender: appender)
            let endpoint = ExporterEndpoint(address: IPAddress(v4: 0xc000_0201), port: 4739)
            let before = threadSeconds()
            for payload in datagrams.payloads {
                try decoder.decode(
                    payload.span.bytes, from: endpoint, received: 1_700_000_000_000)
            }
            spent = threadSeconds() - before
            try appender.flush()
            precondition(decoder.counters.records == UInt64(datagrams.records))
            precondition(decoder.counters.undecoded.isEmpty && decoder.counters.sequenceLost == 0)
            if round == 0 {
                precondition(sums.octets == datagrams.octets && sums.packets == datagrams.packets)
                precondition(sums.ports == datagrams.ports)
            } else {
                best = min(best, spent)
            }
        }
        let rate = Double(datagrams.records) / best / 1e6
        let cost = best / Double(datagrams.records) * 1e9
        print(
            "\(name): \((rate * 10).rounded() / 10) M records/s,",
            "\((cost * 10).rounded() / 10) ns a record, \(datagrams.records) records")
    }

    static func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

final class Sums {
    var octets: UInt64 = 0
    var packets: UInt64 = 0
    var ports: UInt64 = 0

    func add(_ batch: FlowBatch) {
        for row in 0..<batch.count {
            octets += batch.number(.bytes, at: row) ?? 0
            packets += batch.number(.packets, at: row) ?? 0
            ports += (batch.number(.srcport, at: row) ?? 0) + (batch.number(.dstport, at: row) ?? 0)
        }
    }
}
