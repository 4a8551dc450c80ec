/// Light that is added up, and the picture that is made of it.
///
/// A band of rows of a frame; bands know nothing of each other, so each can be painted by a thread of its
/// own, and a frame is the same for any number of them.
struct Band {
    /// Which rows of the frame.
    let rows: Range<Int>
    let width: Int
    /// Red, green and blue of each pixel, with a border that kernels may reach into.
    private var light: [SIMD4<Float>]
    /// Three octets a pixel.
    private(set) var pixels: [UInt8]

    /// Pixels around the band.
    static let border = 24
    private var stride: Int { width + 2 * Self.border }

    init(rows: Range<Int>, width: Int) {
        self.rows = rows
        self.width = width
        let stride = width + 2 * Self.border
        light = Array(repeating: .zero, count: stride * (rows.count + 2 * Self.border))
        pixels = Array(repeating: 0, count: width * rows.count * 3)
    }

    /// Makes everything dark.
    mutating func clear() {
        var light = light.mutableSpan
        for place in light.indices { unsafe light[unchecked: place] = .zero }
    }

    /// Adds soft points.
    mutating func add(_ points: Span<SoftPoint>, kernels: borrowing SoftKernels) {
        let border = Self.border
        let (lower, upper) = (rows.lowerBound - border, rows.upperBound + border)
        let (stride, width) = (stride, width)
        var light = light.mutableSpan
        for place in points.indices {
            let point = points[place]
            let size = kernels.size(point.kernel)
            // A point is drawn from its upper left pixel on; which of 4 × 4 kernels, the fraction says.
            let left = point.x - Float(size) / 2
            let top = point.y - Float(size) / 2
            guard left >= Float(-border), top >= Float(lower), left < Float(width),
                top < Float(upper - size)
            else { continue }
            let (column, row) = (Int(left.rounded(.down)), Int(top.rounded(.down)))
            guard column + size <= width + border, row + size <= upper else { continue }
            let phase =
                Int((left - Float(column)) * 4) & 3 | (Int((top - Float(row)) * 4) & 3) << 2
            addKernel(
                kernels.values(point.kernel, phase: phase), size: size, point.light,
                at: (row - lower) * stride + column + border, stride: stride, into: &light)
        }
    }

    /// Adds a disc or a ring: full light between two radii, fading over a pixel at each.
    mutating func add(_ ring: Ring) {
        let border = Self.border
        let reach = ring.outer + 1
        let first = max(Int(ring.y - reach), rows.lowerBound)
        let last = min(Int(ring.y + reach) + 1, rows.upperBound)
        guard first < last else { return }
        let left = min(max(Int(ring.x - reach), 0), width)
        let columns = left..<max(min(Int(ring.x + reach) + 1, width), left)
        guard !columns.isEmpty else { return }
        let (stride, start) = (stride, rows.lowerBound)
        var light = light.mutableSpan
        for row in first..<last {
            let dy = Float(row) + 0.5 - ring.y
            let base = (row - start + border) * stride + border
            for column in columns {
                let dx = Float(column) + 0.5 - ring.x
                let distance = (dx * dx + dy * dy).squareRoot()
                let cover = min(ring.outer + 0.5 - distance, distance - ring.inner + 0.5)
                if cover > 0 { light[base + column] += ring.light * min(cover, 1) }
            }
        }
    }

    /// Makes the picture of the light.
    mutating func develop(_ tones: ToneTable) {
        let border = Self.border
        let (stride, width, count) = (stride, width, rows.count)
        let array = light
        let light = array.span
        var pixels = pixels.mutableSpan
        for row in 0..<count {
            let base = (row + border) * stride + border
            developRow(
                light.extracting(base..<base + width), tones, into: &pixels, at: row * width * 3)
        }
    }

    /// Mixes a colour into a pixel of the picture.
    mutating func blend(_ color: Color, _ cover: UInt8, column: Int, row: Int) {
        guard column >= 0, column < width, rows.contains(row) else { return }
        let place = ((row - rows.lowerBound) * width + column) * 3
        let cover = UInt32(cover)
        func mix(_ old: UInt8, _ new: UInt8) -> UInt8 {
            UInt8((UInt32(old) * (255 - cover) + UInt32(new) * cover + 127) / 255)
        }
        pixels[place] = mix(pixels[place], color.red)
        pixels[place + 1] = mix(pixels[place + 1], color.green)
        pixels[place + 2] = mix(pixels[place + 2], color.blue)
    }

    /// Mixes a colour into a rectangle.
    mutating func fill(_ color: Color, _ cover: UInt8, columns: Range<Int>, rows wanted: Range<Int>)
    {
        for row in wanted.clamped(to: rows) {
            for column in columns.clamped(to: 0..<width) {
                blend(color, cover, column: column, row: row)
            }
        }
    }
}

/// A soft point: light that fades towards the edge of its kernel.
struct SoftPoint {
    var x: Float
    var y: Float
    /// Which of ``SoftKernels/sizes``.
    var kernel: Int
    var light: SIMD4<Float>
}

/// A disc where `inner` is negative, else a ring.
struct Ring {
    var x: Float
    var y: Float
    var inner: Float
    var outer: Float
    var light: SIMD4<Float>
}

/// How much light of a soft point falls on which pixel, for 4 × 4 places within a pixel.
struct SoftKernels: ~Copyable {
    /// Pixels of a side, ascending.
    let sizes: [Int]
    private let starts: [Int]
    private let weights: [Float]

    init(sizes: [Int]) {
        self.sizes = sizes
        var (starts, weights): ([Int], [Float]) = ([], [])
        for size in sizes {
            starts.append(weights.count)
            let radius = Float(size) / 2 - 0.5
            for phase in 0..<16 {
                let (x0, y0) = (Float(phase & 3) / 4, Float(phase >> 2) / 4)
                for y in 0..<size {
                    for x in 0..<size {
                        let dx = (Float(x) + 0.5 - Float(size) / 2 - x0) / radius
                        let dy = (Float(y) + 0.5 - Float(size) / 2 - y0) / radius
                        let k = max(1 - dx * dx - dy * dy, 0)
                        weights.append(k * k)
                    }
                }
            }
        }
        self.starts = starts
        self.weights = weights
    }

    func size(_ kernel: Int) -> Int { sizes[kernel] }

    @_lifetime(borrow self)
    func values(_ kernel: Int, phase: Int) -> Span<Float> {
        let octets = sizes[kernel] * sizes[kernel]
        let start = starts[kernel] + phase * octets
        let all = weights.span
        return unsafe _overrideLifetime(all.extracting(start..<start + octets), borrowing: self)
    }
}

/// How light becomes a shade: background + (255 − background) × (1 − e⁻ˣ), from a table; and ink, of which x is
/// what it takes away: background × e⁻ˣ.
struct ToneTable {
    /// Steps of the table for light of 1.
    static let steps = 512
    /// Light beyond this is as bright as can be.
    static let lightMax = 8

    fileprivate let red: [UInt8]
    fileprivate let green: [UInt8]
    fileprivate let blue: [UInt8]

    init(_ palette: Palette) {
        let background = palette.background
        // e⁻ʰ by its series: the same on every machine, which a library's exp is not.
        let h = 1 / Double(Self.steps)
        let factor = 1 - h + h * h / 2 - h * h * h / 6 + h * h * h * h / 24
        var dark: [Double] = []
        var value = 1.0
        for _ in 0..<Self.steps * Self.lightMax {
            dark.append(value)
            value *= factor
        }
        func shades(_ base: UInt8) -> [UInt8] {
            let base = Double(base)
            return dark.map {
                UInt8((palette.isInk ? base * $0 : base + (255 - base) * (1 - $0)).rounded())
            }
        }
        red = shades(background.red)
        green = shades(background.green)
        blue = shades(background.blue)
    }
}

/// A colour of the picture.
struct Color: Hashable, Sendable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8

    init(_ hex: UInt32) {
        red = UInt8(truncatingIfNeeded: hex >> 16)
        green = UInt8(truncatingIfNeeded: hex >> 8)
        blue = UInt8(truncatingIfNeeded: hex)
    }

    /// As light of this strength.
    func light(_ strength: Float) -> SIMD4<Float> {
        SIMD4(Float(red), Float(green), Float(blue), 0) * (strength / 255)
    }
}

private func addKernel(
    _ kernel: Span<Float>, size: Int, _ color: SIMD4<Float>, at start: Int, stride: Int,
    into light: inout MutableSpan<SIMD4<Float>>
) {
    precondition(kernel.count == size * size && start >= 0)
    precondition(start + (size - 1) * stride + size <= light.count)
    var place = start
    var weight = 0
    for _ in 0..<size {
        for column in 0..<size {
            unsafe light[unchecked: place &+ column] += color * kernel[unchecked: weight &+ column]
        }
        place &+= stride
        weight &+= size
    }
}

private func developRow(
    _ light: Span<SIMD4<Float>>, _ tones: ToneTable, into pixels: inout MutableSpan<UInt8>,
    at start: Int
) {
    precondition(start >= 0 && start + light.count * 3 <= pixels.count)
    let (red, green, blue) = (tones.red.span, tones.green.span, tones.blue.span)
    let count = ToneTable.steps * ToneTable.lightMax
    precondition(red.count == count && green.count == count && blue.count == count)
    let last = SIMD4<Float>(repeating: Float(count - 1))
    var place = start
    for column in light.indices {
        let scaled = unsafe light[unchecked: column] * Float(ToneTable.steps)
        let bounded = scaled.replacing(with: last, where: scaled .> last)
        // 2²³ is where a Float's last bit is worth 1, so the sum's bits are the number: converting four at
        // once is what the library does slowly.
        let shade = unsafe unsafeBitCast(bounded + 8_388_608, to: SIMD4<UInt32>.self) &- 0x4B00_0000
        unsafe pixels[unchecked: place] = red[unchecked: Int(shade.x)]
        unsafe pixels[unchecked: place &+ 1] = green[unchecked: Int(shade.y)]
        unsafe pixels[unchecked: place &+ 2] = blue[unchecked: Int(shade.z)]
        place &+= 3
    }
}
