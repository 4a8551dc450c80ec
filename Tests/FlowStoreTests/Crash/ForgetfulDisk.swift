import Synchronization

@testable import FlowStore

/// Records what a store does to files, and can say what a power cut would have left of it.
///
/// Nothing survives for certain but what was synchronized: of a file's octets those at its last fsync,
/// of a directory's names those at its last fsync. Of what came later any part may survive: octets
/// up to some place, or some sectors and not those before; names up to some change.
final class ForgetfulDisk: FileProbe {
    /// What was recorded.
    enum Event: Sendable {
        case operation(FileOperation)
        /// Batches up to this number were acknowledged.
        case acknowledged(UInt64)
        /// Batches up to this number had been handed over.
        case appended(UInt64)
    }

    private let log = Mutex<[Event]>([])

    func willDo(_ operation: FileOperation) { note(.operation(operation)) }
    func note(_ event: Event) { log.withLock { $0.append(event) } }
    var events: [Event] { log.withLock { $0 } }
}

/// A disk and what it was asked to keep, as far as that is certain.
struct DiskImage {
    private struct File {
        var durable: [UInt8] = []
        var changes: [Change] = []
    }

    private enum Change {
        case append([UInt8])
        case overwrite(Int, [UInt8])
        case truncate(Int)

        var isOverwriting: Bool { if case .overwrite = self { true } else { false } }
    }

    private enum NameChange {
        case set(String, Int)
        case drop(String)
        case move(String, String, Int)
    }

    private var files: [File] = []
    /// Paths as the running program sees them, and as they are on the disk.
    private var live: [String: Int] = [:]
    private var durable: [String: Int] = [:]
    private var changes: [String: [NameChange]] = [:]
    private var directories: Set<String>

    /// A disk that has these files for certain.
    init(directory: String, files known: [String: [UInt8]] = [:], directories: Set<String> = []) {
        self.directories = directories.union([directory])
        for (path, octets) in known {
            files.append(File(durable: octets))
            live[path] = files.count - 1
        }
        durable = live
    }

    mutating func apply(_ operation: FileOperation) {
        switch operation {
        case .make(let path): directories.insert(path)
        case .create(let path):
            if let file = live[path] {
                files[file].changes.append(.truncate(0))
            } else {
                files.append(File())
                live[path] = files.count - 1
                change(path, .set(path, files.count - 1))
            }
        case .write(let path, let octets):
            if let file = live[path] { files[file].changes.append(.append(octets)) }
        case .overwrite(let path, let offset, let octets):
            if let file = live[path] {
                files[file].changes.append(.overwrite(Int(offset), octets))
            }
        case .truncate(let path, let length):
            if let file = live[path] { files[file].changes.append(.truncate(Int(length))) }
        case .synchronize(let path):
            if let file = live[path] {
                files[file].durable = content(files[file], changes: files[file].changes.count)
                files[file].changes.removeAll()
            } else {
                for change in changes.removeValue(forKey: path) ?? [] {
                    Self.apply(change, to: &durable)
                }
            }
        case .rename(let from, let to):
            guard let file = live.removeValue(forKey: from) else { return }
            live[to] = file
            change(to, .move(from, to, file))
        case .remove(let path):
            if live.removeValue(forKey: path) != nil { change(path, .drop(path)) }
        }
    }

    /// Files and directories after a power cut now.
    func crashed(
        using random: inout Seeded
    ) -> (files: [String: [UInt8]], directories: Set<String>) {
        var names = durable
        for directory in changes.keys.sorted() {
            let pending = changes[directory] ?? []
            for change in pending.prefix(Int.random(in: 0...pending.count, using: &random)) {
                Self.apply(change, to: &names)
            }
        }
        var left: [String: [UInt8]] = [:]
        for path in names.keys.sorted() {
            guard let file = names[path] else { continue }
            left[path] = remains(of: files[file], using: &random)
        }
        return (left, directories)
    }

    private mutating func change(_ path: String, _ change: NameChange) {
        let directory = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        changes[String(directory), default: []].append(change)
    }

    private static func apply(_ change: NameChange, to names: inout [String: Int]) {
        switch change {
        case .set(let path, let file): names[path] = file
        case .drop(let path): names[path] = nil
        case .move(let from, let to, let file):
            names[from] = nil
            names[to] = file
        }
    }

    private func content(_ file: File, changes: Int) -> [UInt8] {
        var octets = file.durable
        for change in file.changes.prefix(changes) {
            switch change {
            case .append(let more): octets += more
            case .overwrite(let offset, let more):
                let end = offset + more.count
                octets += [UInt8](repeating: 0, count: max(end - octets.count, 0))
                octets.replaceSubrange(offset..<end, with: more)
            case .truncate(let length): octets.removeSubrange(min(length, octets.count)...)
            }
        }
        return octets
    }

    private func remains(of file: File, using random: inout Seeded) -> [UInt8] {
        if file.changes.isEmpty { return file.durable }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return file.durable
        case 1: return content(file, changes: file.changes.count)
        case 2:
            let some = content(
                file, changes: Int.random(in: 0...file.changes.count, using: &random))
            let certain = min(file.durable.count, some.count)
            return Array(some[..<Int.random(in: certain...some.count, using: &random)])
        default:
            var all = content(file, changes: file.changes.count)
            // Of each sector what was synchronized is there, or what came later.
            let certain = file.durable
            var sector = file.changes.contains(where: \.isOverwriting) ? 0 : certain.count
            while sector < all.count {
                let end = min((sector / 512 + 1) * 512, all.count)
                if Bool.random(using: &random) {
                    for index in sector..<end {
                        all[index] = index < certain.count ? certain[index] : 0
                    }
                }
                sector = end
            }
            return all
        }
    }
}
