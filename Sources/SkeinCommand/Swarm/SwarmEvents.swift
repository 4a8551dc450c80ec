import FlowFiles
import FlowModel
import FlowQuery
import FlowStore
import Glibc

/// Events of a file, as flows in a store of its own that goes when this does.
///
/// So they are summed by step, ranked and drawn by what does it with flows, whatever their number.
final class SwarmEvents {
    /// What the store's addresses mean.
    let names: EventNames
    /// The store.
    let folder: String

    /// - Parameters:
    ///   - path: the file; `-` is standard input.
    ///   - times: how times without an offset are read.
    init(_ path: String, times: TimeText) throws {
        let names = EventNames()
        self.names = names
        folder = try Self.madeFolder()
        do {
            try Self.fill(folder, path, names, times)
        } catch {
            Self.remove(folder)
            throw error
        }
    }

    deinit { Self.remove(folder) }

    private static func fill(
        _ folder: String, _ path: String, _ names: EventNames, _ times: TimeText
    ) throws {
        let writer = try StoreWriter(directory: folder)
        let appender = BatchAppender { try writer.exchange($0) }
        var localTime: @Sendable (Int64) -> Int64 = { $0 }
        if case .local = times.zone { localTime = CSVArguments.secondsInUTC }
        let reader = EventReader(names: names, appender: appender, localTime: localTime)
        let file = try InputFile(path: path)
        var progress = ProgressBar(name: file.path, total: file.size)
        // What is no event is passed over up to this many octets at once.
        var buffer = InputBuffer(file, capacity: 2 << 20)
        while true {
            buffer.consume(try reader.feed(buffer.pending))
            let count = try buffer.refill()
            if count == 0 { break }
            progress.advance(by: count)
        }
        try reader.finish(rest: buffer.pending)
        progress.clear()
        try appender.flush()
        try writer.finish()
        let left = reader.counters.undecoded.values.reduce(0, +)
        if left > 0 {
            StandardStreams.say(
                "\(buffer.path): \(left) of \(reader.counters.records) events were left out, the first: "
                    + (reader.counters.firstProblem ?? ""))
        }
        if reader.counters.records <= left {
            throw InputError(
                path: buffer.path,
                problem:
                    "has no events: <event date=… filename=… author=…/>, or lines of time, actor, "
                    + "thing and weight")
        }
    }

    private static func madeFolder() throws -> String {
        var parent = "/tmp"
        if let named = getenv("TMPDIR"), named.pointee != 0 { parent = String(cString: named) }
        var name = Array((parent + "/skein-events-XXXXXX").utf8CString)
        guard mkdtemp(&name) != nil else {
            throw InputError(
                path: parent,
                problem: "no folder can be made in it: \(String(cString: strerror(errno)))")
        }
        return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes a folder of files and folders, as a store is one.
    private static func remove(_ folder: String) {
        if let stream = opendir(folder) {
            while let entry = readdir(stream) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { octets in
                    String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name == "." || name == ".." { continue }
                let path = "\(folder)/\(name)"
                if unlink(path) != 0 { remove(path) }
            }
            closedir(stream)
        }
        rmdir(folder)
    }
}
