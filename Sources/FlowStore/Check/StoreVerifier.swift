import FlowModel

/// Reads every octet of a store and holds it against its checksums and limits.
///
/// Changes nothing and takes no lock, so a writer may be at work meanwhile.
public struct StoreVerifier {
    /// What was looked at, and what is wrong with it.
    public struct Report: Sendable {
        /// Segments.
        public internal(set) var segments = 0
        /// Blocks that were decoded.
        public internal(set) var blocks = 0
        /// Flows in segments and journal, damaged ones included as far as they are known.
        public internal(set) var rows: UInt64 = 0
        /// Octets of segments and journal.
        public internal(set) var octets: UInt64 = 0
        /// Batches in the journal.
        public internal(set) var batches = 0
        /// Rollups.
        public internal(set) var rollups = 0
        /// Octets of rollups.
        public internal(set) var rollupOctets: UInt64 = 0
        /// What does not hold what was written to it, each with its file and offset.
        public internal(set) var problems: [StoreError] = []
        /// What is odd and costs nothing.
        public internal(set) var notices: [StoreNotice] = []
    }

    private let directory: StoreDirectory
    private var report = Report()

    /// Looks at all of a store.
    ///
    /// - Parameter progress: told how many octets of how many were looked at.
    public static func verify(
        directory path: String, progress: (_ done: UInt64, _ of: UInt64) -> Void = { _, _ in }
    ) throws(StoreError) -> Report {
        // The reader knows how to take a consistent view while a writer is at work.
        let reader = try StoreReader(directory: path)
        var verifier = Self(directory: StoreDirectory(path: path))
        verifier.checkManifests()
        try verifier.checkJournal(from: reader.journalStart)
        verifier.report.problems += reader.damaged.filter { $0.info.number > 0 }.map(\.error)
        verifier.report.octets += reader.octets
        verifier.report.segments =
            reader.segments.count + reader.damaged.count { $0.info.number > 0 }
        verifier.report.rows += reader.damaged.reduce(0) { $0 + $1.info.rows }
        let rows = reader.segments.reduce(0) { $0 + $1.rows }
        var done: UInt64 = 0
        for block in reader.blocks where !(block is JournalBlock) {
            verifier.check(block)
            done += UInt64(block.rows)
            // Where in its segment a block lies it does not say; flows are alike.
            let share = Double(done) / Double(max(rows, 1))
            progress(UInt64(Double(reader.octets) * share), reader.octets)
        }
        for rollup in reader.rollups { verifier.check(rollup) }
        return verifier.report
    }

    private init(directory: StoreDirectory) { self.directory = directory }

    private mutating func note(_ error: any Error) {
        if let error = error as? StoreError { report.problems.append(error) }
    }

    /// All blocks of a rollup, which are not among the store's.
    private mutating func check(_ rollup: RollupInfo) {
        report.rollups += 1
        report.rollupOctets += rollup.octets
        do {
            let (blocks, rows) = (report.blocks, report.rows)
            for block in try rollup.open(directory, keepOpen: true) { check(block) }
            (report.blocks, report.rows) = (blocks, rows)
        } catch {
            note(error)
        }
    }

    private mutating func checkManifests() {
        for path in [directory.manifest, directory.manifestCopy] {
            do {
                guard try directory.readManifest(at: path) == nil else { continue }
                report.problems.append(
                    StoreError(
                        path: path, cause: .system(operation: "open", code: SystemCode.noFile)))
            } catch {
                note(error)
            }
        }
    }

    private mutating func checkJournal(from first: UInt64) throws(StoreError) {
        let contents = try JournalContents(directory, from: first)
        report.octets += contents.octets
        report.batches = contents.entries.count
        report.rows += contents.rows
        for notice in contents.notices {
            switch notice {
            case .journalDamaged(let error, _): report.problems.append(error)
            default: report.notices.append(notice)
            }
        }
        for entry in contents.entries {
            do throws(StoreError) {
                let payload = try entry.payload()
                if entry.frame.kind == .flows {
                    _ = try entry.rows(payload)
                } else {
                    _ = try entry.rates(payload)
                }
            } catch {
                note(error)
            }
        }
    }

    /// Each column by itself, so that all that is wrong is told.
    private mutating func check(_ block: any BlockSource) {
        report.blocks += 1
        report.rows += UInt64(block.rows)
        let before = report.problems.count
        // One scan, so that what columns share is read once.
        let block = block.scanning()
        do { try (block as? SegmentBlock)?.checkSummary() } catch { note(error) }
        for info in Field.table where info.storage != .elements {
            do {
                _ = try block.column(info.field)
            } catch {
                // A directory that is damaged is one problem, not one a column.
                if report.problems.count > before, report.problems.last == error as? StoreError {
                    return
                }
                note(error)
            }
        }
        do { _ = try block.otherElements() } catch { note(error) }
    }
}
