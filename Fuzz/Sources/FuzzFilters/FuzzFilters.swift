import FlowModel
import FlowQuery

/// Whatever a filter names is there: every file and set is the input itself.
struct FuzzSources: FilterSources {
    let octets: [UInt8]

    var setNames: [String] { ["scanners", "web-ports"] }

    func set(named name: String) -> FilterSet? {
        name.hasPrefix("w") ? nil : .list(octets, location: "/sets/\(name)")
    }

    func location(of path: String, from includer: String?) -> String { (includer ?? "") + path }

    func contents(of location: String, bytesMax: Int) -> [UInt8] { octets }

    func addresses(of host: String) -> [IPAddress] { [IPAddress(v4: 0x7f00_0001)] }
}

/// One input is a filter; what is refused is printed as a person would see it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFilters(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    let times = TimeText(now: 1_700_000_000_000, zone: .utc)
    for rules in [FilterRules.trusted, .untrusted] {
        do {
            let filter = try FlowFilter(
                parsing: String(decoding: octets, as: UTF8.self), times: times,
                sources: FuzzSources(octets: octets), rules: rules)
            precondition(!"\(filter.expression)".isEmpty)
            precondition(filter.notes.allSatisfy { !$0.description.isEmpty })
        } catch {
            precondition(!"\(error)".isEmpty)
        }
    }
    return 0
}
