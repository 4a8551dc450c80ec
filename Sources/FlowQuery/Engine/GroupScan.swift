import FlowModel
import FlowStore

/// Reads the rows of one worker, block by block, and hands them to its sinks.
final class GroupScan {
    let scan: BlockScan
    /// The groups, then what is counted apart in them.
    let feeds: [GroupFeed]
    /// Why the whole answer cannot be given.
    private(set) var failure: (any Error)?

    init(_ plan: ScanPlan, _ feeds: [GroupFeed]) {
        scan = BlockScan(plan)
        self.feeds = feeds
    }

    /// Takes the block's rows that pass.
    func process(_ block: any BlockSource) {
        if failure != nil { return }
        scan.process(block) {
            scan.narrow()
            for feed in feeds { try feed.prepare(scan) }
            do {
                for feed in feeds { try feed.consume(scan) }
            } catch {
                failure = error
                throw error
            }
        }
        do {
            for feed in feeds where failure == nil { try feed.sink.relieve() }
        } catch {
            failure = error
        }
    }
}
