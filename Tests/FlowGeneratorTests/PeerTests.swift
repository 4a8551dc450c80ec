import FlowGenerator
import Glibc
import Testing

private let tsharkPath: String? = ["/usr/bin/tshark", "/usr/local/bin/tshark"].first { path in
    access(path, X_OK) == 0
}

/// Wireshark's own decoder as the judge of the encoders.
@Suite(.enabled(if: tsharkPath != nil, "tshark is not installed"))
struct PeerTests {
    /// The lines that a command prints.
    private func lines(of command: String) -> ArraySlice<Substring> {
        guard let pipe = popen("exec " + command + " 2>/dev/null", "r") else { return [] }
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&chunk, 1, chunk.count, pipe)
            if count == 0 { break }
            output += chunk[..<count]
        }
        pclose(pipe)
        return String(decoding: output, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    }

    /// A capture in a file of its own, removed afterwards.
    private func withFile<Result>(
        _ bytes: [UInt8], _ body: (String) throws -> Result
    ) throws -> Result {
        var template = Array("/tmp/skein-generator-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { unlink(path) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                write(descriptor, $0.baseAddress, $0.count)
            }
            try #require(count > 0)
            written += count
        }
        close(descriptor)
        return try body(path)
    }

    @Test(arguments: [ExportFormat.v5, .v9, .ipfix])
    func `Wireshark finds the same flows, packets and octets`(format: ExportFormat) throws {
        let tshark = try #require(tsharkPath)
        try withFile(capture(Scripts.small, as: format)) { path in
            let port = format.collectorPort
            let rows = lines(
                of: "\(tshark) -r \(path) -d udp.port==\(port),cflow -T fields "
                    + "-e cflow.packets -e cflow.octets -e _ws.malformed")
            var flows = 0
            var packets: UInt64 = 0
            var octets: UInt64 = 0
            for row in rows {
                let columns = row.split(separator: "\t", omittingEmptySubsequences: false)
                guard columns.count == 3 else { continue }
                #expect(columns[2].isEmpty)
                let counts = columns[0].split(separator: ",")
                flows += counts.count
                packets += counts.reduce(0) { $0 + (UInt64($1) ?? 0) }
                octets += columns[1].split(separator: ",").reduce(0) { $0 + (UInt64($1) ?? 0) }
            }
            let made = Scripts.smallFlows.filter { format != .v5 || $0.isV4 }
            #expect(flows == made.count)
            #expect(packets == made.reduce(0) { $0 + $1.packets })
            #expect(octets == made.reduce(0) { $0 + $1.bytes })
        }
    }

    @Test func `Wireshark finds the sampled frames of sFlow`() throws {
        let tshark = try #require(tsharkPath)
        var export = FlowExport(Scripts.small, as: .sflow, sampling: 4_096)
        var queue = DatagramQueue()
        while export.next(into: &queue) {}
        var capture = PcapBuffer()
        capture.append(
            queue, from: ExporterProfile.fleet(of: Scripts.small, sampling: 4_096),
            to: (address: 0xc000_0264, port: 6_343))
        try withFile(capture.bytes) { path in
            let rows = lines(
                of: "\(tshark) -r \(path) -T fields -e sflow_245.header.frame_length")
            let samples = rows.reduce(0) { $0 + $1.split(separator: ",").count }
            #expect(samples == queue.datagrams.reduce(0) { $0 + $1.records })
        }
    }
}
