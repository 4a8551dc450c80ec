public import FlowModel

/// Reads events of anything, who did something to what and when, as flows from the actor to the thing.
///
///     code_swarm   <event date="1465300800000" filename="src/main.c" author="Ann" weight="3"/>
///     Gource       1465300800|Ann|M|src/main.c
///     CSV          time,actor,thing,weight       in any order with a header, in this one without
///
/// A flow's octets are a thousand times the weight, which is 1 where none is said; its service is the kind of the thing.
public final class EventReader: FlowFileReader {
    /// What was found so far; each event is a record.
    public private(set) var counters = FlowFileCounters()
    /// There are none.
    public var rates: [SamplingRate] { [] }

    private enum Form {
        case xml
        case lines(EventLines)
    }

    private let names: EventNames
    private let appender: BatchAppender
    private var clock: CSVClock
    private var form: Form?
    private var lineNumber: UInt64 = 0
    /// Octets of an element or line at most.
    private static let pieceMax = 1 << 20

    /// - Parameters:
    ///   - names: keeps what the addresses mean.
    ///   - localTime: milliseconds of a local time as if in UTC to UTC; see ``CSVOptions``.
    public init(
        names: EventNames, appender: BatchAppender,
        localTime: @escaping @Sendable (Int64) -> Int64
    ) {
        self.names = names
        self.appender = appender
        clock = CSVClock(localTime: localTime)
    }

    /// Reads as far as whole events go and answers how many octets that were.
    public func feed(_ bytes: RawSpan) throws -> Int {
        if form == nil { form = Self.form(of: bytes) }
        if case .xml? = form, lineNumber == 0 { lineNumber = 1 }
        var offset = 0
        while let (end, next) = end(bytes, from: offset) {
            try read(bytes.extracting(offset..<end))
            offset = next
        }
        guard bytes.byteCount - offset > Self.pieceMax else { return offset }
        lineNumber += 1
        note(.longLines, "more than \(Self.pieceMax) octets")
        return bytes.byteCount
    }

    /// Ends the file; `rest` is a last line without an end.
    public func finish(rest: RawSpan) throws {
        if form == nil { form = Self.form(of: rest) }
        if rest.byteCount > 0 { try read(rest) }
    }

    /// XML begins with `<`, whatever stands before it that is blank.
    private static func form(of bytes: RawSpan) -> Form? {
        var index = 0
        while index < bytes.byteCount {
            switch bytes.octet(at: index) {
            case 0x20, 9, 10, 13, 0xef, 0xbb, 0xbf: index += 1
            case UInt8(ascii: "<"): return .xml
            default: return .lines(EventLines())
            }
        }
        return nil
    }

    /// Where the line or the tag ends that begins at `start`, and where the next one begins.
    private func end(_ bytes: RawSpan, from start: Int) -> (end: Int, next: Int)? {
        guard case .xml? = form else { return CSVLine.end(bytes, from: start) }
        // A `>` within the quotation marks of a tag belongs to the value; a comment ends with `-->` only.
        var quote: UInt8?
        var tag: Int?
        for index in start..<bytes.byteCount {
            let octet = bytes.octet(at: index)
            if let open = quote {
                if octet == open { quote = nil }
            } else if octet == UInt8(ascii: "<") {
                if tag.map({ Self.isComment(bytes, at: $0) }) != true { tag = index }
            } else if octet == UInt8(ascii: ">") {
                if let tag, Self.isComment(bytes, at: tag), !Self.endsComment(bytes, at: index) {
                    continue
                }
                return (index + 1, index + 1)
            } else if octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "'"), let tag,
                !Self.isComment(bytes, at: tag)
            {
                quote = octet
            }
        }
        return nil
    }

    private static func isComment(_ bytes: RawSpan, at index: Int) -> Bool {
        index + 4 <= bytes.byteCount && bytes.text(at: index, count: 4) == "<!--"
    }

    private static func endsComment(_ bytes: RawSpan, at index: Int) -> Bool {
        index >= 2 && bytes.text(at: index - 2, count: 3) == "-->"
    }

    private func read(_ octets: RawSpan) throws {
        switch form {
        case .xml?:
            for index in 0..<octets.byteCount where octets.octet(at: index) == 10 {
                lineNumber += 1
            }
            guard let tag = EventTag(octets) else { return }
            counters.records += 1
            try add(
                time: tag["date"].flatMap(instant), actor: tag["author"], thing: tag["filename"],
                weight: Self.weight(tag["weight"]))
        case .lines(var lines)?:
            lineNumber += 1
            guard octets.byteCount > 0, octets.octet(at: 0) != UInt8(ascii: "#") else { return }
            let event = lines.read(octets)
            form = .lines(lines)
            switch event {
            case .header: return
            case .unreadable(let reason, let what):
                counters.records += 1
                note(reason, what)
            case .event(let cells):
                counters.records += 1
                try add(
                    time: cells.time.flatMap(instant), actor: cells.actor, thing: cells.thing,
                    weight: Self.weight(cells.weight))
            }
        case nil: return
        }
    }

    private static func weight(_ text: String?) -> UInt64? { text.map { UInt64($0) } ?? 1 }

    /// A weight of 1 is drawn as so many octets: what `skein export --as codeswarm` divides by.
    public static let octetsOfWeight: UInt64 = 1000

    private func instant(_ text: String) -> UInt64? {
        let octets = Array(text.utf8)
        return unsafe clock.instant(octets.span.bytes)
    }

    private func add(time: UInt64?, actor: String?, thing: String?, weight: UInt64?) throws {
        guard let time else { return note(.badValues, "no time") }
        guard let actor, !actor.isEmpty else { return note(.badValues, "nobody who did it") }
        guard let thing, !thing.isEmpty else { return note(.badValues, "nothing it was done to") }
        guard let weight else { return note(.badValues, "the weight is no whole number") }
        let (source, target) = (try names.actor(actor), try names.thing(thing))
        try appender.reserve(1)
        let batch = appender.batch
        let row = batch.count
        batch.columnForWriting(.start).set(time, at: row)
        batch.columnForWriting(.end).set(time, at: row)
        batch.columnForWriting(.received).set(time, at: row)
        batch.columnForWriting(.srcip).set(source, at: row)
        batch.columnForWriting(.dstip).set(target, at: row)
        // The lower port is the service's.
        batch.columnForWriting(.proto).set(6, at: row)
        batch.columnForWriting(.srcport).set(65_535, at: row)
        batch.columnForWriting(.dstport).set(UInt64(names.kind(of: thing)), at: row)
        batch.columnForWriting(.packets).set(1, at: row)
        let (octets, isTooMuch) = weight.multipliedReportingOverflow(by: Self.octetsOfWeight)
        batch.columnForWriting(.bytes).set(isTooMuch ? .max : octets, at: row)
        batch.advance(by: 1)
    }

    private func note(_ reason: FlowFileCounters.Reason, _ what: String) {
        counters.note(reason)
        if counters.firstProblem == nil { counters.firstProblem = "line \(lineNumber): \(what)" }
    }
}
