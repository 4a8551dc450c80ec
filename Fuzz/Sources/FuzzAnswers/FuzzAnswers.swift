import FlowModel

/// The first octet says what the rest is: an answer of the DNS, or a resolver's log.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAnswers(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var octets = Array(UnsafeBufferPointer(start: start, count: count))[...]
    guard let first = octets.popFirst() else { return 0 }
    if first & 1 == 0 { readAnswer(Array(octets)) } else { readLog(octets) }
    return 0
}

/// To the question that the answer itself has, so that it gets beyond it.
private func readAnswer(_ octets: [UInt8]) {
    let id = octets.count > 1 ? UInt16(octets[0]) << 8 | UInt16(octets[1]) : 0
    for name in ["2.0.0.127.bl.test", "a"] {
        guard let question = DNSQuestion(name, id: id) else { continue }
        guard case .addresses(let addresses, _)? = question.answer(in: octets) else { continue }
        precondition((1...64).contains(addresses.count))
    }
}

private func readLog(_ octets: ArraySlice<UInt8>) {
    for line in octets.split(separator: 10) {
        let read = BlockedQuery.read(line) { text in
            precondition(text.utf8.count <= 80)
            return nil
        }
        guard case .query(let query) = read else { continue }
        // A name is one word of a line.
        precondition(!query.name.contains(" ") && !query.name.isEmpty)
        precondition(!query.owner.contains(" "))
    }
}
