import FlowModel
import FlowQuery

/// One input is a filter; what is refused is printed as a person would see it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFilters(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let text = String(
        decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    let times = TimeText(now: 1_700_000_000_000, zone: .utc)
    do {
        _ = try FlowExpression(parsing: text, times: times)
    } catch {
        precondition(!"\(error)".isEmpty)
    }
    return 0
}
