import FlowMeter
import FlowModel
import FlowWire

/// Rows go nowhere; kept from input to input, because a batch is megabytes to allocate.
nonisolated(unsafe) private let appender = BatchAppender { batch in
    batch.reset()
    return batch
}

/// One input is a capture file, read once for its exports and once as traffic.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCaptures(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: count).bytes
    var parser = CaptureParser()
    var extractor = DatagramExtractor()
    let decoder = ExportDecoder(appender: appender)
    var options = MeterOptions()
    options.maxFlows = 1024
    let meter = FlowMeter(options: options, appender: appender)
    _ = try? parser.feed(input) { frame, info in
        try meter.add(
            frame: frame, linkType: info.linkType, timestamp: info.timestamp,
            originalLength: info.originalLength)
        try extractor.add(frame: frame, info: info) { payload, source, received, _ in
            if ExportDecoder.recognise(payload) != nil {
                try decoder.decode(payload, from: source, received: received)
            }
        }
    }
    var splitter = IPFIXMessageSplitter()
    _ = try? splitter.feed(input) { message in
        try decoder.decode(message, from: .init(address: .v6Zero, port: 0), received: 0)
    }
    try? meter.finish()
    try? decoder.finish()
    try? appender.flush()
    return 0
}
