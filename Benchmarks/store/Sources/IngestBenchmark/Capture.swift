import FlowModel
import FlowWire
import Glibc

/// A capture of export datagrams that is decoded as `skein import` does it.
struct Capture {
    let path: String

    /// Hands full batches to `emit`, which answers an empty one.
    ///
    /// - Returns: flows.
    func decode(_ emit: @escaping (FlowBatch) throws -> FlowBatch) throws -> Int {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw Failure(description: "cannot open \(path)") }
        defer { close(descriptor) }
        let appender = BatchAppender(emit: emit)
        let decoder = ExportDecoder(appender: appender)
        var parser = CaptureParser()
        var extractor = DatagramExtractor()
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        var filled = 0
        while true {
            let got = bytes.withUnsafeMutableBytes { memory in
                read(descriptor, memory.baseAddress?.advanced(by: filled), memory.count - filled)
            }
            guard got > 0 else { break }
            filled += got
            let used = try parser.feed(bytes.span.bytes.extracting(0..<filled)) { frame, info in
                try extractor.add(frame: frame, info: info) { payload, source, received, _ in
                    try decoder.decode(payload, from: source, received: received)
                }
            }
            bytes.withUnsafeMutableBytes { memory in
                memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[used..<filled]))
            }
            filled -= used
        }
        extractor.finish()
        try decoder.finish()
        try appender.flush()
        return appender.rowsEmitted
    }
}

/// What stopped the benchmark.
struct Failure: Error, CustomStringConvertible {
    let description: String
}
