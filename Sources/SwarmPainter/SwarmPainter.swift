import Dispatch
import FlowSwarm

/// Paints moments of a swarm as pictures.
///
///     moment ─▶ points, rings, texts ─▶ bands of rows, each on a thread ─▶ red, green, blue
public final class SwarmPainter {
    private let style: SwarmStyle
    private let font: TextFont
    private let stage: Stage
    private let bands: [PaintedBand]
    private let tones: ToneTable

    /// Bands of a frame: more than cores, as they take unequal times.
    private static let bandCount = 12

    /// Prepares for pictures of one size.
    public init(_ style: SwarmStyle, font: TextFont) {
        self.style = style
        self.font = font
        tones = ToneTable(style.theme.palette)
        stage = Stage(style)
        let height = style.height
        bands = (0..<Self.bandCount).map { band in
            PaintedBand(
                rows: height * band / Self.bandCount..<height * (band + 1) / Self.bandCount,
                width: style.width, scale: style.scale)
        }
    }

    /// The picture of a moment: rows from the top, three octets a pixel.
    public func paint(_ moment: SwarmMoment) -> [UInt8] {
        let places = NodePlaces(moment, stage)
        let points = StreamPoints(moment, stage, places).points
        let rings = NodeRings(moment, stage, places).rings
        let board =
            style.isBare
            ? Drawing(boxes: [], texts: [])
            : Board(moment, style, stage, places, font).drawing
        let (bands, tones) = (bands, tones)
        let workers = min(max(style.threads, 1), bands.count)
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
            for index in stride(from: worker, to: bands.count, by: workers) {
                bands[index].paint(points, rings, board, tones)
            }
        }
        var picture: [UInt8] = []
        picture.reserveCapacity(style.width * style.height * 3)
        for band in bands { picture += band.pixels }
        return picture
    }
}

/// A band with its memory.
private final class PaintedBand: @unchecked Sendable {
    // Sendable: painted by one thread at a time.
    private var band: Band
    private let kernels: SoftKernels

    init(rows: Range<Int>, width: Int, scale: Float) {
        band = Band(rows: rows, width: width)
        func side(_ size: Float) -> Int { min(max(Int((size * scale).rounded()), 3), Band.border) }
        kernels = SoftKernels(sizes: [side(3.4), side(6), side(8)])
    }

    var pixels: [UInt8] { band.pixels }

    func paint(_ points: [SoftPoint], _ rings: [Ring], _ board: Drawing, _ tones: ToneTable) {
        band.clear()
        band.add(points.span, kernels: kernels)
        for ring in rings { band.add(ring) }
        band.develop(tones)
        board.draw(into: &band)
    }
}

/// The discs of nodes, and the rings round those that are remarkable.
struct NodeRings {
    private(set) var rings: [Ring] = []
    private let palette: Palette

    init(_ moment: SwarmMoment, _ stage: Stage, _ places: NodePlaces) {
        palette = stage.palette
        // Twice a step, up and down again.
        let beat = Float(moment.phase * 2 - (moment.phase * 2).rounded(.down))
        let pulse = beat < 0.5 ? beat * 2 : 2 - beat * 2
        for node in moment.scene.nodes {
            guard let place = places[node.slot] else { continue }
            let isActive = node.sums.flows > 0
            let color = color(node)
            let isGroup = if case .host = node.name { false } else { true }
            let strength: Float = (isActive ? 0.5 : 0.12) * place.presence
            if isGroup {
                rings.append(
                    Ring(
                        x: place.x, y: place.y, inner: place.radius - 1.2 * stage.scale,
                        outer: place.radius, light: palette.ink(color).light(strength * 0.7)))
                rings.append(
                    Ring(
                        x: place.x, y: place.y, inner: -1, outer: place.radius,
                        light: palette.ink(color).light(strength * 0.12)))
            } else {
                rings.append(
                    Ring(
                        x: place.x, y: place.y, inner: -1, outer: place.radius,
                        light: palette.ink(color).light(strength)))
            }
            mark(node, place, pulse, Float(moment.phase), stage.scale)
        }
    }

    private func color(_ node: SwarmNode) -> Color {
        node.marks.contains(.inside) ? palette.inside : palette.outside
    }

    private mutating func mark(
        _ node: SwarmNode, _ place: NodePlaces.Place, _ pulse: Float, _ phase: Float, _ scale: Float
    ) {
        func ring(_ distance: Float, _ width: Float, _ color: Color, _ strength: Float) {
            let inner = place.radius + distance * scale
            rings.append(
                Ring(
                    x: place.x, y: place.y, inner: inner, outer: inner + width * scale,
                    light: palette.ink(color).light(strength * place.presence)))
        }
        if node.marks.contains(.listed) {
            ring(3 + 3 * pulse, 2, palette.listed, 1.4)
            ring(8 + 6 * pulse, 1, palette.listed, 0.5)
        }
        if node.marks.contains(.uploads) { ring(4, 2, palette.uploads, 1.2) }
        if node.marks.contains(.scans) { ring(4, 1.2, palette.scans, 1) }
        if node.marks.contains(.flooded) {
            // Closes in.
            ring(4 + 14 * (1 - phase), 1.6, palette.flooded, 1.2 * phase)
            ring(4, 1.2, palette.flooded, 0.9)
        }
        if node.marks.contains(.beacons) {
            // Spreads, as a drop in water.
            ring(2 + 24 * phase, 1.4, palette.beacons, 1.4 * (1 - phase))
        }
    }
}
