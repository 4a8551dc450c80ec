import Glibc

/// What was made, for standard error.
struct GenerateSummary {
    var destination: String
    var flows = 0
    /// IPv6 flows that NetFlow v5 cannot carry.
    var omitted = 0
    var datagrams = 0
    /// Packets, for traffic.
    var packets = 0
    var bytes = 0
    /// Datagrams that the collector's host sent back.
    var refused = 0
    private let begun = Clock.nanoseconds()

    init(destination: String) { self.destination = destination }

    var text: String {
        let milliseconds = (Clock.nanoseconds() - begun) / 1_000_000
        let tenths = (milliseconds + 50) / 100
        var text = "\(destination): \(flows) flows"
        if omitted > 0 { text += " (\(omitted) IPv6 left out, NetFlow v5 has no room for them)" }
        text += packets > 0 ? ", \(packets) packets" : ", \(datagrams) datagrams"
        text += ", \(bytes) bytes, \(tenths / 10).\(tenths % 10) s"
        if refused > 0 { text += "; \(refused) datagrams refused" }
        return text
    }

    func print() {
        let line = Array((text + "\n").utf8)
        _ = line.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
