import Glibc

/// What tells whether a file, or the files of a folder, are others than before, without reading them.
struct PathSignature: Hashable {
    /// Of each file its name, number, size and time of change.
    let text: String

    /// Looks at `path`; what is not there has a signature as well.
    init(_ path: String) {
        var parts = [Self.entry("", path)]
        if let folder = unsafe opendir(path) {
            defer { unsafe closedir(folder) }
            while let entry = unsafe readdir(folder) {
                let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
                    unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) {
                        unsafe String(cString: $0)
                    }
                }
                if !name.hasPrefix(".") { parts.append(Self.entry(name, "\(path)/\(name)")) }
            }
        }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for octet in parts.sorted().joined(separator: "\n").utf8 {
            // FNV-1a, 64 bits: it is kept in the database, and must be the same in another process.
            hash = (hash ^ UInt64(octet)) &* 0x100_0000_01b3
        }
        text = String(hash, radix: 16)
    }

    private static func entry(_ name: String, _ path: String) -> String {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return "\(name) absent" }
        return "\(name) \(status.st_dev) \(status.st_ino) \(status.st_size) "
            + "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
}
