import FlowModel
import FlowWire

/// Decodes datagrams and keeps every batch.
final class DecodedExports {
    private(set) var batches: [FlowBatch] = []
    private let appender: BatchAppender
    let decoder: ExportDecoder

    init(configuration: ExportDecoderConfiguration = .init()) {
        let box = Box()
        appender = BatchAppender { batch in
            box.batches.append(batch)
            return FlowBatch()
        }
        decoder = ExportDecoder(appender: appender, configuration: configuration)
        self.box = box
    }

    private final class Box { var batches: [FlowBatch] = [] }
    private let box: Box

    static let exporter = ExporterEndpoint(address: IPAddress(v4: 0xc000_0201), port: 4739)

    func decode(
        _ payload: [UInt8], from endpoint: ExporterEndpoint = DecodedExports.exporter,
        received: UInt64 = 1_700_000_000_000, over transport: ExportTransport = .datagram
    ) throws {
        try decoder.decode(
            payload.span.bytes, from: endpoint, received: received, over: transport)
    }

    /// Takes over what an earlier run knew of templates.
    @discardableResult
    func restoreExporters(_ snapshot: [UInt8]) -> Bool {
        decoder.restoreExporters(snapshot.span.bytes)
    }

    /// Hands on what there is; then ``rows`` has everything.
    func finish() throws {
        try decoder.finish()
        try appender.flush()
        batches = box.batches
    }

    var counters: ExportCounters { decoder.counters }

    /// Every row of every batch.
    var rows: [Row] {
        batches.flatMap { batch in (0..<batch.count).map { Row(batch: batch, index: $0) } }
    }

    struct Row {
        let batch: FlowBatch
        let index: Int
        subscript(_ field: Field) -> UInt64? { batch.number(field, at: index) }
        func address(_ field: Field) -> String? { batch.address(field, at: index)?.description }
        /// The values in `other` by name.
        var other: [String: InformationElement.Value] {
            var values: [String: InformationElement.Value] = [:]
            for (element, octets) in batch.other.elements(at: index) {
                values[InformationElement.name(of: element)] =
                    InformationElement.value(of: element, octets: octets)
            }
            return values
        }
    }
}
