import FlowModel
import Testing

@testable import FlowStore

/// Which segments are opened for a window.
@Suite struct StoreWindowTests {
    private static let hour: UInt64 = 3_600_000
    private static let first: UInt64 = 1_700_000_000_000 / hour * hour

    /// A store of so many hours, each a segment of one block of ten flows, a minute long each.
    private func makeStore(_ scratch: Scratch, hours: UInt64, withStart: Bool = true) throws {
        let limits = SegmentSet.Limits(smallOctets: 0, openMax: 1)
        let writer = try StoreWriter(directory: scratch.store, limits: limits)
        let batch = FlowBatch()
        for hour in 0..<hours {
            let time = Self.first + hour * Self.hour
            for row in 0..<10 {
                if withStart {
                    batch.columnForWriting(.start).set(time + UInt64(row) * 300_000, at: row)
                    batch.columnForWriting(.end).set(time + UInt64(row) * 300_000 + 60_000, at: row)
                }
                batch.columnForWriting(.received).set(
                    time + UInt64(row) * 300_000 + 61_000, at: row)
            }
            batch.advance(by: 10)
            try writer.append(batch)
            batch.reset()
        }
        try writer.finish()
    }

    @Test func `an hour out of many opens an hour`() throws {
        let scratch = Scratch()
        try makeStore(scratch, hours: 100)
        let from = Self.first + 40 * Self.hour
        // Files of other hours may be gone: they are not touched.
        let all = try StoreReader(directory: scratch.store)
        #expect(all.segments.count == 100 && all.passedOver.isEmpty)
        for info in all.segments where info.start?.contains(from) != true {
            let name = String(info.number, radix: 16)
            let padding = String(repeating: "0", count: 16 - name.count)
            write([], to: scratch.store + "/segments/\(padding)\(name).seg")
        }
        let window = StoreWindow(from: from, to: from + Self.hour)
        let reader = try StoreReader(directory: scratch.store, window: window)
        #expect(reader.segments.count == 1 && reader.damaged.isEmpty)
        #expect(reader.passedOver.count == 99)
        #expect(reader.rows == 10 && reader.window == window)
        #expect(try StoreReader(directory: scratch.store).damaged.count == 99)
    }

    @Test(arguments: [false, true])
    func `no flow of a window is in a segment that is passed over`(overlap: Bool) throws {
        let scratch = Scratch()
        try makeStore(scratch, hours: 30)
        for trial in 0..<60 {
            let from = Self.first &+ UInt64(trial) * 2_000_000 &- 3_000_000
            let to = from + [1, 60_000, Self.hour, 5 * Self.hour][trial % 4]
            for window in [
                StoreWindow(from: from, to: to, overlap: overlap),
                StoreWindow(from: from, overlap: overlap), StoreWindow(to: to, overlap: overlap),
            ] {
                let reader = try StoreReader(directory: scratch.store, window: window)
                let passedOver = Set(reader.passedOver.map(\.number))
                for block in try StoreReader(directory: scratch.store).blocks {
                    let start = try #require(try block.column(.start))
                    let end = try #require(try block.column(.end))
                    let matches = (0..<block.rows).count { row in
                        let first = start.number(at: row) ?? 0
                        let last = end.number(at: row, start: start) ?? 0
                        return first < window.to ?? .max
                            && (overlap ? last : first) >= window.from ?? 0
                    }
                    let number = 1 + ((start.number(at: 0) ?? 0) - Self.first) / Self.hour
                    if matches > 0 { #expect(!passedOver.contains(number), "\(window)") }
                }
                #expect(reader.passedOver.count + reader.segments.count == 30)
            }
        }
    }

    @Test func `flows without a start lie where they were received`() throws {
        let scratch = Scratch()
        try makeStore(scratch, hours: 5, withStart: false)
        let from = Self.first + 2 * Self.hour
        for overlap in [false, true] {
            let window = StoreWindow(from: from, to: from + Self.hour, overlap: overlap)
            let reader = try StoreReader(directory: scratch.store, window: window)
            #expect(reader.segments.count == 1 && reader.passedOver.count == 4)
        }
    }

    @Test func `a manifest without largest ends prunes no more than it knows`() {
        var segment = SegmentInfo(
            number: 1, rows: 1, blocks: 1, octets: 1, received: 100...200, start: 90...190,
            lastEnd: nil, checksum: 0)
        #expect(StoreWindow(from: 300, overlap: true).mayTouch(segment))
        segment.lastEnd = 195
        #expect(!StoreWindow(from: 300, overlap: true).mayTouch(segment))
        // Received, and so perhaps placed, after the window begins.
        #expect(StoreWindow(from: 200, overlap: true).mayTouch(segment))
        #expect(!StoreWindow(from: 201, overlap: true).mayTouch(segment))
        #expect(!StoreWindow(to: 90, overlap: true).mayTouch(segment))
        #expect(StoreWindow(to: 91).mayTouch(segment))
        #expect(!StoreWindow(from: 201).mayTouch(segment))
        #expect(!StoreWindow(from: 191, to: 100).mayTouch(segment))
    }

    @Test func `largest ends are in the manifest, and it does without them`() throws {
        var manifest = Manifest()
        for number in UInt64(1)...3 {
            manifest.segments.append(
                SegmentInfo(
                    number: number, rows: 1, blocks: 1, octets: 1, received: 1...2, start: nil,
                    lastEnd: number == 2 ? nil : number * 7, checksum: 0))
        }
        let read = try Manifest(manifest.encoded())
        #expect(read.segments == manifest.segments)
    }

    @Test func `a window covers what lies within it`() {
        let day = StoreWindow(from: 100, to: 200)
        #expect(StoreWindow().covers(day) && day.covers(day))
        #expect(!day.covers(StoreWindow()))
        #expect(day.covers(StoreWindow(from: 120, to: 200)))
        #expect(!day.covers(StoreWindow(from: 99, to: 200)))
        #expect(!day.covers(StoreWindow(from: 120, to: 130, overlap: true)))
        #expect(StoreWindow(to: 200).covers(StoreWindow(from: 120, to: 130, overlap: true)))
    }
}
