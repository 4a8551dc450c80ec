import FlowModel
public import FlowSwarm

/// What a picture of a swarm says beside the swarm itself.
public struct SwarmStyle {
    /// Pixels of a row; even, as video wants it.
    public var width = 1280
    /// Rows; even.
    public var height = 720
    /// Above everything, what is shown.
    public var title = ""
    /// The names of the services in the order of their colours.
    public var legend: [String] = []
    /// The first step of the timeline.
    public var firstStep: UInt64 = 0
    /// Octets of each step of the whole time, by service, those of all others last.
    public var timeline: [[UInt64]] = []
    /// Writes the moment a number of steps since 1970 stands for.
    public var clock: (UInt64, Double) -> String = { step, _ in String(step) }
    /// Writes a service.
    public var service: (UInt32) -> String = { String($0) }
    /// Writes a node.
    public var name: (SwarmName) -> String = { $0.label }
    /// What is counted: flows of a network, events of anything else.
    public var counted = "flows"
    /// Writes how much.
    public var amount: (UInt64) -> String = octetText
    /// Whether the legend has what is remarkable.
    public var explainsMarks = true
    /// Threads that paint; the picture is the same for any number.
    public var threads = 2

    /// Whether only the swarm is drawn: no title, legend, names and timeline.
    public var isBare = false
    /// On what ground.
    public var theme = SwarmTheme.dark

    /// The usual one.
    public init() {}

    /// The colour of a service on a dark ground, red, green and blue; the last of `count` stands for all others.
    public static func serviceColor(_ place: Int, of count: Int) -> UInt32 {
        let color = Palette.dark.service(place, of: count)
        return UInt32(color.red) << 16 | UInt32(color.green) << 8 | UInt32(color.blue)
    }

    /// Pixels of what is one pixel in a picture of 720 rows.
    var scale: Float { Float(height) / 720 }
}

/// Writes octets as people read them: `1.2 GB`.
public func octetText(_ octets: UInt64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
    var (unit, divisor): (Int, UInt64) = (0, 1)
    while unit + 1 < units.count, octets / divisor >= 1000 {
        divisor *= 1000
        unit += 1
    }
    return unit == 0 ? "\(octets) B" : "\(decimal(octets, divisor)) \(units[unit])"
}

/// Writes a count: `12,345` or `1.2 M`.
public func countText(_ count: UInt64) -> String {
    if count >= 1_000_000_000 { return "\(decimal(count, 1_000_000_000)) G" }
    if count >= 1_000_000 { return "\(decimal(count, 1_000_000)) M" }
    if count >= 10_000 { return "\(decimal(count, 1_000)) k" }
    return String(count)
}

/// One decimal below 100, none above.
private func decimal(_ number: UInt64, _ divisor: UInt64) -> String {
    let whole = number / divisor
    if whole >= 100 { return String(whole) }
    return "\(whole).\(number % divisor * 10 / divisor)"
}

extension SwarmName {
    /// As a label.
    var label: String {
        switch self {
        case .host(let address): "\(address)"
        case .network(let network): "\(network)"
        case .country(let code): "\(code)"
        case .rest(let isInside): isInside ? "other own hosts" : "all others"
        }
    }
}
