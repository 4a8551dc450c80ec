import FlowModel
import FlowQuery
import Foundation

/// Files that filters name; no sets and no hosts.
struct ListFiles: FilterSources {
    let setNames: [String] = []

    func set(named name: String) throws(FilterSourceError) -> FilterSet? { nil }

    func location(of path: String, from includer: String?) throws(FilterSourceError) -> String {
        path
    }

    func contents(of location: String, bytesMax: Int) throws(FilterSourceError) -> [UInt8] {
        guard let octets = FileManager.default.contents(atPath: location) else {
            throw FilterSourceError("cannot be read")
        }
        return [UInt8](octets)
    }

    func addresses(of host: String) throws(FilterSourceError) -> [IPAddress] {
        throw FilterSourceError("hosts are not looked up here")
    }
}
