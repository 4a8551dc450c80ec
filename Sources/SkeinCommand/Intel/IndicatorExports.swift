import FlowIntel
import FlowStore
import Glibc
import SkeinConfiguration
import SkeinServer

/// What is in force as files of other tools, each made when it is first asked for and kept until something
/// else is in force.
///
/// They lie in files without a name, not in memory: a zone of a million names has 60 MB.
final class IndicatorExports: @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock.

    /// What is asked for.
    struct Request: Hashable, Sendable {
        var format: ExportFormat
        /// Only of these sources; empty: of all.
        var sources: [String] = []
        /// As ``ExportOptions`` has it.
        var revision = 0
        /// As ``ExportOptions`` has it.
        var setName = "threat"
    }

    private struct Kept {
        var file: ExportedFile
        var state: IndicatorState
        /// When it was last asked for, by a count of all requests.
        var used: UInt64
    }

    private let monitor = Monitor()
    private var settings: SkeinSettings
    private var watch: IndicatorWatch
    private var kept: [Request: Kept] = [:]
    private var requests: UInt64 = 0

    /// Files kept at most.
    private static let keptMax = 64

    init(_ settings: SkeinSettings) {
        self.settings = settings
        watch = IndicatorWatch(settings.intel.database)
    }

    /// Goes on with other settings; what they change is made anew.
    func reload(_ settings: SkeinSettings) {
        monitor.lock()
        defer { monitor.unlock() }
        self.settings = settings
        watch.begin(settings.intel.database)
    }

    /// The names of the sources that there are.
    var sources: [String] {
        monitor.lock()
        defer { monitor.unlock() }
        return settings.intel.sources.map(\.name)
    }

    /// A file as it is now; whoever asks while one is made waits for it.
    func file(_ request: Request) throws -> ExportedFile {
        monitor.lock()
        defer { monitor.unlock() }
        requests += 1
        // Before it is read: what changes meanwhile is noticed the next time.
        let state = try watch.state()
        let old = kept[request]
        if let old, old.state.isCurrent(state) {
            kept[request]?.used = requests
            return old.file
        }
        let intelligence = try Intelligence(settings)
        guard try intelligence.hasRead(request.sources) else {
            throw NotReady("no list has been read yet; ask again later")
        }
        let export = Export(
            try intelligence.store.indicators(of: request.sources), judge: intelligence.judge)
        var options = ExportOptions()
        options.revision = request.revision
        options.setName = request.setName
        let before = try old?.file.read(at: 0, most: .max) ?? []
        let octets = export.file(request.format, options: options, following: before)
        let now = intelligence.judge.now
        var file = old?.file
        if file == nil || octets != before {
            file = try ExportedFile(
                octets, request.format, modified: now / 1000, in: settings.store.path)
        }
        guard let file else { throw StoreProblem(description: "there is no file") }
        if old == nil, kept.count >= Self.keptMax,
            let oldest = kept.min(by: { $0.value.used < $1.value.used })
        {
            kept[oldest.key] = nil
        }
        kept[request] = Kept(file: file, state: state, used: requests)
        return file
    }
}

/// A file of what is listed, without a name: it is gone when nobody holds it any more.
final class ExportedFile: ServedFile {
    let contentType: String
    let name: String
    let octets: Int
    let tag: String
    let modified: Int64
    private let descriptor: CInt

    /// - Parameters:
    ///   - modified: since when it is so, seconds since 1970.
    ///   - folder: where there is room for it.
    init(
        _ content: [UInt8], _ format: ExportFormat, modified: Int64, in folder: String
    ) throws {
        contentType = format.mediaType
        name = "skein-\(format.rawValue)"
        octets = content.count
        tag = contentTag(of: content)
        self.modified = modified
        var path = Array("\(folder)/.export-XXXXXX\0".utf8CString)
        descriptor = mkstemp(&path)
        guard descriptor >= 0 else {
            throw SystemError(action: "making a file in \(folder)", number: errno)
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(path)
        var done = 0
        while done < content.count {
            let count = content.withUnsafeBytes { memory in
                write(descriptor, memory.baseAddress.map { $0 + done }, memory.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let number = errno
                close(descriptor)
                throw SystemError(action: "writing an export in \(folder)", number: number)
            }
            done += count
        }
    }

    deinit { close(descriptor) }

    func read(at place: Int, most: Int) throws -> [UInt8] {
        guard place < octets else { return [] }
        let wanted = min(most, octets - place)
        var done = 0
        var failure: CInt = 0
        let piece = [UInt8](unsafeUninitializedCapacity: wanted) { memory, count in
            while done < wanted {
                let got = pread(
                    descriptor, memory.baseAddress.map { $0 + done }, wanted - done,
                    off_t(place + done))
                if got < 0, errno == EINTR { continue }
                if got <= 0 {
                    failure = got < 0 ? errno : EIO
                    break
                }
                done += got
            }
            count = done
        }
        guard done == wanted else {
            throw SystemError(action: "reading an export", number: failure)
        }
        return piece
    }
}

/// A checked question for an export.
private struct AskedExport: ServedExport {
    let exports: IndicatorExports
    let request: IndicatorExports.Request

    func file() throws -> any ServedFile { try exports.file(request) }
}

extension IndicatorExports {
    /// Checks a question that came over HTTP; nil where there is no such format.
    func asked(
        _ format: String, _ parameters: QueryParameters
    ) throws(QueryRefusal) -> (any ServedExport)? {
        guard let format = ExportFormat(rawValue: format) else { return nil }
        var request = Request(format: format)
        if let text = parameters["sources"] {
            let known = sources
            request.sources = Array(
                Set(text.split(separator: ",").map(String.init))
            ).sorted()
            guard !request.sources.isEmpty else {
                throw QueryRefusal("sources: it names none; leave it away for all")
            }
            for name in request.sources where !known.contains(name) {
                throw QueryRefusal("sources: " + IntelSource.unknown(name, among: known))
            }
        }
        if let text = parameters["revision"] {
            guard text.utf8.count <= 2, let number = Int(text), (0...99).contains(number) else {
                throw QueryRefusal("revision: it is 0 to 99")
            }
            request.revision = number
        }
        if let text = parameters["set-name"] {
            guard ExportOptions.isSetName(text) else {
                throw QueryRefusal("set-name: it has 1 to 26 letters, digits, ‘-’ and ‘_’")
            }
            request.setName = text
        }
        return AskedExport(exports: self, request: request)
    }
}
