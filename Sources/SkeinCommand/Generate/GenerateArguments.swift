import ArgumentParser
import FlowQuery

/// `50000` or `50000/s`.
struct RateArgument: ExpressibleByArgument, CustomStringConvertible {
    /// 0 = as fast as possible.
    var flowsPerSecond: Int

    init(flowsPerSecond: Int) { self.flowsPerSecond = flowsPerSecond }

    init?(argument: String) {
        let number = argument.hasSuffix("/s") ? argument.dropLast(2) : argument[...]
        guard let value = Int(number), (0...1_000_000_000).contains(value) else { return nil }
        flowsPerSecond = value
    }

    var description: String { "\(flowsPerSecond)/s" }
}

/// `HOST:PORT`, an IPv6 address in brackets.
struct CollectorArgument: ExpressibleByArgument, CustomStringConvertible {
    var host: String
    var port: UInt16

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"),
            let port = UInt16(argument[argument.index(after: colon)...]), port > 0
        else { return nil }
        var host = argument[..<colon]
        if host.hasPrefix("[") && host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// An instant in the years to 9999, as every option that takes a time has it; see `TimeText`.
struct InstantArgument: ExpressibleByArgument {
    /// Since 1970.
    var milliseconds: UInt64

    init?(argument: String) {
        guard let instant = TimeText().instant(argument), instant < Self.end else { return nil }
        milliseconds = instant
    }

    /// The beginning of the year 10000.
    private static let end: UInt64 = 253_402_300_800_000
}
