import ArgumentParser
import FlowStore
import Glibc

/// Where the store is: `--store`, else `$SKEIN_STORE`, else `./skein-data`.
struct StoreOption: ParsableArguments {
    @Option(
        name: .customLong("store"),
        help: ArgumentHelp(
            "The store's folder (default: $SKEIN_STORE, else ./skein-data).", valueName: "dir"))
    var path: String?

    /// An empty word is a variable of a script that was not set, not the default.
    func validate() throws {
        if path?.isEmpty == true { throw ValidationError("--store needs the name of a folder.") }
    }

    /// The folder.
    var directory: String {
        if let path { return path }
        if let variable = getenv("SKEIN_STORE") {
            let path = String(cString: variable)
            if !path.isEmpty { return path }
        }
        return "./skein-data"
    }

    /// Opens a store for writing.
    ///
    /// A store is made where there is none, but not the folders above it: a wrong path, or a disk
    /// that is not mounted, would fill the disk below.
    static func making<Writer>(
        _ path: String, _ open: (String) throws(StoreError) -> Writer
    ) throws -> Writer {
        do {
            return try open(path)
        } catch {
            guard case .system(_, ENOENT) = error.cause, error.path == path else { throw error }
            throw StoreProblem(
                description: "cannot make the store \(path): the folder above it does not exist; "
                    + "name another with --store, or make it first with mkdir -p")
        }
    }

    /// Opens the store for reading.
    ///
    /// - Parameters:
    ///   - window: the time that will be asked about.
    ///   - quietly: whether to say nothing of what was found on the way.
    func reader(window: StoreWindow = StoreWindow(), quietly: Bool = false) throws -> StoreReader {
        let directory = directory
        guard let folder = opendir(directory) else {
            let reason = errno
            guard reason == ENOENT else {
                throw SystemError(action: "opening the store \(directory)", number: reason)
            }
            throw StoreProblem(
                description: "there is no store at \(directory); name one with --store, "
                    + "or make one with: skein import --store \(directory) FILE")
        }
        defer { closedir(folder) }
        var isEmpty = true
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { isEmpty = false }
        }
        guard !isEmpty else {
            throw StoreProblem(
                description: "\(directory) is an empty folder, not a store; "
                    + "fill it with: skein import --store \(directory) FILE")
        }
        let reader = try StoreReader(directory: directory, window: window)
        for notice in reader.notices where !quietly { StandardStreams.say("\(notice)") }
        return reader
    }
}

/// A store that cannot be asked.
struct StoreProblem: Error, CustomStringConvertible {
    let description: String
}
