import FlowModel
import FlowQuery
import Glibc
import SkeinServer

/// The map of the page as a file: a bubble or a shade for each country by its traffic, a ring about those of open
/// alerts and an arc from there to home.
///
/// Takes the rows of ``MapTable``.
final class MapPicture: AnswerWriter {
    private struct Bubble {
        let name: String
        let amount: UInt64
        let share: Double
    }

    private let outlines = WorldOutlines.embedded
    private let order: MapOrder
    private var places: (amount: Int, share: Int) = (0, 0)
    private var bubbles: [Bubble] = []

    /// The radius of the largest bubble, in the units of the outlines.
    private static let largest = 52.0

    private let drawing: MapDrawing
    private let surroundings: MapSurroundings

    init(order: MapOrder, drawing: MapDrawing, _ surroundings: MapSurroundings) {
        self.order = order
        self.drawing = drawing
        self.surroundings = surroundings
    }

    func begin(columns: [AnswerColumn]) throws {
        places = (
            columns.firstIndex { $0.name == order.rawValue } ?? 0,
            columns.firstIndex { $0.name == "share" } ?? 0
        )
    }

    func row(_ cells: [Cell]) throws {
        guard case .number(let amount) = cells[places.amount] else { return }
        var name = "unknown"
        if case .number(let code) = cells[0] {
            name = "\(CountryCode(rawValue: UInt16(truncatingIfNeeded: code)))"
        }
        var share = 0.0
        if case .real(let part) = cells[places.share] { share = part }
        bubbles.append(Bubble(name: name, amount: amount, share: share))
    }

    func end(footing: Footing) throws {}

    /// The drawing, with lines below it for what has no place on a map.
    var svg: String {
        let located = bubbles.compactMap { bubble in
            outlines.countries.first { $0.code == bubble.name }.map { (bubble, $0) }
        }
        let most = Double(max(located.map(\.0.amount).max() ?? 1, 1))
        let lines = [elsewhere, alarmed, overridden].filter { !$0.isEmpty }
        let foot = 24 + 36 * max(lines.count, 1)
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(outlines.width) \
            \(outlines.height + foot)" font-family="sans-serif" font-size="26">
            <rect width="100%" height="100%" fill="#fff"/>
            <path d="\(outlines.rim)" fill="#eef3f7"/>
            <g fill="#d3dae1" stroke="#fff" stroke-width="1.6">

            """
        for country in outlines.countries where !country.path.isEmpty {
            let bubble =
                drawing == .areas ? located.first { $0.0.name == country.code }?.0 : nil
            guard let bubble, bubble.amount > 0 else {
                text += "<path d=\"\(country.path)\"/>\n"
                continue
            }
            text +=
                "<path d=\"\(country.path)\" fill=\"\(Self.shade(Double(bubble.amount) / most))\">"
                + Self.title(bubble) + "</path>\n"
        }
        text +=
            "</g>\n<g fill=\"#0072b2\" fill-opacity=\".55\" stroke=\"#0072b2\" stroke-width=\"2\">\n"
        for (bubble, country) in located where drawing == .bubbles || country.path.isEmpty {
            let radius = max(4, Self.largest * (Double(bubble.amount) / most).squareRoot())
            text +=
                "<circle cx=\"\(country.x)\" cy=\"\(country.y)\" r=\"\(Self.tenths(radius))\">"
                + Self.title(bubble) + "</circle>\n"
        }
        text += "</g>\n" + alarms
        for (place, line) in lines.enumerated() {
            text +=
                "<text x=\"20\" y=\"\(outlines.height + 40 + 36 * place)\" fill=\"#1b2733\">"
                + "\(Self.escaped(line))</text>\n"
        }
        return text + "</svg>\n"
    }

    /// What stands nowhere on a map.
    private var elsewhere: String {
        bubbles.filter { bubble in !outlines.countries.contains { $0.code == bubble.name } }
            .map { "\(Self.named($0.name)) \(Self.percent($0.share))" }
            .joined(separator: " · ")
    }

    /// Countries of open alerts, those with most first.
    private var warned: [(code: String, count: Int)] {
        surroundings.alerts.map { ("\($0)", $1) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    }

    private var alarmed: String {
        let named = warned.prefix(8).map { "\(Self.named($0.code)) \($0.count)" }
        return named.isEmpty ? "" : "open alerts: " + named.joined(separator: " · ")
    }

    private var overridden: String {
        let rules = surroundings.overrides.prefix(8).map { rule in
            let place = rule.country.map { Self.named("\($0)") } ?? "unknown"
            return "\(rule.network) is \(place)" + (rule.label.isEmpty ? "" : " (\(rule.label))")
        }
        let rest = surroundings.overrides.count - rules.count
        return rules.isEmpty
            ? ""
            : "overridden: " + rules.joined(separator: " · ")
                + (rest > 0 ? " and \(rest) more" : "")
    }

    /// A ring about each country of an open alert, and where home is known an arc to there.
    private var alarms: String {
        func place(_ code: String) -> WorldOutlines.Country? {
            outlines.countries.first { $0.code == code }
        }
        let home = surroundings.home.lazy.compactMap(place).first
        var text = "<g fill=\"none\" stroke=\"#ab3c08\">\n"
        for (code, count) in warned {
            guard let country = place(code) else { continue }
            let (x, y) = (country.x, country.y)
            text +=
                "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"16\" stroke-width=\"3.5\"><title>\(code): \(count) "
                + "open \(count == 1 ? "alert" : "alerts")</title></circle>\n"
            guard let home, (home.x, home.y) != (x, y) else { continue }
            // It bends towards the pole, the higher the further.
            let (dx, dy) = (Double(home.x - x), Double(home.y - y))
            let lift = (dx * dx + dy * dy).squareRoot() * 0.3
            let (middleX, middleY) = (Double(x + home.x) / 2, Double(y + home.y) / 2 - lift)
            text +=
                "<path d=\"M\(x) \(y)Q\(Self.tenths(middleX)) \(Self.tenths(middleY)) \(home.x) \(home.y)\" "
                + "stroke-width=\"3\" stroke-opacity=\".75\" stroke-dasharray=\"10 5\"/>\n"
        }
        return text + "</g>\n"
    }

    /// Between the colour of land and that of traffic, by the cube root of a part of the most.
    private static func shade(_ part: Double) -> String {
        let depth = (12 + 88 * cbrt(part)) / 100
        let (land, traffic): ([Double], [Double]) = ([0xd3, 0xda, 0xe1], [0x00, 0x72, 0xb2])
        return "#"
            + zip(land, traffic).map { from, to in
                let octet = UInt8((from + (to - from) * depth).rounded())
                return (octet < 16 ? "0" : "") + String(octet, radix: 16)
            }.joined()
    }

    /// A country's code, or the word for what is none.
    private static func named(_ code: String) -> String { code == "ZZ" ? "private" : code }

    private static func title(_ bubble: Bubble) -> String {
        "<title>\(bubble.name) \(percent(bubble.share))</title>"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: if character.value >= 0x20 { result.unicodeScalars.append(character) }
            }
        }
        return result
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return (tenths < 0 ? "-" : "") + "\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    private static func percent(_ share: Double) -> String { tenths(share * 100) + " %" }
}
