import FlowAlert
import FlowCollector
import FlowModel
import FlowQuery
import FlowStore
import FlowSwarm
import SkeinServer
import Synchronization

/// The swarms of what arrives: one for all who watch the same, and none where nobody does.
final class LiveSwarms: BatchSubscriber {
    private struct Watched {
        let swarm: LiveSwarm
        let thread: Worker
        var viewers: Int
        /// When the last one went; nil while there is one.
        var leftAt: UInt64?
    }

    private struct State {
        var watched: [Watched] = []
        var isOpen = true
        /// Of swarms that have ended.
        var ended = LiveSwarm.Counts()
        var endedSkipped: UInt64 = 0
        var refused: UInt64 = 0
        /// Threads of swarms that have ended, which are still to be waited for.
        var finished: [Worker] = []
    }

    private let state = Mutex(State())

    /// Its name in counters.
    static let stage = "live"
    /// Swarms at once.
    static let swarmsMax = 4
    /// Who watch at once, all swarms together.
    static let viewersMax = 32
    /// How long a swarm goes on when nobody watches, ns: a page that is loaded anew finds it.
    private static let linger: UInt64 = 10_000_000_000

    /// A few batches may wait; what comes faster is left out and counted.
    var subscription: BatchSubscription {
        BatchSubscription(name: Self.stage, self, delivery: .lossy, depth: 4)
    }

    func take(_ batch: FlowBatch) {
        for swarm in swarms { swarm.take(batch) }
    }

    func miss(_ flows: Int) {
        for swarm in swarms { swarm.miss(UInt64(flows)) }
    }

    private var swarms: [LiveSwarm] { state.withLock { $0.watched.map(\.swarm) } }

    /// Begins to watch.
    ///
    /// - Throws: ``FeedFull`` where too many do.
    func watch(
        _ question: LiveSwarm.Question, from first: UInt64?, make: () -> LiveSwarm
    ) throws -> LiveViewer {
        // They end within a step.
        for thread in takeFinished() { thread.join() }
        let swarm = try state.withLock { state in
            let all = state.watched.reduce(0) { $0 + $1.viewers }
            guard state.isOpen, all < Self.viewersMax else {
                state.refused += 1
                throw FeedFull("\(all) watch what arrives, and no more can; come back later")
            }
            if let place = state.watched.firstIndex(where: { $0.swarm.question == question }) {
                state.watched[place].viewers += 1
                state.watched[place].leftAt = nil
                return state.watched[place].swarm
            }
            // One that nobody watches any more makes room.
            if state.watched.count >= Self.swarmsMax,
                let idle = state.watched.firstIndex(where: { $0.viewers == 0 })
            {
                let swarm = Self.remove(idle, of: &state)
                swarm.end()
            }
            guard state.watched.count < Self.swarmsMax else {
                state.refused += 1
                throw FeedFull(
                    "what arrives is watched by \(Self.swarmsMax) filters already; take one of them, or "
                        + "come back later")
            }
            let swarm = make()
            guard let thread = Worker({ [self] in swarm.run { isWatched(swarm) } }) else {
                throw FeedFull("the system has no thread to give")
            }
            state.watched.append(Watched(swarm: swarm, thread: thread, viewers: 1))
            return swarm
        }
        tellViewers(of: swarm)
        return LiveViewer(swarm, from: first) { [weak self] in self?.leave(swarm) }
    }

    private func leave(_ swarm: LiveSwarm) {
        state.withLock { state in
            guard let place = state.watched.firstIndex(where: { $0.swarm === swarm }) else {
                return
            }
            state.watched[place].viewers -= 1
            if state.watched[place].viewers == 0 { state.watched[place].leftAt = Monitor.now }
        }
        tellViewers(of: swarm)
    }

    private func tellViewers(of swarm: LiveSwarm) {
        let viewers = state.withLock { state in
            state.watched.first { $0.swarm === swarm }?.viewers ?? 0
        }
        swarm.set(viewers: viewers)
    }

    /// Whether a swarm is to go on; where not, it is forgotten.
    private func isWatched(_ swarm: LiveSwarm) -> Bool {
        state.withLock { state in
            guard let place = state.watched.firstIndex(where: { $0.swarm === swarm }) else {
                return false
            }
            if let left = state.watched[place].leftAt, Monitor.now >= left + Self.linger {
                _ = Self.remove(place, of: &state)
                return false
            }
            return true
        }
    }

    /// Forgets a swarm, but not what it counted.
    private static func remove(_ place: Int, of state: inout State) -> LiveSwarm {
        let old = state.watched.remove(at: place)
        state.ended.add(old.swarm.counts)
        state.endedSkipped += old.swarm.skippedScenes
        state.finished.append(old.thread)
        return old.swarm
    }

    private func takeFinished() -> [Worker] {
        state.withLock { state in
            defer { state.finished = [] }
            return state.finished
        }
    }

    /// Ends all of them, and takes no more.
    func stop() {
        let (swarms, threads) = state.withLock { state in
            state.isOpen = false
            return (state.watched.map(\.swarm), state.watched.map(\.thread))
        }
        for swarm in swarms { swarm.end() }
        for thread in threads + takeFinished() { thread.join() }
    }

    /// What is measured.
    var metrics: [MetricFamily] {
        let (watched, ended, skipped, refused) = state.withLock {
            ($0.watched, $0.ended, $0.endedSkipped, $0.refused)
        }
        var counts = ended
        for one in watched { counts.add(one.swarm.counts) }
        return [
            MetricFamily(
                "skein_live_swarms", .gauge, "Swarms of what arrives that are made now.",
                UInt64(watched.count)),
            MetricFamily(
                "skein_live_viewers", .gauge, "Who watch them.",
                UInt64(watched.reduce(0) { $0 + $1.viewers })),
            MetricFamily(
                "skein_live_flows_total", .counter, "Flows that were taken into a swarm.",
                counts.flows),
            MetricFamily(
                "skein_live_dropped_flows_total", .counter,
                "Flows that a swarm left out, as they came too fast; the store has them.",
                counts.dropped),
            MetricFamily(
                "skein_live_folded_flows_total", .counter,
                "Flows that only count in the sums of their service, as a step had too many pairs.",
                counts.folded),
            MetricFamily(
                "skein_live_skipped_scenes_total", .counter,
                "Scenes that were not sent to clients that read too slowly.",
                watched.reduce(skipped) { $0 + $1.swarm.skippedScenes }),
            MetricFamily(
                "skein_live_refused_total", .counter,
                "Who was told to come back later, as too many watch.", refused),
        ]
    }
}

extension LiveSwarm.Counts {
    /// Adds others.
    mutating func add(_ others: Self) {
        flows += others.flows
        folded += others.folded
        dropped += others.dropped
    }
}
