import Synchronization

/// Memory of columns that were let go, for the next: a scan fills the same pages again instead of
/// having the system clear new ones for every column of every block.
@safe
final class BufferPool: Sendable {
    static let shared = BufferPool()

    /// How much is taken: whole powers of two and the padding, so that columns of one width fit.
    struct Room: Hashable, Sendable {
        /// Octets.
        let octets: Int
        /// The shelf it is kept on; nil for what is too small or too large to keep.
        fileprivate let shelf: Int?

        init(octets count: Int) {
            guard count >= BufferPool.keptMin, count <= BufferPool.keptMax else {
                octets = count + EncodedBytes.padding
                shelf = nil
                return
            }
            let power = Int.bitWidth - (count - 1).leadingZeroBitCount
            octets = 1 << power + EncodedBytes.padding
            shelf = power
        }
    }

    private static let keptMin = 4096
    private static let keptMax = 2 << 20
    /// Octets that lie idle at most.
    private static let idleMax = 32 << 20

    // Sendable: memory belongs to whoever took it off a shelf.
    @safe private struct Buffer: @unchecked Sendable { let base: UnsafeMutableRawPointer }
    private struct Shelves {
        var shelves: [[Buffer]] = Array(repeating: [], count: 24)
        var idle = 0
    }
    private let kept = Mutex(Shelves())

    /// Memory of that size, filled with anything.
    @unsafe func take(_ room: Room) -> UnsafeMutableRawPointer {
        if let shelf = room.shelf {
            let found: Buffer? = kept.withLock { kept in
                guard let buffer = kept.shelves[shelf].popLast() else { return nil }
                kept.idle -= room.octets
                return buffer
            }
            if let found { return unsafe found.base }
        }
        return .allocate(byteCount: room.octets, alignment: 64)
    }

    /// Takes memory back.
    @unsafe func give(_ base: UnsafeMutableRawPointer, _ room: Room) {
        if let shelf = room.shelf {
            let buffer = unsafe Buffer(base: base)
            let isKept = kept.withLock { kept in
                guard kept.idle + room.octets <= Self.idleMax else { return false }
                kept.idle += room.octets
                kept.shelves[shelf].append(buffer)
                return true
            }
            if isKept { return }
        }
        unsafe base.deallocate()
    }

    /// Gives all that lies idle back to the C library.
    func clear() {
        let idle = kept.withLock { kept in
            let idle = kept.shelves
            for shelf in idle.indices { kept.shelves[shelf].removeAll() }
            kept.idle = 0
            return idle
        }
        for buffer in idle.joined() { unsafe buffer.base.deallocate() }
    }
}
