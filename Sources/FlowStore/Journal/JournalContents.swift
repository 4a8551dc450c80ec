import FlowModel

/// The frames of a store's journal that are in no segment, as they can be read at one moment.
///
/// What a crash left half-written is told from damage by the numbers that each frame has of those
/// before it: a frame that cannot be read was acknowledged, and is damaged, if a later one says that it
/// had been synchronized. Those beyond the last such number are taken if they are whole, for nothing
/// speaks against them, and left out if they are not.
struct JournalContents: Sendable {
    /// A frame and the file that has it.
    struct Entry: Sendable {
        let file: JournalFile
        let place: JournalFile.Place
        var frame: JournalFrame { place.frame }

        /// Reads the payload.
        func payload() throws(StoreError) -> [UInt8] { try file.payload(place) }

        /// The flows of a payload whose checksum fits; what cannot be read of it is of a newer version.
        func rows(_ payload: [UInt8]) throws(StoreError) -> JournalRows {
            do {
                return try JournalRows(payload, rows: frame.rows)
            } catch {
                throw isOfNewerVersion
            }
        }

        /// The sampling rates of a payload whose checksum fits.
        func rates(_ payload: [UInt8]) throws(StoreError) -> [SamplingRate] {
            var reader = ByteReader(payload)
            var rates: [SamplingRate] = []
            do {
                for _ in 0..<frame.rows { rates.append(try reader.nextRate()) }
            } catch {
                throw isOfNewerVersion
            }
            return rates
        }

        /// What to say of a frame that is whole and cannot be understood.
        var isOfNewerVersion: StoreError {
            StoreError(
                path: file.path, offset: place.offset,
                cause: .newerVersion(
                    found: JournalHeader.version + 1, known: JournalHeader.version))
        }
    }

    /// A file and what it holds.
    private struct Scanned {
        let file: JournalFile
        let content: JournalFile.Content

        /// Whether a frame that is not whole looks as it does while it is written: others have been where it
        /// lies, and it is the last.
        func isAtWork(on entry: Entry) -> Bool {
            file === entry.file && file.header.isReused
                && content.places.last?.frame.number == entry.frame.number
        }
    }

    /// The frames in the order of their numbers, each once.
    private(set) var entries: [Entry] = []
    /// What should be there and is not, or is there and should not be.
    private(set) var notices: [StoreNotice] = []
    /// The files, those too of which every frame is in a segment.
    private(set) var paths: [String] = []
    /// Octets of the files.
    private(set) var octets: UInt64 = 0
    /// The largest number of a file's name.
    private(set) var lastFile: UInt64 = 0
    /// The largest number that a frame has, or would have had; 0 where there is none.
    private(set) var lastNumber: UInt64 = 0
    /// Whether frames are missing before others that are there, acknowledged or not.
    ///
    /// Each of two files may have been cut by a crash before it was synchronized, and then frames that
    /// nobody was told of are missing from the first. Once more is synchronized behind them they could
    /// not be told from damage.
    private(set) var hasHoles = false

    /// Flows in ``entries``.
    var rows: UInt64 {
        entries.reduce(0) { $0 + ($1.frame.kind == .flows ? UInt64($1.frame.rows) : 0) }
    }

    /// Reads the journal.
    ///
    /// - Parameter first: the first number that is in no segment.
    init(_ directory: StoreDirectory, from first: UInt64) throws(StoreError) {
        var files: [Scanned] = []
        var unreadable: [StoreError] = []
        var synchronized = first - 1
        for number in try directory.journalNumbers() {
            let path = directory.journalFile(number)
            paths.append(path)
            lastFile = number
            do {
                let file = try JournalFile(path: path)
                let content = try file.scan()
                octets += content.octets
                synchronized = max(synchronized, file.header.first - 1)
                for place in content.places {
                    synchronized = max(synchronized, place.frame.synchronized)
                    lastNumber = max(lastNumber, place.frame.number)
                }
                files.append(Scanned(file: file, content: content))
            } catch {
                // Gone meanwhile: sealed, which the manifest tells, or never used.
                if error.isMissingFile { continue }
                guard error.isDamage else { throw error }
                unreadable.append(error)
            }
        }
        lastNumber = max(lastNumber, synchronized)
        choose(from: files, first: first, synchronized: synchronized)
        hasHoles = UInt64(entries.count) < lastNumber - (first - 1)
        account(files, unreadable, first: first, synchronized: synchronized, directory)
    }

    /// Takes one frame of each number.
    ///
    /// There are two where a file could not be synchronized, and what was in doubt was written to
    /// another: then the one that is whole counts. Of what may not have been synchronized the payload
    /// need not be whole, and is looked at here; that of all others is when it is read.
    private mutating func choose(
        from files: [Scanned], first: UInt64,
        synchronized: UInt64
    ) {
        var candidates: [UInt64: [Entry]] = [:]
        for scanned in files {
            for place in scanned.content.places where place.frame.number >= first {
                candidates[place.frame.number, default: []].append(
                    Entry(file: scanned.file, place: place))
            }
        }
        for number in candidates.keys.sorted() {
            let same = candidates[number] ?? []
            let isCertain = number <= synchronized
            if isCertain, same.count == 1 {
                entries += same
            } else if let whole = same.first(where: { (try? $0.payload()) != nil }) {
                entries.append(whole)
            } else if isCertain {
                entries.append(same[0])
            } else if !files.contains(where: { $0.isAtWork(on: same[0]) }) {
                let place = same[0].place
                cut(UInt64(JournalFrame.headOctets + place.frame.payloadOctets), of: same[0].file)
            }
        }
    }

    /// The sampling rates that were announced; those that cannot be read are left out.
    func rates() -> [SamplingRate] {
        entries.filter { $0.frame.kind == .rates }
            .flatMap { (try? $0.rates($0.payload())) ?? [] }
    }

    /// What cannot be read, in the form of segments that cannot, so that answers count it.
    var damaged: [DamagedSegment] {
        notices.compactMap { notice in
            guard case .journalDamaged(let error, _) = notice else { return nil }
            let info = SegmentInfo(
                number: 0, rows: 0, blocks: 0, octets: 0, received: 0...0, start: nil, checksum: 0)
            return DamagedSegment(info: info, error: error)
        }
    }

    /// Says which synchronized frames are missing, where they should be, and what is left over.
    private mutating func account(
        _ files: [Scanned], _ unreadable: [StoreError],
        first: UInt64, synchronized: UInt64, _ directory: StoreDirectory
    ) {
        var missing = missingRanges(first, synchronized)
        let known = Set(entries.map(\.frame.number))
        for scanned in files {
            let file = scanned.file
            for gap in scanned.content.gaps {
                let low = gap.before.map { $0 + 1 } ?? file.header.first
                let high = gap.behind ?? .max
                if let index = missing.firstIndex(where: {
                    $0.lowerBound < high && $0.upperBound > low
                }) {
                    let range = missing.remove(at: index)
                    notices.append(
                        .journalDamaged(
                            file.damage(.checksum(part: "journal"), at: gap.offset),
                            batches: UInt64(range.count)))
                } else if !gap.isUnfinished, high > first, !known.contains(low) {
                    cut(gap.octets, of: file)
                }
            }
        }
        for error in unreadable {
            // A file that was made and not yet written when the machine stopped has no header.
            guard let range = missing.popLast() else { continue }
            notices.append(.journalDamaged(error, batches: UInt64(range.count)))
        }
        for range in missing {
            let error = StoreError(path: directory.journal, cause: .damaged(.other))
            notices.append(.journalDamaged(error, batches: UInt64(range.count)))
        }
    }

    /// The numbers from `first` to `last` that no entry has.
    private func missingRanges(_ first: UInt64, _ last: UInt64) -> [Range<UInt64>] {
        var ranges: [Range<UInt64>] = []
        var next = first
        for entry in entries {
            let number = entry.frame.number
            if number > next, next <= last { ranges.append(next..<min(number, last + 1)) }
            next = max(next, number + 1)
        }
        if next <= last { ranges.append(next..<last + 1) }
        return ranges
    }

    private mutating func cut(_ octets: UInt64, of file: JournalFile) {
        notices.append(.journalCut(path: file.path, octets: octets))
    }
}

/// What a store's journal holds: flows that have arrived and are in no segment yet.
public struct JournalInfo: Hashable, Sendable {
    /// Flows in it.
    public let rows: UInt64
    /// Batches, and announcements of sampling rates, in it.
    public let batches: Int
    /// Octets of its files.
    public let octets: UInt64
    /// Smallest and largest `received` of its flows; nil where it has none.
    public let received: ClosedRange<UInt64>?
    /// Smallest and largest `start` of its flows; nil where none has one.
    public let start: ClosedRange<UInt64>?

    init(_ contents: JournalContents) {
        rows = contents.rows
        batches = contents.entries.count
        octets = contents.octets
        var received: ClosedRange<UInt64>?
        var start: ClosedRange<UInt64>?
        for entry in contents.entries where entry.frame.kind == .flows {
            received = received?.union(entry.frame.received) ?? entry.frame.received
            if let range = entry.frame.start { start = start?.union(range) ?? range }
        }
        self.received = received
        self.start = start
    }
}
