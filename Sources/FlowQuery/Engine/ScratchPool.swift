import Glibc
import Synchronization

/// Large memory that one query let go, for the next: a program that answers many fills the same pages
/// again instead of having the system clear new ones, which takes a third of a grouping's time.
@safe
final class ScratchPool: Sendable {
    static let shared = ScratchPool()

    /// How much is taken: whole quarters of a power of two, so that tables of about one size fit.
    struct Room: Hashable, Sendable {
        let octets: Int

        init(octets count: Int) {
            guard count >= ScratchPool.keptMin else {
                octets = count
                return
            }
            let quarter = 1 << (Int.bitWidth - 3 - count.leadingZeroBitCount)
            octets = (count + quarter - 1) / quarter * quarter
        }

        fileprivate var isKept: Bool { octets >= ScratchPool.keptMin }
    }

    private static let keptMin = 64 << 10
    /// Octets that lie idle at most.
    private static let idleMax = 64 << 20
    private static let hugePage = 2 << 20

    // Sendable: memory belongs to whoever took it out.
    @safe private struct Piece: @unchecked Sendable {
        let base: UnsafeMutableRawPointer
        let room: Room
    }
    private struct Idle {
        /// The one given last stands last, and goes first: it may be in the caches still.
        var pieces: [Piece] = []
        var octets = 0
    }
    private let idle = Mutex(Idle())

    /// Memory of that size, filled with anything, aligned to cache lines, so that entries of 64 octets
    /// lie in one each; and to huge pages where it is large, because what is large here is a hash
    /// table: read all over.
    @unsafe func take(_ room: Room) -> UnsafeMutableRawPointer {
        if room.isKept {
            let found: Piece? = idle.withLock { idle in
                guard let index = idle.pieces.lastIndex(where: { $0.room == room }) else {
                    return nil
                }
                idle.octets -= room.octets
                return idle.pieces.remove(at: index)
            }
            if let found { return unsafe found.base }
        }
        let isHuge = room.octets >= 2 * Self.hugePage
        let base = UnsafeMutableRawPointer.allocate(
            byteCount: room.octets, alignment: isHuge ? Self.hugePage : 64)
        if isHuge { _ = unsafe madvise(base, room.octets, Int32(MADV_HUGEPAGE)) }
        return unsafe base
    }

    /// Takes memory back; what was idle longest makes room for it.
    @unsafe func give(_ base: UnsafeMutableRawPointer, _ room: Room) {
        guard room.isKept, room.octets <= Self.idleMax else {
            unsafe base.deallocate()
            return
        }
        let piece = unsafe Piece(base: base, room: room)
        let outdated = idle.withLock { idle in
            idle.pieces.append(piece)
            idle.octets += room.octets
            var count = 0
            while idle.octets > Self.idleMax {
                idle.octets -= idle.pieces[count].room.octets
                count += 1
            }
            defer { idle.pieces.removeFirst(count) }
            return idle.pieces.prefix(count)
        }
        for piece in outdated { unsafe piece.base.deallocate() }
    }
}
