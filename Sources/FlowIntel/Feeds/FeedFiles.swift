import Glibc

/// Reads a feed from a file or a folder.
///
/// A folder with MISP's `manifest.json` is a MISP feed: the events that the manifest names are read. Of
/// any other folder its files are, in the order of their names, and each must be a feed; what begins with
/// a dot is passed over. Bounds hold for each file, and entries for all together.
public func readFeed(
    at path: String, format: FeedFormat? = nil, limits: FeedLimits = FeedLimits()
) throws(FeedFileError) -> [FeedContents] {
    guard let names = folderNames(path) else {
        return [try readFile(path, format: format, limits: limits)]
    }
    var files = names.sorted()
    if files.contains("manifest.json") {
        let manifest = try readFile(
            path + "/manifest.json", format: .mispManifest, limits: limits)
        files = manifest.manifest.map { $0 + ".json" }
    }
    var feeds: [FeedContents] = []
    var entriesLeft = limits.entriesMax
    for name in files {
        var limits = limits
        limits.entriesMax = entriesLeft
        let contents = try readFile("\(path)/\(name)", format: format, limits: limits)
        entriesLeft -= contents.counts.readTotal
        feeds.append(contents)
    }
    return feeds
}

/// A file of a feed, and what is wrong with it.
public struct FeedFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file.
    public var path: String
    /// What is wrong.
    public var cause: FeedError

    /// Says what is wrong with a file.
    public init(path: String, cause: FeedError) {
        self.path = path
        self.cause = cause
    }

    /// What is wrong, in words.
    public var description: String {
        if case .system = cause { return "\(cause)" }
        return "\(path): \(cause)"
    }
}

private func readFile(
    _ path: String, format: FeedFormat?, limits: FeedLimits
) throws(FeedFileError) -> FeedContents {
    do throws(FeedError) {
        // A pipe without a writer would hold up whoever reads it.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system(path: path, code: errno) }
        defer { close(descriptor) }
        var decoder = FeedDecoder(format: format, limits: limits)
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes {
                unsafe read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(path: path, code: errno) }
            if count == 0 { return try decoder.finish() }
            try decoder.consume(piece.span.extracting(0..<count))
        }
    } catch {
        throw FeedFileError(path: path, cause: error)
    }
}

/// The files of a folder; nil where `path` is none.
private func folderNames(_ path: String) -> [String]? {
    guard let folder = unsafe opendir(path) else { return nil }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
            unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) {
                unsafe String(cString: $0)
            }
        }
        var status = stat()
        guard !name.hasPrefix("."), unsafe stat("\(path)/\(name)", &status) == 0,
            status.st_mode & S_IFMT == S_IFREG
        else { continue }
        names.append(name)
    }
    return names
}
