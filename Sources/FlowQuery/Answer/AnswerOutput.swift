/// Where a writer's text goes: gathers it and hands it on in large pieces.
public final class AnswerOutput {
    private var text: [UInt8] = []

    private let write: ([UInt8]) throws -> Void
    private static let piece = 65_536

    /// - Parameter write: takes the next piece of the answer.
    public init(write: @escaping ([UInt8]) throws -> Void) {
        self.write = write
        text.reserveCapacity(Self.piece + 4096)
    }

    /// Lets a writer append to the text that was not handed on yet.
    ///
    /// Hands it on when it has become much. The text is a variable of its own meanwhile: appending to
    /// a property of a class checks for exclusive access at every octet.
    @inline(__always)
    func append(_ body: (inout [UInt8]) -> Void) throws {
        var taken: [UInt8] = []
        swap(&taken, &text)
        body(&taken)
        swap(&taken, &text)
        if text.count >= Self.piece { try flush() }
    }

    /// Hands on what there is.
    func flush() throws {
        guard !text.isEmpty else { return }
        try write(text)
        text.removeAll(keepingCapacity: true)
    }
}

/// The forms of an answer.
public enum OutputFormat: String, Sendable, CaseIterable {
    /// Aligned columns for people.
    case table
    /// RFC 4180 with a header.
    case csv
    /// One object: `{"rows": […], "footing": {…}}`.
    case json
    /// An object a row and line.
    case ndjson

    /// A writer of this form.
    ///
    /// - Parameters:
    ///   - output: takes the text.
    ///   - times: the zone of the times in tables.
    ///   - rowsMax: rows that a table shows at most; a row more than these only makes a note.
    ///   - note: takes what must be said beside the answer, a sentence a call.
    public func writer(
        to output: AnswerOutput, times: TimeText, rowsMax: Int? = nil,
        note: @escaping (String) -> Void
    ) -> any AnswerWriter {
        switch self {
        case .table: TableWriter(output: output, times: times, rowsMax: rowsMax, note: note)
        case .csv: CSVWriter(output: output, note: note)
        case .json: JSONWriter(output: output, isLines: false, note: note)
        case .ndjson: JSONWriter(output: output, isLines: true, note: note)
        }
    }
}

extension Footing {
    /// What a reader must know before trusting the answer, a sentence each.
    public var notes: [String] {
        var notes: [String] = []
        if flowsOfUnknownRate > 0 {
            notes.append(
                "\(Self.flows(flowsOfUnknownRate)) of a sampler whose rate has not been seen: "
                    + "their packets and bytes are as exported, the sums are too low")
        }
        if flowsWithoutStart > 0 {
            notes.append(
                "\(Self.flows(flowsWithoutStart)) without a start, placed at the time of arrival")
        }
        if groupsEstimated > 0 {
            let groups = groupsEstimated == 1 ? "1 group" : "\(groupsEstimated) groups"
            notes.append(
                "\(groups) of more than 100,000 distinct values: estimated by HyperLogLog, standard "
                    + "error 0.8 %")
        }
        if bucketsLeftOut > 0 {
            notes.append(
                "\(bucketsLeftOut) empty buckets between flows that lie far apart are left out; "
                    + "--from and --to say which time is wanted whole")
        }
        notes += rollups.notes
        let parts = [
            Self.damaged(segmentsDamaged, "segment"), Self.damaged(blocksDamaged, "block"),
        ].compactMap(\.self)
        if !parts.isEmpty {
            notes.append(
                "\(parts.joined(separator: " and ")) skipped, "
                    + "\(Self.flows(rowsDamaged)) are missing here")
        }
        return notes
    }

    private static func damaged(_ count: Int, _ noun: String) -> String? {
        count == 0 ? nil : "\(count) damaged \(noun)\(count == 1 ? "" : "s")"
    }

    private static func flows(_ count: UInt64) -> String {
        count == 1 ? "1 flow" : "\(count) flows"
    }
}
