import Glibc

/// A folder in which a collector keeps its files, as `nfdump -R` takes it.
enum FlowFileFolder {
    /// The files in it and in the folders below, in the order of their paths; nil where `path` is no
    /// folder.
    ///
    /// Left out are hidden files and what a collector is still writing (`nfcapd.current…`, `tmp-…`).
    static func files(in path: String) throws(InputError) -> [String]? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        var found: [String] = []
        // Folders in folders, not links to them: those may lead in circles.
        var open = [path]
        while let folder = open.popLast() {
            for entry in try entries(of: folder) {
                switch entry.kind {
                case S_IFDIR: open.append(entry.path)
                case S_IFREG: found.append(entry.path)
                default: break
                }
            }
        }
        guard !found.isEmpty else {
            throw InputError(path: path, problem: "there are no files in the folder")
        }
        return found.sorted()
    }

    private static func entries(
        of folder: String
    ) throws(InputError) -> [(path: String, kind: mode_t)] {
        guard let stream = opendir(folder) else {
            throw InputError(path: folder, problem: String(cString: strerror(errno)))
        }
        defer { closedir(stream) }
        var entries: [(path: String, kind: mode_t)] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { octets in
                String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
            }
            let isUnfinished = [".", "nfcapd.current", "tmp-"].contains { name.hasPrefix($0) }
            guard !isUnfinished else { continue }
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            entries.append((path, status.st_mode & S_IFMT))
        }
        return entries
    }
}
