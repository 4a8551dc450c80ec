import FlowModel
import FlowQuery
import SkeinServer

/// The map of the page as a file: a bubble for each country, its area by its traffic.
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

    init(order: MapOrder) { self.order = order }

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

    /// The drawing, with a line below it for what has no place on a map.
    var svg: String {
        let foot = 60
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(outlines.width) \
            \(outlines.height + foot)" font-family="sans-serif" font-size="26">
            <rect width="100%" height="100%" fill="#fff"/>
            <path d="\(outlines.rim)" fill="#eef3f7"/>
            <g fill="#d3dae1" stroke="#fff" stroke-width="1.6">

            """
        for country in outlines.countries where !country.path.isEmpty {
            text += "<path d=\"\(country.path)\"/>\n"
        }
        text +=
            "</g>\n<g fill=\"#0072b2\" fill-opacity=\".55\" stroke=\"#0072b2\" stroke-width=\"2\">\n"
        let located = bubbles.compactMap { bubble in
            outlines.countries.first { $0.code == bubble.name }.map { (bubble, $0) }
        }
        let most = Double(max(located.map(\.0.amount).max() ?? 1, 1))
        for (bubble, country) in located {
            let radius = max(4, Self.largest * (Double(bubble.amount) / most).squareRoot())
            text +=
                "<circle cx=\"\(country.x)\" cy=\"\(country.y)\" r=\"\(Self.tenths(radius))\">"
                + "<title>\(bubble.name) \(Self.percent(bubble.share))</title></circle>\n"
        }
        let elsewhere = bubbles.filter { bubble in !located.contains { $0.0.name == bubble.name } }
        let line = elsewhere.map {
            "\($0.name == "ZZ" ? "private" : $0.name) \(Self.percent($0.share))"
        }.joined(separator: " · ")
        return text
            + "</g>\n<text x=\"20\" y=\"\(outlines.height + 40)\" fill=\"#1b2733\">\(line)</text>\n</svg>\n"
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func percent(_ share: Double) -> String { tenths(share * 100) + " %" }
}
