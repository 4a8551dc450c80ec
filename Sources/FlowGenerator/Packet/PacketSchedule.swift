/// One packet of a flow.
struct ScheduledPacket: Sendable {
    /// When it passes, µs since 1970.
    var time: UInt64
    var flow: GeneratedFlow
    var shape: PacketShape
    var index: UInt64
}

/// Packets of many flows in the order of time: a heap with one entry for each flow that has packets left.
struct PacketSchedule: Sendable {
    private struct Track: Sendable {
        var flow: GeneratedFlow
        var shape: PacketShape
        /// How many of the shape's packets are wanted, and how many were given out.
        var wanted: UInt64
        var given: UInt64 = 0

        /// The wanted packets lie evenly among all.
        var index: UInt64 {
            wanted == shape.count ? given : share(of: shape.count, 2 * given + 1, in: 2 * wanted)
        }

        var time: UInt64 {
            guard shape.count > 1 else { return flow.start * 1_000 }
            return flow.start * 1_000
                + share(of: (flow.end - flow.start) * 1_000, index, in: shape.count - 1)
        }
    }

    private struct Entry: Sendable {
        var time: UInt64
        /// What was added first goes first.
        var serial: UInt64
        var track: Int

        func precedes(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : serial < other.serial
        }
    }

    private var tracks: [Track] = []
    private var free: [Int] = []
    private var heap: [Entry] = []
    private var serial: UInt64 = 0

    /// Adds `wanted` of the `count` packets that the flow is cut into; both at least 1.
    mutating func add(_ flow: GeneratedFlow, count: UInt64, wanted: UInt64) {
        precondition(wanted >= 1 && wanted <= count)
        let track = Track(flow: flow, shape: PacketShape(flow, count: count), wanted: wanted)
        let place: Int
        if let reused = free.popLast() {
            place = reused
            tracks[place] = track
        } else {
            place = tracks.count
            tracks.append(track)
        }
        heap.append(Entry(time: track.time, serial: serial, track: place))
        serial += 1
        siftUp()
    }

    /// The next packet before `limit`, µs since 1970; nil where there is none.
    mutating func next(before limit: UInt64) -> ScheduledPacket? {
        guard let first = heap.first, first.time < limit else { return nil }
        let track = tracks[first.track]
        let packet = ScheduledPacket(
            time: first.time, flow: track.flow, shape: track.shape, index: track.index)
        if track.given + 1 < track.wanted {
            tracks[first.track].given += 1
            heap[0].time = tracks[first.track].time
        } else {
            free.append(first.track)
            let last = heap.removeLast()
            if !heap.isEmpty { heap[0] = last }
        }
        siftDown()
        return packet
    }

    private mutating func siftUp() {
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var least = 2 * parent + 1
            guard least < heap.count else { return }
            if least + 1 < heap.count && heap[least + 1].precedes(heap[least]) { least += 1 }
            guard heap[least].precedes(heap[parent]) else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
