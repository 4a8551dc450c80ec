import Glibc

/// The names of a store's files, and what is done to them as a whole.
///
///     DIR/MANIFEST                       what belongs to the store; replaced as a whole
///     DIR/MANIFEST.copy                  the same once more
///     DIR/EXPORTERS                      what decoding goes on with after a restart
///     DIR/LOCK                           held by the writer, with its process id
///     DIR/GATE                           where a writer that serves lets others add to the store
///     DIR/journal/0000000000000001.jnl   what has arrived and is in no segment yet
///     DIR/journal/SPARE                  a file of the journal that is to be written over
///     DIR/segments/0000000000000001.seg  a segment; `.tmp` while it is being written
///     DIR/rollups/0000000000000001.1m    sums of that segment's flows; `.tmp` while they are written
///     DIR/aside/                         segments that an older manifest does not know
struct StoreDirectory: Sendable {
    let path: String
    /// What sees every change; nil but in tests.
    let probe: (any FileProbe)?

    init(path: String, probe: (any FileProbe)? = nil) {
        self.path = path
        self.probe = probe
    }

    var manifest: String { path + "/MANIFEST" }
    var manifestCopy: String { path + "/MANIFEST.copy" }
    var exporters: String { path + "/EXPORTERS" }
    var lockFile: String { path + "/LOCK" }
    var gate: String { path + "/GATE" }
    var journal: String { path + "/journal" }
    var journalSpare: String { journal + "/SPARE" }
    var segments: String { path + "/segments" }
    var rollups: String { path + "/rollups" }
    var aside: String { path + "/aside" }

    func journalFile(_ number: UInt64) -> String { journal + "/" + Self.name(number) + ".jnl" }
    func segment(_ number: UInt64) -> String { segments + "/" + Self.name(number) + ".seg" }
    func draft(_ number: UInt64) -> String { segments + "/" + Self.name(number) + ".tmp" }
    /// What is put away while a draft is written; it has a name for a moment only.
    static func filters(ofDraft path: String) -> String { path + filtersEnding }
    private static let filtersEnding = ".filters"

    func rollup(_ segment: UInt64, _ step: RollupStep, edition: UInt32) -> String {
        rollups + "/" + Self.rollupName(segment, step, edition)
    }
    func rollup(_ info: RollupInfo) -> String {
        rollup(info.segment, info.step, edition: info.edition)
    }

    private static func rollupName(
        _ segment: UInt64, _ step: RollupStep, _ edition: UInt32
    ) -> String {
        name(segment) + (edition == 0 ? "" : "-\(edition)") + (step == .minute ? ".1m" : ".1h")
    }

    private static func name(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// The number in the name of a file with that ending; nil for any other file.
    private static func number(ofFile name: String, _ ending: String) -> UInt64? {
        guard name.utf8.count == 16 + ending.utf8.count, name.hasSuffix(ending) else { return nil }
        return UInt64(name.prefix(16), radix: 16)
    }

    /// The numbers of the segments that lie here, named in the manifest or not, ascending.
    func segmentNumbers() throws(StoreError) -> [UInt64] { try Self.numbers(in: segments, ".seg") }

    /// The numbers of the journal's files, ascending.
    func journalNumbers() throws(StoreError) -> [UInt64] { try Self.numbers(in: journal, ".jnl") }

    private static func numbers(in path: String, _ ending: String) throws(StoreError) -> [UInt64] {
        guard try exists(path) else { return [] }
        return try list(path).compactMap { number(ofFile: $0, ending) }.sorted()
    }

    /// Makes the directory and what lies in it where they are missing.
    ///
    /// A directory that holds other things is left alone.
    func prepare() throws(StoreError) {
        try make(path)
        if try !Self.exists(manifest), try !Self.exists(manifestCopy) {
            let own: Set = [
                "LOCK", "GATE", "MANIFEST.tmp", "MANIFEST.copy.tmp", "EXPORTERS", "EXPORTERS.tmp",
                "ACCESS", "ACCESS.tmp",
                "journal", "segments", "rollups", "aside", "lost+found",
            ]
            guard try Self.list(path).allSatisfy(own.contains) else {
                throw StoreError(path: path, cause: .notAStore)
            }
            // A writer publishes an empty manifest before all else: this one got lost.
            let numbers = try segmentNumbers() + journalNumbers()
            guard numbers.isEmpty else { throw StoreError(path: path, cause: .manifestMissing) }
        }
        try make(segments)
        try make(journal)
        try make(rollups)
    }

    /// Deletes segments, rollups and drafts that the manifest does not name: what a writer left that
    /// was killed.
    func sweep(
        keeping named: Set<UInt64>, rollups kept: [RollupInfo] = []
    ) throws(StoreError) {
        for name in try Self.list(segments) {
            if Self.number(ofFile: name, ".tmp") != nil || name.hasSuffix(Self.filtersEnding) {
                try remove(segments + "/" + name)
            } else if let number = Self.number(ofFile: name, ".seg"), !named.contains(number) {
                try remove(segments + "/" + name)
            }
        }
        let names = Set(kept.map { Self.rollupName($0.segment, $0.step, $0.edition) })
        for name in try Self.list(rollups) where !names.contains(name) {
            let endings = [".1m", ".1h", ".1m.tmp", ".1h.tmp", Self.filtersEnding]
            let isOurs = endings.contains(where: name.hasSuffix)
            if isOurs, UInt64(name.prefix(16), radix: 16) != nil {
                try remove(rollups + "/" + name)
            }
        }
    }

    /// Deletes segments, rollups and drafts of these numbers that the manifest does not name: what
    /// somebody left whose numbers they were.
    func sweep(_ numbers: Range<UInt64>, keeping named: Set<UInt64>) throws(StoreError) {
        for folder in [segments, rollups] {
            for name in try Self.list(folder) {
                guard let number = UInt64(name.prefix(16), radix: 16), numbers.contains(number),
                    !named.contains(number)
                else { continue }
                try remove(folder + "/" + name)
            }
        }
    }

    /// Puts segments of `first` and above where no one reads or deletes them; answers how many.
    ///
    /// A manifest that may be older than the store must not have them deleted.
    func setAside(from first: UInt64) throws(StoreError) -> Int {
        let numbers = try segmentNumbers().filter { $0 >= first }
        for number in numbers { try setAside(number) }
        return numbers.count
    }

    /// Puts a segment where no one reads or deletes it.
    func setAside(_ number: UInt64) throws(StoreError) {
        try make(aside)
        try move(segment(number), to: aside + "/" + Self.name(number) + ".seg")
    }

    /// Puts `octets` in the place of a file, so that after a power cut there is either this one or
    /// the one before; for certain this one after ``synchronize()``.
    func replace(_ file: String, with octets: RawSpan) throws(StoreError) {
        let draft = file + ".tmp"
        let output = try Descriptor(draft, .creating, probe: probe)
        try output.write(octets)
        try output.synchronize()
        try move(draft, to: file)
    }

    /// Waits until the manifest's name is on the disk.
    func synchronize() throws(StoreError) { try synchronize(path) }

    /// Waits until the names in a directory are on the disk.
    func synchronize(_ directory: String) throws(StoreError) {
        try Descriptor(directory, .directory, probe: probe).synchronize()
    }

    static func exists(_ path: String) throws(StoreError) -> Bool {
        var status = stat()
        if unsafe stat(path, &status) == 0 { return true }
        guard errno == ENOENT || errno == ENOTDIR else {
            throw Descriptor.failure("look at", path)
        }
        return false
    }

    func move(_ from: String, to: String) throws(StoreError) {
        try probe?.willDo(.rename(from, to: to))
        guard unsafe rename(from, to) == 0 else { throw Descriptor.failure("rename", from) }
    }

    func remove(_ path: String) throws(StoreError) {
        try probe?.willDo(.remove(path))
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw Descriptor.failure("delete", path)
        }
    }

    private func make(_ path: String) throws(StoreError) {
        if try Self.exists(path) { return }
        try probe?.willDo(.make(path))
        guard unsafe mkdir(path, 0o750) == 0 else {
            if errno == EEXIST { return }
            throw Descriptor.failure("make", path)
        }
        // A new directory survives a power cut once the one above it is on the disk.
        try synchronize(Self.parent(of: path))
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

    deinit { file.unlock() }

    private static func owner(_ file: borrowing Descriptor) -> Int32? {
        guard let length = try? file.length(),
            let text = try? file.read(Int(min(length, 16)), at: 0)
        else { return nil }
        return Int32(String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
