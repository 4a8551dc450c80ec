/// The ground that a swarm is drawn on.
public enum SwarmTheme: String, CaseIterable, Sendable {
    /// Light on a dark ground, for screens.
    case dark
    /// Ink on a light ground, for paper and slides.
    case light

    var palette: Palette { self == .dark ? .dark : .light }
}

/// The colours of a theme; those of services are apart also for those who do not see red and green apart: Okabe
/// and Ito's and tints or shades of them.
struct Palette: Sendable {
    let background: Color
    let text: Color
    let faint: Color
    let inside: Color
    let outside: Color
    let listed: Color
    let scans: Color
    let flooded: Color
    let beacons: Color
    let uploads: Color
    let other: Color
    /// Whether what is drawn takes light away, as ink does, instead of adding it.
    let isInk: Bool
    private let services: [Color]

    static let dark = Palette(
        background: Color(0x0A0E16), text: Color(0xD5DBE6), faint: Color(0x7C8798),
        inside: Color(0x9FC8F5), outside: Color(0xAAB2C0), listed: Color(0xFF3B30),
        scans: Color(0xFFD54A), flooded: Color(0xFF8A3D), beacons: Color(0x5CE1E6),
        uploads: Color(0xE040FB), other: Color(0x8B93A3), isInk: false,
        services: [
            0x56B4E9, 0xE69F00, 0x009E73, 0xF0E442, 0xCC79A7, 0xD55E00, 0x8AA6FF, 0x7CD992,
            0xF7B6D2, 0xB39DDB, 0x4DD0C4,
        ].map { Color($0) })

    static let light = Palette(
        background: Color(0xFBFAF6), text: Color(0x1B2330), faint: Color(0x5F6977),
        inside: Color(0x1F5FA8), outside: Color(0x555F6E), listed: Color(0xD0121B),
        scans: Color(0xB98A00), flooded: Color(0xDB5A00), beacons: Color(0x008A99),
        uploads: Color(0xA100C2), other: Color(0x808897), isInk: true,
        services: [
            0x0072B2, 0xD98E00, 0x007A59, 0xA89A00, 0xB0528A, 0xB84500, 0x4A63D9, 0x3E9C5A,
            0xD46A9B, 0x7E5FB8, 0x00929B,
        ].map { Color($0) })

    /// The colour of a service; the last of `count` stands for all others.
    func service(_ place: Int, of count: Int) -> Color {
        place + 1 < count && place < services.count ? services[place] : other
    }

    /// The light that makes a colour seen: its own, or on a light ground what ink of it takes away.
    func ink(_ color: Color) -> Color {
        guard isInk else { return color }
        var rest = color
        (rest.red, rest.green, rest.blue) = (255 - color.red, 255 - color.green, 255 - color.blue)
        return rest
    }
}
