import FlowModel
import Synchronization

extension LiveWriter {
    /// Sets numbers of segments aside, for good.
    func setAside(_ count: UInt64) throws(StoreError) -> Range<UInt64> {
        let numbers = keeper.numbers.take(count)
        // In the manifest before anybody uses them: whoever opens the store after a crash must not use
        // them too while somebody still writes there.
        try keeper.publish({ _ in true })
        return numbers
    }

    /// Makes part of the store what somebody else wrote under numbers that were set aside, and answers
    /// how many flows that is.
    ///
    /// - Parameters:
    ///   - octets: a manifest of what is to be added.
    ///   - isCancelled: asked between segments whose sums are made anew; true leaves the rest.
    func adopt(
        _ octets: [UInt8], numbers: Range<UInt64>, isCancelled: () -> Bool
    ) throws(StoreError) -> UInt64 {
        let addition: Manifest
        do {
            addition = try Manifest(octets)
        } catch {
            throw StoreError(path: keeper.directory.path, cause: .damaged(.value(part: "message")))
        }
        try keeper.check(addition, numbers: numbers)
        try add(addition)
        merger?.wake()
        let written = Set(addition.segments.map(\.number))
        // Sums that were made without rates that are known by now are passed over until they are mended.
        _ = try? keeper.maintenance.withLock { _ throws(StoreError) in
            try keeper.rollUp(.only(written), isCancelled: isCancelled)
        }
        return addition.segments.reduce(0) { $0 + $1.rows }
    }

    private func add(_ addition: Manifest) throws(StoreError) {
        monitor.lock()
        defer { monitor.unlock() }
        try checkOpen()
        var next = rates
        for rate in addition.rates.all { next.note(rate) }
        try keeper.publish(
            { manifest in
                manifest.segments += addition.segments
                manifest.rollups += addition.rollups
                for rate in addition.rates.all { manifest.rates.note(rate) }
                manifest.imports.formUnion(addition.imports)
                return true
            },
            whenChanged: {
                rates = next
                keeper.book.update(next)
            })
    }

    /// Deletes what was written under numbers that were set aside and is not part of the store.
    func sweep(_ numbers: Range<UInt64>) {
        let named = Set(keeper.manifest.segments.map(\.number))
        // What cannot be deleted now is swept by the next writer.
        try? keeper.directory.sweep(numbers, keeping: named)
    }
}

extension StoreKeeper {
    /// Checks what somebody else wrote: that its files are whole, can be read, and are its own.
    fileprivate func check(_ addition: Manifest, numbers: Range<UInt64>) throws(StoreError) {
        var seen = Set(manifest.segments.map(\.number))
        for segment in addition.segments {
            let path = directory.segment(segment.number)
            guard numbers.contains(segment.number), seen.insert(segment.number).inserted else {
                throw StoreError(path: path, cause: .damaged(.other))
            }
            _ = try SegmentFile.blocks(of: path, info: segment, keepOpen: false)
        }
        let added = Set(addition.segments.map(\.number))
        var rollups: Set<String> = []
        for rollup in addition.rollups {
            let path = directory.rollup(rollup)
            guard added.contains(rollup.segment), rollups.insert(path).inserted else {
                throw StoreError(path: path, cause: .damaged(.other))
            }
            _ = try rollup.open(directory, keepOpen: false)
        }
    }
}
