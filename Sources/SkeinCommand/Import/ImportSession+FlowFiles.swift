import FlowFiles
import FlowModel
import FlowStore

/// Files that hold flows already.
extension ImportSession {
    /// The files that the user's words name: collectors keep theirs in folders.
    static func paths(_ names: [String], _ choice: Choice) throws(InputError) -> [String] {
        guard choice == .nfdump || choice == .flowTools else { return names }
        var paths: [String] = []
        for name in names { paths += try FlowFileFolder.files(in: name) ?? [name] }
        return paths
    }

    /// Which of their formats a file is in; nil for captures and messages.
    ///
    /// - Throws: where the user named one that it is not.
    static func flowFileFormat(
        of first: RawSpan, _ choice: Choice, path: String
    ) throws(InputError) -> FlowFileFormat? {
        let found = FlowFileFormat.detect(first)
        switch choice {
        case .csv: return .csv
        case .nfdump, .flowTools:
            guard let found, found.rawValue == choice.rawValue else {
                let other = found.map { "; it is a file of \($0.rawValue)'s" } ?? ""
                throw InputError(
                    path: path, problem: "is not a file of \(choice.rawValue)'s\(other)")
            }
            return found
        case .auto: return found
        case .exports, .traffic:
            guard let found else { return nil }
            throw InputError(
                path: path, problem: "is a file of \(found.rawValue)'s; use --as \(found.rawValue)")
        }
    }

    func flowFileFormat(of first: RawSpan, path: String) throws(InputError) -> FlowFileFormat? {
        try Self.flowFileFormat(of: first, choice, path: path)
    }

    /// Adds a file of flows.
    func addFlowFile(
        _ buffer: inout InputBuffer, as format: FlowFileFormat, _ progress: inout ProgressBar
    ) throws -> FileSummary {
        let kind: FileSummary.Kind
        let reader: any FlowFileReader
        switch format {
        case .nfdump:
            kind = .nfdump
            reader = NfdumpReader(appender: appender)
        case .flowTools:
            kind = .flowTools
            reader = FlowToolsReader(appender: appender)
        case .csv:
            kind = .csv
            reader = CSVReader(appender: appender, options: csvOptions)
        }
        var summary = FileSummary(path: buffer.path, kind: kind)
        let rowsBefore = rowsWritten
        try drain(&buffer, &progress) { bytes in try reader.feed(bytes) }
        try reader.finish(rest: buffer.pending)
        let counters = reader.counters
        summary.flowFile = counters
        for (reason, count) in counters.undecoded { summary.note(reason.rawValue, count) }
        summary.flows = UInt64(rowsWritten - rowsBefore)
        writer.note(reader.rates)
        return summary
    }
}
