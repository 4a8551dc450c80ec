import FlowModel
import FlowSwarm

/// Rectangles and texts, in this order.
struct Drawing: Sendable {
    struct Box: Sendable {
        var columns: Range<Int>
        var rows: Range<Int>
        var color: Color
        /// 255 is opaque.
        var cover: UInt8
    }

    let boxes: [Box]
    let texts: [PlacedText]

    func draw(into band: inout Band) {
        for box in boxes { band.fill(box.color, box.cover, columns: box.columns, rows: box.rows) }
        for text in texts { text.draw(into: &band) }
    }
}

/// What is written on a picture: title, clock, legend, names, captions, and the timeline.
struct Board {
    private typealias Box = Drawing.Box

    /// What was written.
    var drawing: Drawing { Drawing(boxes: boxes, texts: texts) }

    private var boxes: [Box] = []
    private var texts: [PlacedText] = []
    private let style: SwarmStyle
    private let font: TextFont
    private let palette: Palette
    private let scale: Float

    /// Names at most.
    private static let labelsMax = 32
    /// Captions at most.
    private static let captionsMax = 7

    init(
        _ moment: SwarmMoment, _ style: SwarmStyle, _ stage: Stage, _ places: NodePlaces,
        _ font: TextFont
    ) {
        self.style = style
        self.font = font
        palette = style.theme.palette
        scale = style.scale
        writeHead(moment)
        writeLegend(moment.scene)
        writeCaptions(moment)
        writeNames(moment.scene, places)
        drawTimeline(moment)
    }

    private func px(_ pixels: Float) -> Int { Int((pixels * scale).rounded()) }

    private mutating func write(
        _ text: String, size: Float, x: Int, baseline: Int, _ color: Color, cover: UInt32 = 255,
        endsThere: Bool = false
    ) {
        let size = max(px(size), 6)
        let column = endsThere ? x - font.width(text, size: size) : x
        texts.append(
            PlacedText(
                text, size: size, column: column, baseline: baseline, color, cover: cover,
                font: font))
    }

    private mutating func writeHead(_ moment: SwarmMoment) {
        let scene = moment.scene
        write(style.title, size: 17, x: px(24), baseline: px(36), palette.text)
        let right = style.width - px(24)
        write(
            style.clock(scene.number, moment.phase), size: 17, x: right, baseline: px(36),
            palette.text, endsThere: true)
        let shown = scene.total.bytes - min(scene.folded.bytes, scene.total.bytes)
        let share = scene.total.bytes == 0 ? 100 : percent(shown, of: scene.total.bytes)
        write(
            "\(countText(scene.total.flows)) \(style.counted) · \(style.amount(scene.total.bytes)) · "
                + "\(countText(UInt64(scene.edges))) pairs, \(share) % drawn singly",
            size: 12, x: right, baseline: px(56), palette.faint, endsThere: true)
    }

    private func percent(_ part: UInt64, of whole: UInt64) -> UInt64 {
        let (high, low) = part.multipliedFullWidth(by: 100)
        return high < whole ? whole.dividingFullWidth((high, low)).quotient : 100
    }

    private mutating func writeLegend(_ scene: SwarmScene) {
        var row = px(80)
        let count = scene.services.count
        for (place, sums) in scene.services.enumerated() {
            let isOther = place == count - 1
            let name =
                isOther ? "others" : place < style.legend.count ? style.legend[place] : "?"
            let cover: UInt8 = sums.flows > 0 ? 255 : 90
            boxes.append(
                Box(
                    columns: px(24)..<px(34), rows: row - px(9)..<row + px(1),
                    color: palette.service(place, of: count), cover: cover))
            write(
                name, size: 12, x: px(42), baseline: row, palette.text, cover: UInt32(cover))
            if sums.flows > 0 {
                write(
                    style.amount(sums.bytes), size: 12, x: px(196), baseline: row, palette.faint,
                    endsThere: true)
            }
            row += px(18)
        }
        guard style.explainsMarks else { return }
        row += px(10)
        for (name, color, mark) in [
            ("listed host", palette.listed, SwarmMarks.listed),
            ("scan: asks many, no answer", palette.scans, .scans),
            ("flood: asked by many", palette.flooded, .flooded),
            ("beacon: as regular as a clock", palette.beacons, .beacons),
            ("upload: sends much, gets little", palette.uploads, .uploads),
        ] {
            let isSeen = scene.nodes.contains { $0.marks.contains(mark) }
            boxes.append(
                Box(
                    columns: px(24)..<px(34), rows: row - px(9)..<row + px(1), color: color,
                    cover: isSeen ? 255 : 90))
            write(
                name, size: 12, x: px(42), baseline: row, palette.text, cover: isSeen ? 255 : 110)
            row += px(18)
        }
    }

    private mutating func writeCaptions(_ moment: SwarmMoment) {
        // What began in the last steps is still told, fainter.
        var told: Set<String> = []
        var row = px(84)
        for (age, scene) in ([moment.scene] + moment.past).enumerated() {
            for signal in scene.signals {
                guard told.count < Self.captionsMax else { return }
                let text = caption(signal)
                guard told.insert(key(signal)).inserted else { continue }
                write(
                    text, size: 12, x: style.width - px(24), baseline: row, color(signal),
                    cover: UInt32(255 - 80 * age), endsThere: true)
                row += px(18)
            }
        }
    }

    private func key(_ signal: SwarmSignal) -> String {
        "\(signal.kind.rawValue) \(signal.subject)"
    }

    private func color(_ signal: SwarmSignal) -> Color {
        switch signal.kind {
        case .scan, .portScan: palette.scans
        case .flood: palette.flooded
        case .listed: palette.listed
        case .beacon: palette.beacons
        case .upload: palette.uploads
        }
    }

    private func caption(_ signal: SwarmSignal) -> String {
        let service = signal.service.map { ", \(style.service($0))" } ?? ""
        let count = countText(UInt64(signal.count))
        let object = signal.object.map { "\($0)" } ?? ""
        return switch signal.kind {
        case .scan: "scan: \(signal.subject) → \(count) hosts\(service)"
        case .portScan: "port scan: \(signal.subject) → \(object), \(count) services"
        case .flood: "flood: \(count) hosts → \(signal.subject)\(service)"
        case .listed: "listed: \(signal.subject) ↔ \(object)\(service)"
        case .beacon: "beacon: \(signal.subject) → \(object)\(service)"
        case .upload:
            "upload: \(signal.subject) → \(object)\(service), \(style.amount(signal.sums.bytes))"
        }
    }

    /// The names of the largest nodes, and of all that are remarkable, where they cover nothing.
    private mutating func writeNames(_ scene: SwarmScene, _ places: NodePlaces) {
        let order = scene.nodes.sorted { a, b in
            let (first, second) = (
                !a.marks.subtracting(.inside).isEmpty, !b.marks.subtracting(.inside).isEmpty
            )
            if first != second { return first }
            return a.size != b.size ? a.size > b.size : a.slot < b.slot
        }
        let size = max(px(11), 6)
        // What is written already: title, time, legend and what is told.
        var taken = texts.map { (columns: $0.columns, rows: $0.rows) }
        taken.append((0..<px(210), px(60)..<px(400)))
        var count = 0
        for node in order where count < Self.labelsMax {
            guard let place = places[node.slot], place.presence > 0.15 else { continue }
            let text = style.name(node.name)
            let width = font.width(text, size: size)
            let isLeft = Int(place.x) + Int(place.radius) + width + px(6) > style.width - px(16)
            let column =
                isLeft
                ? Int(place.x - place.radius) - px(4) - width : Int(place.x + place.radius) + px(4)
            let baseline = Int(place.y) + size / 3
            let box = (columns: column..<column + width, rows: baseline - size..<baseline + px(2))
            if taken.contains(where: {
                $0.columns.overlaps(box.columns) && $0.rows.overlaps(box.rows)
            }) {
                continue
            }
            taken.append(box)
            count += 1
            let isMarked = !node.marks.subtracting(.inside).isEmpty
            // Points that fly behind a name leave it readable.
            boxes.append(
                Box(
                    columns: column - px(2)..<column + width + px(2),
                    rows: baseline - size..<baseline + px(3), color: palette.background, cover: 130)
            )
            texts.append(
                PlacedText(
                    text, size: size, column: column, baseline: baseline,
                    isMarked
                        ? palette.text
                        : node.marks.contains(.inside) ? palette.inside : palette.outside,
                    cover: UInt32(255 * min(place.presence, 1)), font: font))
        }
    }

    /// Octets over the whole time, by service, and where in it the moment is.
    private mutating func drawTimeline(_ moment: SwarmMoment) {
        let steps = style.timeline.count
        guard steps > 0 else { return }
        let (left, right) = (px(24), style.width - px(24))
        let (top, bottom) = (style.height - px(72), style.height - px(18))
        let largest = style.timeline.map { $0.reduce(0, SwarmSums.sum) }.max() ?? 0
        guard largest > 0 else { return }
        let width = right - left
        for column in 0..<width {
            let step = column * steps / width
            var base = bottom
            let services = style.timeline[step]
            for (place, octets) in services.enumerated() where octets > 0 {
                let height = Int(Double(octets) / Double(largest) * Double(bottom - top))
                guard height > 0 else { continue }
                boxes.append(
                    Box(
                        columns: left + column..<left + column + 1, rows: base - height..<base,
                        color: palette.service(place, of: services.count), cover: 150))
                base -= height
            }
        }
        boxes.append(
            Box(columns: left..<right, rows: bottom..<bottom + 1, color: palette.faint, cover: 120))
        let number = moment.scene.number
        let done = number >= style.firstStep ? Double(number - style.firstStep) : 0
        let place = min(
            left + Int((done + moment.phase) / Double(steps) * Double(width)), right - px(2))
        boxes.append(
            Box(
                columns: place..<place + max(px(2), 1), rows: top - px(6)..<bottom + px(4),
                color: palette.text, cover: 230))
    }
}
