import FlowFiles
import FlowModel

/// Rows go nowhere; kept from input to input, because a batch is megabytes to allocate.
nonisolated(unsafe) private let appender = BatchAppender { batch in
    batch.reset()
    return batch
}

/// One input is a file of flows: nfdump's or flow-tools' by its first octets, CSV if none of them.
///
/// It is read as a whole and once more in two pieces.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFiles(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: count)
    read(input, cutAt: count)
    read(input, cutAt: count / 3)
    return 0
}

private func read(_ input: UnsafeRawBufferPointer, cutAt cut: Int) {
    let reader: any FlowFileReader
    switch FlowFileFormat.detect(input.bytes) {
    case .nfdump: reader = NfdumpReader(appender: appender)
    case .flowTools: reader = FlowToolsReader(appender: appender)
    default: reader = CSVReader(appender: appender, options: CSVOptions())
    }
    do {
        let taken = try reader.feed(
            UnsafeRawBufferPointer(rebasing: input[..<cut]).bytes)
        precondition(taken <= cut)
        let rest = UnsafeRawBufferPointer(rebasing: input[taken...])
        let more = try reader.feed(rest.bytes)
        try reader.finish(rest: UnsafeRawBufferPointer(rebasing: rest[more...]).bytes)
    } catch {
        precondition(!"\(error)".isEmpty)
    }
    try? appender.flush()
}
