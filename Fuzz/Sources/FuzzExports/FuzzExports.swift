import FlowModel
import FlowWire

/// Rows go nowhere; kept from input to input, because a batch is megabytes to allocate.
nonisolated(unsafe) private let appender = BatchAppender { batch in
    batch.reset()
    return batch
}

/// One input is a sequence of datagrams: two octets of length, then the payload.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzExports(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let decoder = ExportDecoder(appender: appender)
    let sender = ExporterEndpoint(address: IPAddress(v4: 0xc000_0201), port: 2055)
    let input = UnsafeRawBufferPointer(start: start, count: count)
    var offset = 0
    while offset + 2 <= count {
        let length = min(Int(input[offset]) << 8 | Int(input[offset + 1]), count - offset - 2)
        let payload = UnsafeRawBufferPointer(rebasing: input[(offset + 2)..<(offset + 2 + length)])
        try? decoder.decode(payload.bytes, from: sender, received: 1_700_000_000_000)
        offset += 2 + length
    }
    try? decoder.finish()
    try? appender.flush()
    return 0
}
