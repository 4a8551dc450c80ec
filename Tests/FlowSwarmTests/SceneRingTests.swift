import FlowModel
import Testing

@testable import FlowSwarm

@Suite struct SceneRingTests {
    private func scenes(_ count: UInt64) -> [SwarmScene] {
        (1000..<1000 + count).map { number in
            let nodes = (0..<20 as Range<UInt16>).map { slot in
                SwarmNode(
                    slot: slot, name: .host(IPAddress(v4: UInt32(slot) + 1)), x: UInt16(number),
                    y: slot, size: 3, marks: [], sums: SwarmSums(flows: number))
            }
            return SwarmScene(
                number: number, nodes: nodes, streams: [], services: [], total: SwarmSums(),
                edges: 0, folded: SwarmSums(), signals: [])
        }
    }

    /// Reads what is there, as numbers and octets.
    private func read(
        _ ring: SceneRing, _ place: inout SceneRing.Place
    ) -> [UInt64: [UInt8]] {
        var all: [UInt64: [UInt8]] = [:]
        while case .scene(let octets, let number, let skipped) = ring.read(&place) {
            #expect(skipped == 0)
            all[number] = octets
        }
        return all
    }

    @Test func `who comes late gets the same octets as who was there from the start`() throws {
        var ring = SceneRing()
        #expect(ring.place() == nil)
        let scenes = scenes(300)
        ring.append(scenes[0])
        var early = try #require(ring.place())
        var seen = read(ring, &early)
        for scene in scenes.dropFirst() {
            ring.append(scene)
            seen.merge(read(ring, &early)) { $1 }
        }
        #expect(seen.count == 300)
        var late = try #require(ring.place())
        let lateSeen = read(ring, &late)
        // From the newest checkpoint on, which names everybody: the first octet of its payload says so.
        #expect(lateSeen.keys.min() == 1256 && lateSeen.count == 44)
        for (number, octets) in lateSeen { #expect(octets == seen[number]) }
        #expect(lateSeen[1256]?[5] == 1 && seen[1257]?[5] == 0)
        var wanted = try #require(ring.place(from: 1130))
        #expect(read(ring, &wanted).keys.min() == 1128)
        var older = try #require(ring.place(from: 3))
        #expect(read(ring, &older) == seen)
    }

    @Test func `what is kept is bounded, in scenes and in octets`() throws {
        let scenes = scenes(1200)
        var (ring, small) = (SceneRing(), SceneRing(octetsMax: 100_000))
        for scene in scenes {
            ring.append(scene)
            small.append(scene)
            #expect(ring.numbers.count <= 64 * (SceneRing.chunksMax + 1))
        }
        #expect(ring.numbers.count > 64 * SceneRing.chunksMax)
        #expect(ring.numbers.upperBound == 2200 && (ring.numbers.lowerBound - 1000) % 64 == 0)
        #expect(small.numbers.count < ring.numbers.count)
        var place = try #require(small.place(from: 0))
        var octets = 0
        while case .scene(let record, _, _) = small.read(&place) { octets += record.count }
        #expect(octets <= 100_000 || small.numbers.count <= 64)
    }

    @Test func `a reader that is too slow goes on at a checkpoint, and hears what it has not got`()
        throws
    {
        let scenes = scenes(900)
        var ring = SceneRing()
        for scene in scenes[..<10] { ring.append(scene) }
        var place = try #require(ring.place())
        #expect(read(ring, &place).count == 10)
        // Behind, but no later checkpoint there is: it gets all.
        for scene in scenes[10..<60] { ring.append(scene) }
        #expect(read(ring, &place).count == 50)
        for scene in scenes[60..<140] { ring.append(scene) }
        guard case .scene(let octets, let number, let skipped) = ring.read(&place) else {
            Issue.record("nothing is there")
            return
        }
        #expect(number == 1128 && skipped == 68 && octets[5] == 1)
        #expect(read(ring, &place).count == 11)
        // So far behind that what it wants is gone.
        for scene in scenes[140...] { ring.append(scene) }
        guard case .scene(_, let next, let gone) = ring.read(&place) else {
            Issue.record("nothing is there")
            return
        }
        #expect(next == 1896 && gone == 756)
    }

    @Test func `someone who wants all that is kept is not too slow`() throws {
        var ring = SceneRing()
        for scene in scenes(200) { ring.append(scene) }
        var place = try #require(ring.place(from: 0))
        #expect(read(ring, &place).count == 200)
    }

    @Test func `a record tells the clock and what is missing`() {
        #expect(
            SceneEncoder.status(
                SceneStreamStatus(clock: 300, droppedFlows: 0, skippedScenes: 5, viewers: 2))
                == [4, 5, 0, 0, 0, 0xAC, 2, 0, 5, 2])
    }
}
