import FlowSwarm
import SkeinServer

/// One who watches a swarm as it arrives; whoever lets go of it watches no more.
final class LiveViewer: ServedFeed, @unchecked Sendable {
    // Sendable: what changes is the one task's that reads.
    private let swarm: LiveSwarm
    private let leave: @Sendable () -> Void
    private let first: UInt64?
    private var place: SceneRing.Place?
    private var skipped: UInt64 = 0

    /// - Parameters:
    ///   - first: the first scene that is wanted; nil: the newest from which one can begin.
    ///   - leave: called once, at the end.
    init(_ swarm: LiveSwarm, from first: UInt64?, leave: @escaping @Sendable () -> Void) {
        self.swarm = swarm
        self.first = first
        self.leave = leave
    }

    deinit { leave() }

    func next() async -> [UInt8]? {
        while true {
            let look = swarm.look(&place, from: first)
            switch look {
            case .opening(let octets): return octets
            case .scene(let octets, let skipped):
                self.skipped += skipped
                return swarm.status(skipped: self.skipped) + octets
            case .end: return nil
            case .wait(let seen): await swarm.wait(after: seen)
            }
        }
    }
}
