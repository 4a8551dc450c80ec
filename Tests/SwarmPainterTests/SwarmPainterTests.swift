import FlowModel
import FlowSwarm
import Glibc
import Testing

@testable import SwarmPainter

@Suite struct SwarmPainterTests {
    private static let font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    private static var hasFont: Bool { access(font, R_OK) == 0 }

    private func style(threads: Int) -> SwarmStyle {
        var style = SwarmStyle()
        (style.width, style.height, style.threads) = (640, 360, threads)
        style.title = "a test"
        style.legend = ["tcp/443"]
        style.timeline = [[1, 2], [3, 4], [0, 0]]
        return style
    }

    private func scenes() -> [SwarmScene] {
        var settings = SwarmSettings()
        settings.services = [6 << 16 | 443]
        let engine = SwarmEngine(settings)
        return (0..<3 as Range<UInt64>).map { number in
            engine.take(
                SwarmStep(
                    number: number,
                    edges: (1...300).map { host in
                        SwarmEdge(
                            source: IPAddress(v4: 0x0A00_0000 + host),
                            target: IPAddress(v4: 0xC000_0200 + host % 7), service: 6 << 16 | 443,
                            sums: SwarmSums(flows: 1, packets: 9, bytes: UInt64(host) << 12))
                    }))
        }
    }

    @Test(.enabled(if: hasFont))
    func `a picture is the same for any number of threads, and after any other`() throws {
        let scenes = scenes()
        let first = SwarmMoment(past: [scenes[0]], scene: scenes[1], next: scenes[2], phase: 0.25)
        let later = SwarmMoment(past: [scenes[0]], scene: scenes[1], next: scenes[2], phase: 0.75)
        let alone = SwarmPainter(style(threads: 1), font: try TextFont(Self.font))
        let together = SwarmPainter(style(threads: 2), font: try TextFont(Self.font))
        let picture = alone.paint(first)
        #expect(picture.count == 640 * 360 * 3)
        #expect(together.paint(first) == picture)
        #expect(alone.paint(later) != picture)
        // Back again.
        #expect(alone.paint(first) == picture)
    }

    @Test func `a font that is none is named`() {
        #expect(throws: FontError.self) { try TextFont("/etc/hostname") }
        #expect(throws: FontError.self) { try TextFont("/nonexistent.ttf") }
    }

    @Test func `shades grow with light and end at white`() {
        var band = Band(rows: 0..<8, width: 16)
        let kernels = SoftKernels(sizes: [4, 8])
        func shade(_ light: Float) -> UInt8 {
            band.clear()
            band.add(
                [SoftPoint(x: 8, y: 4, kernel: 1, light: SIMD4(light, light, light, 0))].span,
                kernels: kernels)
            band.develop(ToneTable(.dark))
            return band.pixels[(4 * 16 + 8) * 3]
        }
        let shades = [0, 0.1, 0.5, 1, 3, 100].map(shade)
        #expect(shades == shades.sorted() && Set(shades).count == 6)
        #expect(shades.first == 0x0A && shades.last == 255)
    }

    @Test(.enabled(if: hasFont))
    func `on a light ground what is drawn takes light away`() throws {
        var style = style(threads: 2)
        style.isBare = true
        let scenes = scenes()
        let moment = SwarmMoment(past: [scenes[0]], scene: scenes[1], next: scenes[2], phase: 0.25)
        let dark = SwarmPainter(style, font: try TextFont(Self.font)).paint(moment)
        style.theme = .light
        let light = SwarmPainter(style, font: try TextFont(Self.font)).paint(moment)
        let (night, paper) = (Palette.dark.background, Palette.light.background)
        var drawn = 0
        for place in stride(from: 0, to: dark.count, by: 3) {
            let shade = dark[place..<place + 3].elementsEqual([night.red, night.green, night.blue])
            let white = light[place..<place + 3].elementsEqual([paper.red, paper.green, paper.blue])
            // What is nearly nothing may be no shade in one of them.
            if shade != white { continue }
            if !white { drawn += 1 }
            #expect(light[place] <= paper.red && dark[place] >= night.red)
        }
        #expect(drawn > 1000)
    }

    @Test func `light outside the picture does no harm`() {
        var band = Band(rows: 10..<20, width: 16)
        let kernels = SoftKernels(sizes: [8])
        let light = SIMD4<Float>(1, 1, 1, 0)
        let far: [Float] = [-1e9, -40, -24, -5, 0, 15.9, 30, 44, 1e9]
        let points = far.flatMap { x in
            far.map { SoftPoint(x: x, y: $0, kernel: 0, light: light) }
        }
        band.add(points.span, kernels: kernels)
        for x in far where abs(x) < 1e6 {
            for y in far where abs(y) < 1e6 {
                band.add(Ring(x: x, y: y, inner: 3, outer: 9, light: light))
            }
        }
        band.develop(ToneTable(.dark))
        #expect(band.pixels.count == 16 * 10 * 3)
    }

    @Test(
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (99_940, "99.9 kB"), (123_456, "123 kB"),
            (5_250_000_000, "5.2 GB"), (UInt64.max, "18.4 EB"),
        ] as [(UInt64, String)])
    func `octets are written as people read them`(octets: UInt64, text: String) {
        #expect(octetText(octets) == text)
    }
}
