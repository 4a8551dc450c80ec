import FlowModel

/// Who sends sFlow: one sub-agent of an agent, by whatever way its datagrams come.
struct SFlowAgentKey: Hashable {
    var address: IPAddress
    var subAgent: UInt32
}

/// All that is known of one sub-agent.
final class SFlowAgent {
    let key: SFlowAgentKey
    var tally = ExporterTally()
    /// Nil until its next datagram.
    private var sequence: SFlowSequence?
    private var isCounted = false

    init(key: SFlowAgentKey) { self.key = key }

    /// Follows the numbers of its datagrams.
    func follow(_ number: UInt32, uptime: UInt32, _ counters: inout ExportCounters) {
        if !isCounted { counters.exporters += 1 }
        isCounted = true
        guard let event = sequence?.next(number, uptime: uptime) else {
            sequence = SFlowSequence(first: number, uptime: uptime)
            return
        }
        switch event {
        case .inOrder: break
        case .lost(let count):
            counters.sequenceLost += count
            tally.lost += count
        case .late(let wasLost):
            tally.reordered += 1
            guard wasLost else { return }
            counters.sequenceLost -= min(counters.sequenceLost, 1)
            tally.lost -= min(tally.lost, 1)
        case .restart: tally.restarts += 1
        }
    }

    /// Forgets where the numbers stood: what comes next need not follow.
    func beginAnew() {
        sequence = nil
        isCounted = false
    }

    var status: ExporterStatus {
        ExporterStatus(
            exportProtocol: .sflow5, sender: key.address, exporter: key.address,
            domain: key.subAgent, tally: tally)
    }
}
