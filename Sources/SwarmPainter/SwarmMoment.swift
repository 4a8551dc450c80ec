public import FlowSwarm

/// A moment between two steps, with all that is needed to draw it.
///
/// Everything that is drawn is a function of this alone: no painter remembers the frame before, so going
/// back shows what was seen on the way.
public struct SwarmMoment {
    /// The steps before, the latest first: streams of them are still on their way.
    public var past: [SwarmScene]
    /// The step.
    public var scene: SwarmScene
    /// The step after it, towards whose places nodes move; nil at the end.
    public var next: SwarmScene?
    /// What part of the step is over, 0 up to 1.
    public var phase: Double

    /// Makes a moment.
    public init(past: [SwarmScene], scene: SwarmScene, next: SwarmScene?, phase: Double) {
        self.past = past
        self.scene = scene
        self.next = next
        self.phase = phase
    }

    /// How many steps before are seen.
    public static let pastMax = 2
}

/// Where the nodes are at a moment, in pixels.
struct NodePlaces {
    struct Place {
        var x: Float
        var y: Float
        /// Of the disc.
        var radius: Float
        /// 0 to 1: nodes come and go softly.
        var presence: Float
        var name: SwarmName
    }

    private var places: [Place?]

    init(_ moment: SwarmMoment, _ stage: Stage) {
        places = Array(repeating: nil, count: SwarmEngine.slotsMax)
        let phase = Float(moment.phase)
        let before = moment.past.first
        for node in moment.scene.nodes {
            var place = Self.place(node, stage)
            if let next = moment.next {
                if let later = next.node(node.slot), later.name == node.name {
                    let end = Self.place(later, stage)
                    place.x += (end.x - place.x) * phase
                    place.y += (end.y - place.y) * phase
                    place.radius += (end.radius - place.radius) * phase
                } else {
                    place.presence = 1 - phase
                }
            }
            if let before, before.node(node.slot)?.name != node.name {
                place.presence = min(place.presence, phase)
            }
            places[Int(node.slot)] = place
        }
    }

    private static func place(_ node: SwarmNode, _ stage: Stage) -> Place {
        let point = stage.point(node.x, node.y)
        return Place(
            x: point.x, y: point.y, radius: stage.radius(node), presence: 1, name: node.name)
    }

    subscript(slot: UInt16) -> Place? { places[Int(slot)] }

    /// The place of a slot as a scene knew it: where the node is now, or was.
    func place(_ slot: UInt16, of scene: SwarmScene, _ stage: Stage) -> Place? {
        guard let node = scene.node(slot) else { return nil }
        if let now = places[Int(slot)], now.name == node.name { return now }
        var was = Self.place(node, stage)
        was.presence = 0
        return was
    }
}

/// Where on the picture the swarm is.
struct Stage {
    let centerX: Float
    let centerY: Float
    let radiusX: Float
    let radiusY: Float
    let scale: Float
    let palette: Palette

    init(_ style: SwarmStyle) {
        scale = style.scale
        palette = style.theme.palette
        centerX = Float(style.width) * 0.54
        centerY = Float(style.height) * 0.465
        radiusY = Float(style.height) * 0.395
        radiusX = min(radiusY * 1.42, Float(style.width) * 0.42)
    }

    func point(_ x: UInt16, _ y: UInt16) -> (x: Float, y: Float) {
        (
            centerX + (Float(x) - 32_768) / 32_767 * radiusX,
            centerY + (Float(y) - 32_768) / 32_767 * radiusY
        )
    }

    func radius(_ node: SwarmNode) -> Float {
        // From 64 kB on, by the square of the logarithm: 1 MB is 2 pixels, 1 GB 8.
        let size = max(Float(node.size) / 8 - 16, 0)
        return (1.4 + 0.045 * size * size) * scale
    }
}
