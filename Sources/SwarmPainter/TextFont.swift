import CFreeType

/// Why no text can be drawn.
public enum FontError: Error, CustomStringConvertible {
    /// FreeType is not there.
    case noFreeType(String)
    /// None of the usual fonts is there.
    case noFont
    /// The file is no font, or cannot be read.
    case unreadable(String)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .noFreeType(let reason): "text cannot be drawn: \(reason)"
        case .noFont:
            "no font was found; install fonts-dejavu-core, or name a TrueType font with --font"
        case .unreadable(let path): "\(path) cannot be read as a font"
        }
    }
}

/// A font whose characters are drawn once and kept.
@safe
public final class TextFont {
    struct Glyph: Sendable {
        var columns = 0
        var rows = 0
        var left = 0
        var top = 0
        var advance = 0
        var cover: [UInt8] = []
    }

    private let font: UnsafeMutableRawPointer
    private var glyphs: [UInt64: Glyph] = [:]

    /// Where Debian and others put a plain font.
    private static let places = [
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
        "/usr/share/fonts/TTF/DejaVuSans.ttf",
        "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    ]

    /// Opens a font file; nil: a plain one of the system.
    public init(_ path: String? = nil) throws(FontError) {
        if let refusal = unsafe cfreetype_load() {
            throw .noFreeType(unsafe String(cString: refusal))
        }
        for place in path.map({ [$0] }) ?? Self.places {
            if let found = unsafe cfreetype_open(place) {
                unsafe font = found
                return
            }
        }
        throw path.map { .unreadable($0) } ?? .noFont
    }

    deinit { unsafe cfreetype_close(font) }

    /// Pixels that a text takes.
    func width(_ text: String, size: Int) -> Int {
        text.unicodeScalars.reduce(0) { $0 + glyph($1, size: size).advance }
    }

    func glyph(_ character: Unicode.Scalar, size: Int) -> Glyph {
        let key = UInt64(size) << 32 | UInt64(character.value)
        if let known = glyphs[key] { return known }
        var drawn = unsafe cfreetype_glyph_t()
        var glyph = Glyph()
        if unsafe cfreetype_draw(font, UInt32(size), character.value, &drawn) == 0 {
            glyph.columns = unsafe Int(max(drawn.width, 0))
            glyph.rows = unsafe Int(max(drawn.rows, 0))
            glyph.left = unsafe Int(drawn.left)
            glyph.top = unsafe Int(drawn.top)
            glyph.advance = unsafe Int(drawn.advance)
            if let pixels = unsafe drawn.pixels {
                for row in 0..<glyph.rows {
                    for column in 0..<glyph.columns {
                        glyph.cover.append(
                            unsafe pixels[row * Int(drawn.pitch) + column])
                    }
                }
            }
            if glyph.cover.count != glyph.columns * glyph.rows {
                (glyph.columns, glyph.rows) = (0, 0)
            }
        }
        glyphs[key] = glyph
        return glyph
    }
}

/// A text at its place, as glyphs.
struct PlacedText: Sendable {
    private var glyphs: [(glyph: TextFont.Glyph, column: Int, row: Int)] = []
    let color: Color
    /// 255 is opaque.
    let cover: UInt32
    /// Columns from its first letter to behind its last.
    let columns: Range<Int>
    /// Rows that it may touch.
    let rows: Range<Int>

    /// - Parameters:
    ///   - column: of the first pixel.
    ///   - baseline: the row that letters stand on.
    init(
        _ text: String, size: Int, column: Int, baseline: Int, _ color: Color, cover: UInt32 = 255,
        font: TextFont
    ) {
        self.color = color
        self.cover = cover
        rows = baseline - size - 2..<baseline + size / 2 + 2
        var pen = column
        for character in text.unicodeScalars {
            let glyph = font.glyph(character, size: size)
            glyphs.append((glyph, pen + glyph.left, baseline - glyph.top))
            pen += glyph.advance
        }
        columns = column..<max(pen, column)
    }

    func draw(into band: inout Band) {
        guard rows.overlaps(band.rows) else { return }
        for (glyph, left, top) in glyphs {
            for row in 0..<glyph.rows where band.rows.contains(top + row) {
                for column in 0..<glyph.columns {
                    let cover = UInt32(glyph.cover[row * glyph.columns + column]) * cover / 255
                    if cover > 0 {
                        band.blend(
                            color, UInt8(min(cover, 255)), column: left + column, row: top + row)
                    }
                }
            }
        }
    }
}
