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

    /// The usual one.
    public init() {}

    /// The colour of a service, red, green and blue; the last of `count` stands for all others.
    public static func serviceColor(_ place: Int, of count: Int) -> UInt32 {
        let color = Palette.service(place, of: count)
        return UInt32(color.red) << 16 | UInt32(color.green) << 8 | UInt32(color.blue)
    }

    /// Pixels of what is one pixel in a picture of 720 rows.
    var scale: Float { Float(height) / 720 }
}

/// The colours of the services, apart also for those who do not see red and green apart: Okabe and Ito's
/// and tints of them, on a dark ground.
enum Palette {
    static let background = Color(0x0A0E16)
    static let text = Color(0xD5DBE6)
    static let faint = Color(0x7C8798)
    static let inside = Color(0x9FC8F5)
    static let outside = Color(0xAAB2C0)
    static let listed = Color(0xFF3B30)
    static let scans = Color(0xFFD54A)
    static let flooded = Color(0xFF8A3D)
    static let beacons = Color(0x5CE1E6)
    static let other = Color(0x8B93A3)
    private static let services: [Color] = [
        0x56B4E9, 0xE69F00, 0x009E73, 0xF0E442, 0xCC79A7, 0xD55E00, 0x8AA6FF, 0x7CD992, 0xF7B6D2,
        0xB39DDB, 0x4DD0C4,
    ].map { Color($0) }

    /// The colour of a service; the last of `count` stands for all others.
    static func service(_ place: Int, of count: Int) -> Color {
        place + 1 < count && place < services.count ? services[place] : other
    }
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
