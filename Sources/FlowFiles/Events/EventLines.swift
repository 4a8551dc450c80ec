import FlowModel

/// Reads events of lines: Gource's own log, or CSV.
struct EventLines {
    /// The cells of an event.
    struct Cells {
        var time: String?
        var actor: String?
        var thing: String?
        var weight: String?
    }

    enum Line {
        case header
        case event(Cells)
        case unreadable(FlowFileCounters.Reason, String)
    }

    private var delimiter: UInt8?
    private var places: Places?
    private var line = CSVLine()

    private struct Places {
        var time = 0
        var actor = 1
        var thing = 2
        var weight: Int? = 3
    }

    /// Words that headers have for each.
    private static let times = ["time", "date", "timestamp", "start", "when"]
    private static let actors = ["actor", "author", "user", "who", "source", "srcip"]
    private static let things = [
        "thing", "file", "filename", "path", "what", "target", "dstip", "object",
    ]
    private static let weights = ["weight", "bytes", "count", "size", "octets"]

    mutating func read(_ octets: RawSpan) -> Line {
        var text = octets
        if delimiter == nil, text.byteCount >= 3, text.octet(at: 0) == 0xef {
            text = text.extracting(3..<text.byteCount)
        }
        let delimiter = self.delimiter ?? CSVLine.likelyDelimiter(of: text)
        self.delimiter = delimiter
        do throws(CSVLine.Problem) {
            try line.split(text, delimiter: delimiter)
        } catch .openQuote {
            return .unreadable(.openQuotes, "a quoted cell does not end")
        } catch {
            return .unreadable(.badCellCounts, "too many cells")
        }
        let cells = line.cells.map { cell in
            text.text(at: cell.lowerBound, count: cell.count)
                .replacing("\"\"", with: "\"")
        }
        guard let places else {
            let found = Self.places(cells, isPiped: delimiter == UInt8(ascii: "|"))
            self.places = found.places
            return found.isHeader ? .header : event(cells, found.places)
        }
        return event(cells, places)
    }

    private func event(_ cells: [String], _ places: Places) -> Line {
        guard max(places.time, places.actor, places.thing) < cells.count else {
            return .unreadable(.badCellCounts, "\(cells.count) cells are too few")
        }
        let weight = places.weight.flatMap { $0 < cells.count ? cells[$0] : nil }
        return .event(
            Cells(
                time: cells[places.time], actor: cells[places.actor], thing: cells[places.thing],
                weight: weight?.isEmpty == true ? nil : weight))
    }

    private static func places(
        _ cells: [String], isPiped: Bool
    ) -> (places: Places, isHeader: Bool) {
        let words = cells.map { $0.lowercased() }
        func place(_ names: [String]) -> Int? { words.firstIndex { names.contains($0) } }
        if let time = place(times), let actor = place(actors), let thing = place(things) {
            return (Places(time: time, actor: actor, thing: thing, weight: place(weights)), true)
        }
        // time|user|A, M or D|file, a colour may follow.
        if isPiped, cells.count >= 4, ["A", "M", "D"].contains(cells[2]) {
            return (Places(time: 0, actor: 1, thing: 3, weight: nil), false)
        }
        return (Places(), false)
    }
}
