import Glibc

/// The names of a store's files, and what is done to them as a whole.
///
///     DIR/MANIFEST                       what belongs to the store; replaced as a whole
///     DIR/EXPORTERS                      what decoding goes on with after a restart
///     DIR/LOCK                           held by the writer, with its process id
///     DIR/segments/0000000000000001.seg  a segment; `.tmp` while it is being written
struct StoreDirectory: Sendable {
    let path: String

    var manifest: String { path + "/MANIFEST" }
    var manifestDraft: String { path + "/MANIFEST.tmp" }
    var exporters: String { path + "/EXPORTERS" }
    var exportersDraft: String { path + "/EXPORTERS.tmp" }
    var lockFile: String { path + "/LOCK" }
    var segments: String { path + "/segments" }

    func segment(_ number: UInt64) -> String { segments + "/" + Self.name(number) + ".seg" }
    func draft(_ number: UInt64) -> String { segments + "/" + Self.name(number) + ".tmp" }

    private static func name(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// The number in the name of a segment or of its draft; nil for any other file.
    private static func number(ofFile name: String) -> UInt64? {
        guard name.utf8.count == 20, name.hasSuffix(".seg") || name.hasSuffix(".tmp") else {
            return nil
        }
        return UInt64(name.prefix(16), radix: 16)
    }

    private static func isSegment(_ name: String) -> Bool {
        number(ofFile: name) != nil && name.hasSuffix(".seg")
    }

    /// Makes the directory and what lies in it where they are missing.
    ///
    /// A directory that holds other things is left alone.
    func prepare() throws(StoreError) {
        try Self.make(path)
        if try !Self.exists(manifest) {
            let own: Set = [
                "LOCK", "MANIFEST.tmp", "EXPORTERS", "EXPORTERS.tmp", "segments", "lost+found",
            ]
            guard try Self.list(path).allSatisfy(own.contains) else {
                throw StoreError(path: path, cause: .notAStore)
            }
            // A writer publishes an empty manifest before its first segment: this one got lost.
            if try Self.exists(segments), try Self.list(segments).contains(where: Self.isSegment) {
                throw StoreError(path: path, cause: .manifestMissing)
            }
        }
        try Self.make(segments)
    }

    /// Deletes segments and drafts that the manifest does not name: what a writer left that was
    /// killed.
    func sweep(keeping named: Set<UInt64>) throws(StoreError) {
        for name in try Self.list(segments) {
            guard let number = Self.number(ofFile: name) else { continue }
            if !named.contains(number) || name.hasSuffix(".tmp") {
                try Self.remove(segments + "/" + name)
            }
        }
    }

    /// Puts `octets` in the manifest's place, so that after a power cut there is either this one or
    /// the one before; for certain this one after ``synchronize()``.
    func replaceManifest(_ octets: RawSpan) throws(StoreError) {
        try replace(manifest, by: octets, draft: manifestDraft)
    }

    /// Puts `octets` in the place of a file by way of a draft.
    func replace(
        _ path: String, by octets: RawSpan, draft draftPath: String
    ) throws(StoreError) {
        let draft = try Descriptor(draftPath, .creating)
        try draft.write(octets)
        try draft.synchronize()
        try Self.move(draftPath, to: path)
    }

    /// Waits until the manifest's name is on the disk.
    func synchronize() throws(StoreError) {
        try Descriptor(path, .directory).synchronize()
    }

    static func exists(_ path: String) throws(StoreError) -> Bool {
        var status = stat()
        if unsafe stat(path, &status) == 0 { return true }
        guard errno == ENOENT || errno == ENOTDIR else {
            throw Descriptor.failure("look at", path)
        }
        return false
    }

    static func move(_ from: String, to: String) throws(StoreError) {
        guard unsafe rename(from, to) == 0 else { throw Descriptor.failure("rename", from) }
    }

    static func remove(_ path: String) throws(StoreError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw Descriptor.failure("delete", path)
        }
    }

    private static func make(_ path: String) throws(StoreError) {
        guard unsafe mkdir(path, 0o750) == 0 else {
            if errno == EEXIST { return }
            throw Descriptor.failure("make", path)
        }
        // A new directory survives a power cut once the one above it is on the disk.
        try Descriptor(parent(of: path), .directory).synchronize()
    }

    private static func parent(of path: String) -> String {
        var name = path[...]
        while name.count > 1, name.hasSuffix("/") { name.removeLast() }
        guard let slash = name.lastIndex(of: "/") else { return "." }
        return slash == name.startIndex ? "/" : String(name[..<slash])
    }

    static func list(_ path: String) throws(StoreError) -> [String] {
        guard let directory = unsafe opendir(path) else { throw Descriptor.failure("list", path) }
        defer { unsafe _ = closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { field in
                unsafe String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

/// The right to write a store, held by one process at a time.
///
/// `flock` lets go when the process ends, however it ends.
struct WriterLock: ~Copyable {
    private let file: Descriptor

    init(_ directory: StoreDirectory) throws(StoreError) {
        let file = try Descriptor(directory.lockFile, .locking)
        guard try file.lock() else {
            throw StoreError(path: directory.path, cause: .locked(owner: Self.owner(file)))
        }
        try file.truncate()
        let owner = Array("\(getpid())\n".utf8)
        try unsafe file.write(owner.span.bytes)
        self.file = file
    }

    private static func owner(_ file: borrowing Descriptor) -> Int32? {
        guard let length = try? file.length(),
            let text = try? file.read(Int(min(length, 16)), at: 0)
        else { return nil }
        return Int32(String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
