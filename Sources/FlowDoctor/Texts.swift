public import FlowWire

extension ExportProtocol {
    /// Its name as people write it.
    public var title: String {
        switch self {
        case .netflow1: "NetFlow v1"
        case .netflow5: "NetFlow v5"
        case .netflow7: "NetFlow v7"
        case .netflow9: "NetFlow v9"
        case .ipfix: "IPFIX"
        case .sflow5: "sFlow v5"
        }
    }
}

/// A length of time in its two largest units: `3 d 4 h`, `12 s`.
public func durationText(_ milliseconds: UInt64) -> String {
    if milliseconds < 1000 { return "\(milliseconds) ms" }
    let units: [(name: String, seconds: UInt64)] = [
        ("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1),
    ]
    let seconds = milliseconds / 1000
    guard let first = units.firstIndex(where: { seconds >= $0.seconds }) else { return "0 s" }
    var text = "\(seconds / units[first].seconds) \(units[first].name)"
    let rest = seconds % units[first].seconds
    if first + 1 < units.count, rest >= units[first + 1].seconds {
        text += " \(rest / units[first + 1].seconds) \(units[first + 1].name)"
    }
    return text
}

/// A share as per cent with one or two digits that mean something.
func percentText(_ share: Double) -> String {
    let hundredths = (share * 10_000).rounded()
    guard hundredths >= 1 else { return "under 0.01 %" }
    let value = UInt64(hundredths)
    if value >= 1000 { return "\((value + 50) / 100) %" }
    let fraction = value % 100
    return "\(value / 100).\(fraction < 10 ? "0" : "")\(fraction) %"
}

func timesText(_ count: UInt64) -> String { count == 1 ? "once" : "\(count) times" }
