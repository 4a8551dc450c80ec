import FlowModel

/// Makes a manifest for a store that has lost both of its own.
public enum StoreRepair {
    /// What was done.
    public enum Outcome: Hashable, Sendable {
        /// Both manifests are whole.
        case nothingToDo
        /// One of the two was made anew from the other.
        case mended([StoreNotice])
        /// A manifest was made of the segments; those that cannot be read are in `aside/`.
        case rebuilt(segments: Int, rows: UInt64, setAside: [StoreError])
    }

    /// Mends a store.
    ///
    /// What only the manifest knew is lost where both are gone: the sampling rates that exporters
    /// announced, which files were imported, and whether a segment was just taking the place of others
    /// or of the journal when the machine stopped, in which case their flows are there twice.
    public static func repair(directory path: String) throws(StoreError) -> Outcome {
        let directory = StoreDirectory(path: path)
        guard try StoreDirectory.exists(path) else {
            throw StoreError(path: path, cause: .missing)
        }
        let isMended: Bool
        do throws(StoreError) {
            isMended = try directory.readManifest() != nil
        } catch {
            guard error.cause == .manifestMissing else { throw error }
            isMended = false
        }
        if isMended { return try mend(directory) }
        let numbers = try directory.segmentNumbers() + directory.journalNumbers()
        guard !numbers.isEmpty else {
            throw StoreError(path: path, cause: .notAStore)
        }
        return try rebuild(directory)
    }

    private static func mend(_ directory: StoreDirectory) throws(StoreError) -> Outcome {
        let wasWhole = (try? directory.readManifest(at: directory.manifestCopy)) != nil
        let keeper = try StoreKeeper(directory)
        keeper.close()
        return keeper.notices.isEmpty && wasWhole ? .nothingToDo : .mended(keeper.notices)
    }

    private static func rebuild(_ directory: StoreDirectory) throws(StoreError) -> Outcome {
        let lock = try WriterLock(directory)
        var manifest = Manifest()
        var problems: [StoreError] = []
        for number in try directory.segmentNumbers() {
            do throws(StoreError) {
                manifest.segments.append(try SegmentFile.info(of: directory, number: number))
            } catch {
                guard error.isDamage else { throw error }
                try directory.setAside(number)
                problems.append(error)
            }
            manifest.nextSegment = number + 1
        }
        // Of the journal's numbers those count that are there.
        let contents = try JournalContents(directory, from: 1)
        manifest.journalStart =
            contents.entries.first?.frame.number ?? contents.lastNumber + 1
        manifest.generation = 1
        let octets = manifest.encoded()
        try unsafe directory.replace(directory.manifest, with: octets.span.bytes)
        try directory.synchronize()
        directory.copyManifest(octets)
        _ = consume lock
        return .rebuilt(
            segments: manifest.segments.count,
            rows: manifest.segments.reduce(0) { $0 + $1.rows }, setAside: problems)
    }
}

extension SegmentFile {
    /// What a manifest would say of a segment, from its footer.
    fileprivate static func info(
        of directory: StoreDirectory, number: UInt64
    ) throws(StoreError) -> SegmentInfo {
        let path = directory.segment(number)
        let file = try Descriptor(path, .reading)
        let length = try file.length()
        let tail = UInt64(SegmentFooter.trailerOctets)
        guard length >= tail else {
            throw StoreError(
                path: path, cause: .damaged(.truncated(need: tail, have: length)))
        }
        let trailer: SegmentFooter.Trailer
        do {
            trailer = try SegmentFooter.Trailer(
                try file.read(Int(tail), at: length - tail), fileOctets: length)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(
                path: path, offset: length - tail,
                cause: .damaged(error as? Damage ?? .value(part: "trailer")))
        }
        let known = SegmentInfo(
            number: number, rows: 0, blocks: 0, octets: length, received: 0...0, start: nil,
            checksum: trailer.headChecksum)
        let blocks = try SegmentFile.blocks(of: path, info: known, keepOpen: false)
        var received: ClosedRange<UInt64>?
        var start: ClosedRange<UInt64>?
        for block in blocks {
            // A block whose directory is damaged may be of any time.
            if let range = block.summary(of: .received)?.range {
                received = received?.union(range) ?? range
            }
            if let range = block.summary(of: .start)?.range {
                start = start?.union(range) ?? range
            }
        }
        return SegmentInfo(
            number: number, rows: blocks.reduce(0) { $0 + UInt64($1.rows) }, blocks: blocks.count,
            octets: length, received: received ?? 0...0, start: start,
            checksum: trailer.headChecksum)
    }
}
