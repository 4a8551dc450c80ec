import FlowModel
import FlowQuery
import Synchronization

/// Files, sets and hosts that exist in a test only.
///
/// A path is absolute or below `/`; one within a file is relative to its folder.
final class MemorySources: FilterSources {
    let files: [String: String]
    let sets: [String: FilterSet]
    let hosts: [String: [String]]
    /// What was read, in order.
    private let record = Mutex<[String]>([])

    init(
        files: [String: String] = [:], sets: [String: FilterSet] = [:],
        hosts: [String: [String]] = [:]
    ) {
        self.files = files
        self.sets = sets
        self.hosts = hosts
    }

    var reads: [String] { record.withLock { $0 } }

    var setNames: [String] { sets.keys.sorted() }

    func set(named name: String) -> FilterSet? {
        record.withLock { $0.append("@\(name)") }
        return sets[name]
    }

    func location(of path: String, from includer: String?) -> String {
        var parts = path.hasPrefix("/") ? [] : (includer ?? "").split(separator: "/").dropLast()
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    func contents(
        of location: String, bytesMax: Int
    ) throws(FilterSourceError) -> [UInt8] {
        record.withLock { $0.append(location) }
        guard let text = files[location] else { throw FilterSourceError("no such file") }
        guard text.utf8.count <= bytesMax else {
            throw FilterSourceError("more than \(bytesMax) octets")
        }
        return Array(text.utf8)
    }

    func addresses(of host: String) throws(FilterSourceError) -> [IPAddress] {
        guard let texts = hosts[host] else { throw FilterSourceError("no such name") }
        return texts.compactMap { IPAddress($0) }
    }
}
