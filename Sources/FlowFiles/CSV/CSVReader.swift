public import FlowModel

/// Reads a CSV file of flows piece by piece.
///
/// A line is a flow; one with a cell that is no value is counted and left out, whole. Quoted cells may
/// hold delimiters, not ends of lines.
public final class CSVReader: FlowFileReader {
    /// Octets of a line at most.
    public static let lineBytesMax = 1 << 20

    /// What was found so far.
    public private(set) var counters = FlowFileCounters()
    /// The files say nothing of sampling.
    public var rates: [SamplingRate] { [] }

    private let appender: BatchAppender
    private let options: CSVOptions
    private var clock: CSVClock
    private var delimiter: UInt8 = 0
    private var columns: [CSVColumn] = []
    /// Columns of the header, where there is one: a line has as many.
    private var width: Int?
    /// Whether the columns are known.
    private var hasBegun = false
    /// Whether the rest is nfdump's summary.
    private var isSummary = false
    /// Whether the octets up to the next end of a line belong to one that is too long.
    private var isSkipping = false
    private var lineNumber: UInt64 = 0

    private var line = CSVLine()
    private var values: [Value] = []
    private var writers: [ColumnWriter?] = []
    private var writtenBatch: ObjectIdentifier?
    private var duration: UInt64?

    /// A cell's value, kept until all of the line are read.
    private struct Value {
        var number: UInt64 = 0
        var address = IPAddress.v6Zero
        var isPresent = false
    }

    /// Makes a reader for one file.
    public init(appender: BatchAppender, options: CSVOptions) {
        self.appender = appender
        self.options = options
        clock = CSVClock(localTime: options.localTime)
    }

    /// Reads as far as whole lines go and answers how many octets that were.
    ///
    /// - Parameter bytes: what of the file was not consumed yet.
    public func feed(_ bytes: RawSpan) throws -> Int {
        var offset = 0
        while let (end, next) = CSVLine.end(bytes, from: offset) {
            if isSkipping {
                isSkipping = false
            } else if end - offset > Self.lineBytesMax {
                noteLongLine()
            } else {
                try read(bytes.extracting(offset..<end))
            }
            offset = next
        }
        guard bytes.byteCount - offset > Self.lineBytesMax else { return offset }
        if !isSkipping {
            noteLongLine()
            isSkipping = true
        }
        return bytes.byteCount
    }

    private func noteLongLine() {
        lineNumber += 1
        note(.longLines, "more than \(Self.lineBytesMax) octets")
    }

    /// Ends the file; `rest` is a last line without an end.
    public func finish(rest: RawSpan) throws {
        if rest.byteCount > 0, !isSkipping { try read(rest) }
        guard hasBegun else { throw CSVError.empty }
    }

    private func read(_ octets: RawSpan) throws {
        lineNumber += 1
        var text = octets
        if lineNumber == 1, text.byteCount >= 3, text.octet(at: 0) == 0xef,
            text.octet(at: 1) == 0xbb, text.octet(at: 2) == 0xbf
        {
            text = text.extracting(3..<text.byteCount)
        }
        guard text.byteCount > 0 else { return }
        if isSummary { return counters.note(.summaryLines) }
        if !hasBegun, try begin(text) { return }
        do throws(CSVLine.Problem) {
            try line.split(text, delimiter: delimiter)
        } catch .openQuote {
            counters.records += 1
            return note(.openQuotes, "a quoted cell does not end")
        } catch {
            counters.records += 1
            return note(.badCellCounts, "more than \(CSVColumns.columnsMax) cells")
        }
        if line.cells.count == 1, text.byteCount == 7, text.text(at: 0, count: 7) == "Summary" {
            isSummary = true
            return counters.note(.summaryLines)
        }
        counters.records += 1
        guard line.cells.count == width ?? line.cells.count, line.cells.count >= columns.count
        else {
            return note(
                .badCellCounts, "\(line.cells.count) cells instead of \(width ?? columns.count)")
        }
        try addRow(text)
    }

    /// Learns the columns; true where the line was the header.
    private func begin(_ text: RawSpan) throws -> Bool {
        hasBegun = true
        delimiter = options.delimiter ?? CSVLine.likelyDelimiter(of: text)
        let numbersOnly = options.columns.allSatisfy { _, source in
            if case .number = source { true } else { false }
        }
        let hasHeader = options.hasHeader ?? (options.columns.isEmpty || !numbersOnly)
        var headers: [String]?
        if hasHeader {
            do throws(CSVLine.Problem) {
                try line.split(text, delimiter: delimiter)
            } catch {
                throw CSVError.noColumns(has: [])
            }
            headers = line.cells.map { text.text(at: $0.lowerBound, count: $0.count) }
            width = line.cells.count
        }
        columns = try CSVColumns(options, headers: headers).columns
        values = Array(repeating: Value(), count: columns.count)
        return hasHeader
    }

    // MARK: - Rows

    private func addRow(_ text: RawSpan) throws {
        duration = nil
        // In variables of its own the loops find them without a check that nobody else has them.
        let columns = columns
        let cells = line.cells
        var values: [Value] = []
        swap(&values, &self.values)
        defer { swap(&values, &self.values) }
        for index in columns.indices {
            values[index].isPresent = false
            let range = cells[index]
            guard columns[index].isUsed, !range.isEmpty else { continue }
            guard read(text.extracting(range), columns[index], into: &values[index]) else {
                let shown = text.text(at: range.lowerBound, count: min(range.count, 60))
                return note(
                    .badValues, "'\(shown)' in column \(index + 1) is no \(columns[index].name)")
            }
        }
        try appender.reserve(1)
        prepareWriters()
        let batch = appender.batch
        let row = batch.count
        for index in columns.indices where values[index].isPresent {
            let column = columns[index]
            let writer = writer(index, batch)
            if column.isSecondChoice {
                guard values[index].number != 0, batch.number(column.field, at: row) ?? 0 == 0
                else { continue }
            }
            if writer.width == 16 {
                writer.set(values[index].address, at: row)
            } else {
                writer.set(values[index].number, at: row)
            }
        }
        complete(row, of: batch)
        batch.advance(by: 1)
    }

    /// What the line does not say but what follows from it.
    private func complete(_ row: Int, of batch: FlowBatch) {
        let start = batch.number(.start, at: row)
        var end = batch.number(.end, at: row)
        if end == nil, let start, let duration {
            let (sum, overflows) = start.addingReportingOverflow(duration)
            if !overflows {
                end = sum
                batch.columnForWriting(.end).set(sum, at: row)
            }
        }
        if batch.number(.received, at: row) ?? 0 == 0, let time = end ?? start {
            batch.columnForWriting(.received).set(time, at: row)
        }
        guard let number = batch.number(.proto, at: row), number == 1 || number == 58,
            batch.number(.icmptype, at: row) == nil, let port = batch.number(.dstport, at: row)
        else { return }
        batch.columnForWriting(.icmptype).set(port >> 8, at: row)
        batch.columnForWriting(.icmpcode).set(port & 0xff, at: row)
    }

    /// Columns are made when a row first has a value: absent ones cost nothing.
    @inline(__always)
    private func writer(_ index: Int, _ batch: FlowBatch) -> ColumnWriter {
        if let writer = writers[index] { return writer }
        let writer = batch.columnForWriting(columns[index].field).writer
        writers[index] = writer
        return writer
    }

    /// Writers are good for a batch until it is emptied.
    private func prepareWriters() {
        let batch = ObjectIdentifier(appender.batch)
        guard batch != writtenBatch || appender.batch.count == 0 else { return }
        writtenBatch = batch
        writers = Array(repeating: nil, count: columns.count)
    }

    /// Reads a cell; false where it is no value of the column.
    @inline(__always)
    private func read(_ cell: RawSpan, _ column: CSVColumn, into value: inout Value) -> Bool {
        let number: UInt64?
        switch column.reading {
        case .number(let max):
            number = csvNumber(cell).flatMap { $0 <= max ? $0 : nil }
        case .instant: number = clock.instant(cell)
        case .port: number = csvPort(cell)
        case .flags: number = csvFlags(cell)
        case .label:
            guard let label = csvLabel(cell) else { return false }
            value.number = label
            // `0-0-0` is how nfdump writes that there is none, and so are zeros below.
            value.isPresent = label != 0
            return true
        case .address:
            guard let address = csvAddress(cell) else { return false }
            value.address = address
            value.isPresent = !(column.isNoneWhenZero && address.isUnspecified)
            return true
        case .transportProtocol:
            number = transportProtocol(cell)
        case .country:
            guard let code = csvCountry(cell) else { return false }
            value.number = UInt64(code.rawValue)
            value.isPresent = code.rawValue != 0
            return true
        case .mac:
            guard let mac = MACAddress(cell.text(at: 0, count: min(cell.byteCount, 32))) else {
                return false
            }
            value.number = mac.rawValue
            value.isPresent = mac.rawValue != 0
            return true
        case .duration:
            duration = csvDuration(cell)
            return duration != nil
        case .ignored: return true
        }
        guard let number else { return false }
        value.number = number
        value.isPresent = !(column.isNoneWhenZero && number == 0)
        return true
    }

    /// Names repeat: those of the last line are tried before they are looked up.
    private var lastProtocol: (name: UInt64, number: UInt8) = (0, 0)

    private func transportProtocol(_ cell: RawSpan) -> UInt64? {
        if cell.octet(at: 0) &- 0x30 <= 9, let number = csvNumber(cell) {
            return number <= 255 ? number : nil
        }
        var key: UInt64 = 0
        if cell.byteCount <= 8 {
            for index in 0..<cell.byteCount { key = key << 8 | UInt64(cell.octet(at: index)) }
            if key == lastProtocol.name { return UInt64(lastProtocol.number) }
        }
        guard cell.byteCount <= 32,
            let number = options.transportProtocol(cell.text(at: 0, count: cell.byteCount))
        else { return nil }
        if key != 0 { lastProtocol = (key, number) }
        return UInt64(number)
    }

    private func note(_ reason: FlowFileCounters.Reason, _ what: String) {
        counters.note(reason)
        if counters.firstProblem == nil { counters.firstProblem = "line \(lineNumber): \(what)" }
    }
}

extension CSVColumn {
    /// What its cells are, for messages.
    var name: String {
        if case .duration = reading { return "duration" }
        return field.name
    }
}

/// Seconds with a fraction, as nfdump writes them, or whole milliseconds.
private func csvDuration(_ cell: RawSpan) -> UInt64? {
    csvDecimal(cell, 0..<cell.byteCount) ?? csvThousandths(cell)
}
