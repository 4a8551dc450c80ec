import ArgumentParser
import FlowQuery

/// From options to the writer of the answer.
extension QueryCommand {
    /// The form that every answer has; nil where a layout is wanted.
    var form: OutputFormat? {
        if layout.formatString != nil { return nil }
        switch output {
        case nil: return .table
        case .format(let format): return format
        case .layout, .wrong: return nil
        }
    }

    /// The layout of a list of flows; nil where it has another form.
    func flowLayout() throws -> FlowLayout? {
        switch try chosenOutput() {
        case nil, .format: return nil
        case .layout(let layout, _): return layout
        case .wrong(let error): throw ValidationError("\(error)")
        }
    }

    /// The fields that the form of a list of flows prescribes; nil where they are free.
    func ownFields() throws -> [FlowOutput]? {
        if let layout = try flowLayout() {
            if fields != nil {
                throw ValidationError("--fields and a layout exclude each other: it names its own")
            }
            return layout.fields
        }
        return isPeerCSV ? FlowCSVWriter.fields : nil
    }

    /// Whether flows are put out in nfdump's columns, which have no place for both directions.
    private var isPeerCSV: Bool {
        form == .csv && isList && fields == nil && !flowTime.bidirectional
    }

    /// The writers of the answers, one for each `--by`.
    func writers(
        to output: AnswerOutput, note: @escaping (String) -> Void = StandardStreams.say
    ) throws -> [any AnswerWriter] {
        guard by.count > 1 else { return [try writer(to: output, note: note)] }
        return (form ?? .table).writers(by.count, to: output, times: times, note: note)
    }

    private func writer(
        to output: AnswerOutput, note: @escaping (String) -> Void
    ) throws -> any AnswerWriter {
        if let flowLayout = try flowLayout() {
            let meter = ProcessUsage()
            return LayoutWriter(
                flowLayout, style: style, to: output, times: times, usage: { meter.sinceStart() },
                note: note)
        }
        if isPeerCSV {
            return FlowCSVWriter(output: output, times: times, note: note)
        }
        return (form ?? .table).writer(
            to: output, times: times, rowsMax: isTableCut ? Self.tableRows : nil, note: note)
    }

    private var style: LayoutStyle {
        var showsWholeAddresses = layout.wholeAddresses
        if case .layout(_, showsWholeAddresses: true) = output { showsWholeAddresses = true }
        return LayoutStyle(
            isPlain: layout.plainNumbers, showsWholeAddresses: showsWholeAddresses,
            isQuiet: layout.quiet)
    }

    private func chosenOutput() throws -> QueryOutput? {
        guard let text = layout.formatString else {
            if case .layout = output {
            } else {
                let option =
                    layout.plainNumbers
                    ? "--plain-numbers"
                    : layout.wholeAddresses ? "--whole-addresses" : layout.quiet ? "--quiet" : nil
                if let option, form != nil {
                    throw ValidationError("\(option) belongs to a layout: --output line")
                }
            }
            return output
        }
        guard output == nil else {
            throw ValidationError("--output and --format-string exclude each other")
        }
        return QueryOutput(formatString: text)
    }
}
