import FlowGenerator
import Glibc

extension GenerateCommand {
    /// The collector in captures: 192.0.2.100.
    private static let collectorAddress: UInt32 = 0xc000_0264
    private static let chunkBytes = 1 << 20

    private func export(of script: FlowScript, as format: ExportFormat) -> FlowExport {
        FlowExport(
            script, as: format, sampling: sampling ?? kind.defaultSampling, biflows: biflow)
    }

    /// Writes a capture; a reader that goes away ends it quietly.
    func write(_ script: FlowScript, to path: String) throws {
        let sink = try FileSink(path: path)
        var summary = GenerateSummary(destination: sink.name)
        do {
            if let format = kind.exportFormat {
                try write(script, as: format, to: sink, &summary)
            } else {
                try writeTraffic(script, to: sink, &summary)
            }
            try sink.close()
        } catch is ClosedPipe {
            return
        }
        summary.print()
    }

    private func write(
        _ script: FlowScript, as format: ExportFormat, to sink: FileSink,
        _ summary: inout GenerateSummary
    ) throws {
        let fleet = ExporterProfile.fleet(of: script, sampling: sampling ?? kind.defaultSampling)
        let collector = (address: Self.collectorAddress, port: format.collectorPort)
        var export = export(of: script, as: format)
        var capture = PcapBuffer(snaplen: snaplen ?? 0)
        var queue = DatagramQueue()
        var pacer = Pacer(flowsPerSecond: rate.flowsPerSecond)
        while export.next(into: &queue) {
            capture.append(queue, from: fleet, to: collector)
            queue.removeAll()
            if rate.flowsPerSecond > 0 || capture.bytes.count >= Self.chunkBytes {
                summary.bytes += capture.bytes.count
                try sink.write(capture.bytes)
                capture.removeAll()
                pacer.wait(for: export.flows)
            }
        }
        summary.bytes += capture.bytes.count
        try sink.write(capture.bytes)
        summary.flows = export.flows
        summary.omitted = export.omitted
        summary.datagrams = capture.frames
    }

    private func writeTraffic(
        _ script: FlowScript, to sink: FileSink, _ summary: inout GenerateSummary
    ) throws {
        var export = TrafficExport(script)
        var capture = PcapBuffer(snaplen: snaplen ?? 128)
        var pacer = Pacer(flowsPerSecond: rate.flowsPerSecond)
        while export.next(into: &capture) {
            if rate.flowsPerSecond > 0 || capture.bytes.count >= Self.chunkBytes {
                summary.bytes += capture.bytes.count
                try sink.write(capture.bytes)
                capture.removeAll()
                pacer.wait(for: export.flows)
            }
        }
        summary.bytes += capture.bytes.count
        try sink.write(capture.bytes)
        summary.flows = export.flows
        summary.packets = export.packets
    }

    /// Sends to a collector: at the rate, or as the script's clock says where it is live.
    func send(_ script: FlowScript, to collector: CollectorArgument) throws {
        guard let format = kind.exportFormat else { return }
        let routers = ExporterProfile.fleet(of: script).count
        let sink = try DatagramSink(to: collector, sockets: routers)
        var summary = GenerateSummary(destination: "\(collector)")
        var export = export(of: script, as: format)
        var queue = DatagramQueue()
        var pacer = Pacer(flowsPerSecond: live ? 0 : rate.flowsPerSecond)
        var records = 0
        while export.next(into: &queue) {
            for datagram in queue.datagrams {
                if live { Clock.sleep(until: datagram.time) }
                pacer.wait(for: records)
                try sink.send(queue.bytes[datagram.range], from: datagram.exporter)
                records += datagram.records
                summary.datagrams += 1
                summary.bytes += datagram.range.count
            }
            queue.removeAll()
        }
        summary.flows = export.flows
        summary.omitted = export.omitted
        summary.refused = sink.refused
        summary.print()
        if sink.refused * 2 > summary.datagrams { throw SinkError.nobodyListens("\(collector)") }
    }
}
