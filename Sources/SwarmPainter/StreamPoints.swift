import FlowSwarm

/// What flies along streams: points whose place follows from the moment alone.
struct StreamPoints {
    private(set) var points: [SoftPoint] = []
    private let stage: Stage
    private let places: NodePlaces
    private let serviceCount: Int

    /// How long a point flies, in steps.
    private static let flight: Float = 1.3
    /// How bright a point is, and the two behind it.
    private static let tails: [Float] = [1.5, 0.6, 0.3]
    /// Places in ``SoftKernels/sizes``.
    static let trail = 0
    static let small = 1
    static let large = 2

    init(_ moment: SwarmMoment, _ stage: Stage, _ places: NodePlaces) {
        self.stage = stage
        self.places = places
        serviceCount = moment.scene.services.count
        for (age, scene) in ([moment.scene] + moment.past).enumerated() {
            let time = Float(moment.phase) + Float(age)
            if time - 1 >= Self.flight { break }
            let calm = Self.calm(scene)
            for stream in scene.streams { fly(stream, of: scene, time: time, calm: calm) }
        }
        for stream in moment.scene.streams { trace(stream, of: moment.scene) }
    }

    /// How much of what is ordinary is drawn, in 64ths: where very much flows, each stream says less, so that
    /// what is remarkable stays seen.
    private static func calm(_ scene: SwarmScene) -> Int {
        let ordinary = scene.streams.count { $0.marks.isEmpty }
        guard ordinary > 240 else { return 64 }
        return Int(64 * (240 / Double(ordinary)).squareRoot())
    }

    /// The way of a stream: a curve that bends to one side, out and back to different ones.
    private struct Way {
        var fromX: Float
        var fromY: Float
        var bendX: Float
        var bendY: Float
        var toX: Float
        var toY: Float

        func point(_ t: Float) -> (x: Float, y: Float) {
            let s = 1 - t
            return (
                s * s * fromX + 2 * s * t * bendX + t * t * toX,
                s * s * fromY + 2 * s * t * bendY + t * t * toY
            )
        }
    }

    private func way(_ stream: SwarmStream, of scene: SwarmScene) -> Way? {
        guard let from = places.place(stream.source, of: scene, stage),
            let to = places.place(stream.target, of: scene, stage)
        else { return nil }
        let (dx, dy) = (to.x - from.x, to.y - from.y)
        let bend = 0.10 + 0.14 * part(stream.hash, 0)
        if stream.source == stream.target {
            // What stays within a node goes round beside it.
            let reach = from.radius + 14 * stage.scale
            return Way(
                fromX: from.x, fromY: from.y, bendX: from.x + reach * 2, bendY: from.y - reach * 2,
                toX: from.x + 0.5, toY: from.y)
        }
        return Way(
            fromX: from.x, fromY: from.y, bendX: (from.x + to.x) / 2 - dy * bend,
            bendY: (from.y + to.y) / 2 + dx * bend, toX: to.x, toY: to.y)
    }

    private func color(_ stream: SwarmStream) -> Color { stage.palette.ink(meaning(stream)) }

    private func meaning(_ stream: SwarmStream) -> Color {
        if stream.marks.contains(.uploads) { return stage.palette.uploads }
        if stream.marks.contains(.listed) { return stage.palette.listed }
        if stream.marks.contains(.scans) { return stage.palette.scans }
        if stream.marks.contains(.flooded) { return stage.palette.flooded }
        if stream.marks.contains(.beacons) { return stage.palette.beacons }
        return stage.palette.service(Int(stream.service), of: serviceCount)
    }

    /// A faint line that shows where a stream goes.
    private mutating func trace(_ stream: SwarmStream, of scene: SwarmScene) {
        guard let way = way(stream, of: scene) else { return }
        let size = Float(eighthsOfLog2(stream.sums.bytes)) / 8
        let reach = min(max(size - 12, 0) / 18, 1)
        let strength = (0.03 + 0.34 * reach * reach) * (stream.marks.isEmpty ? 1 : 2)
        if reach == 0, stream.marks.isEmpty { return }
        let light = color(stream).light(strength)
        let (dx, dy) = (way.toX - way.fromX, way.toY - way.fromY)
        let length = (dx * dx + dy * dy).squareRoot()
        let count = min(max(Int(length / (1.6 * stage.scale)), 8), 400)
        for index in 0...count {
            let point = way.point(Float(index) / Float(count))
            points.append(SoftPoint(x: point.x, y: point.y, kernel: Self.trail, light: light))
        }
    }

    /// The points of a stream that are on their way.
    private mutating func fly(
        _ stream: SwarmStream, of scene: SwarmScene, time: Float, calm: Int
    ) {
        guard let way = way(stream, of: scene) else { return }
        let isFan = stream.marks.contains(.scans)
        let isCone = stream.marks.contains(.flooded)
        let size = eighthsOfLog2(stream.sums.bytes)
        var count = min(max((size - 56) / 10, 1), 14)
        if isFan || isCone { count = min(max(Int(stream.edges), count), 48) }
        // An upload is a beam.
        if stream.marks.contains(.uploads) { count = 40 }
        let color = color(stream)
        let reach = Float(min(size, 280)) / 280
        var strength = 0.16 + reach * 0.56
        if stream.marks.isEmpty {
            count = max(count * calm / 64, 1)
            strength = (0.14 + 0.9 * reach * reach) * Float(calm) / 64
        }
        let (dx, dy) = (way.toX - way.fromX, way.toY - way.fromY)
        for index in 0..<count {
            let hash = mixed(stream.hash ^ scene.number &* 0x9E37 &+ UInt64(index) << 20)
            let age = (time - part(hash, 0)) / Self.flight
            guard age >= 0, age < 1 else { continue }
            // Slow at both ends.
            let t = age * age * (3 - 2 * age)
            var flown = way
            let aside = (part(hash, 1) - 0.5) * 1.5
            if isFan {
                // A scan opens: its points end beside each other.
                flown.toX += -dy * aside
                flown.toY += dx * aside
                flown.bendX += -dy * aside * 0.5
                flown.bendY += dx * aside * 0.5
            } else if isCone {
                // A flood closes.
                flown.fromX += -dy * aside
                flown.fromY += dx * aside
                flown.bendX += -dy * aside * 0.5
                flown.bendY += dx * aside * 0.5
            } else {
                flown.bendX += (part(hash, 1) - 0.5) * 18 * stage.scale
                flown.bendY += (part(hash, 2) - 0.5) * 18 * stage.scale
            }
            let fade = min(age * 8, (1 - age) * 6, 1)
            let isLarge = size > 190 || !stream.marks.isEmpty
            // A short tail says which way it flies, in a still too.
            for tail in 0..<3 {
                let point = flown.point(max(t - 0.012 * Float(tail), 0))
                points.append(
                    SoftPoint(
                        x: point.x, y: point.y, kernel: isLarge ? Self.large : Self.small,
                        light: color.light(strength * fade * Self.tails[tail])))
            }
        }
    }
}

/// A part of a hash as a number below 1.
private func part(_ hash: UInt64, _ place: Int) -> Float {
    Float((hash >> UInt64(16 * place)) & 0xFFFF) / 65_536
}
