public import ArgumentParser
public import FlowQuery

// The names that `--output` and `--order` take are the raw values.
extension OutputFormat: ExpressibleByArgument {}
extension GroupOrder: ExpressibleByArgument {}

/// What `skein query --output` takes: a form that every answer has, or a layout of lists of flows.
enum QueryOutput: Hashable, ExpressibleByArgument {
    case format(OutputFormat)
    /// nfdump's text.
    case layout(FlowLayout, showsWholeAddresses: Bool)
    /// `fmt:` and a format that cannot be read; said when the command is checked.
    case wrong(LayoutError)

    init?(argument: String) {
        if let format = OutputFormat(rawValue: argument) {
            self = .format(format)
        } else if argument.lowercased().hasPrefix("fmt:") {
            self.init(formatString: String(argument.dropFirst(4)))
        } else if argument.hasPrefix("%") {
            self.init(formatString: argument)
        } else if let layout = FlowLayout(named: argument) {
            self = .layout(layout, showsWholeAddresses: false)
        } else if argument.hasSuffix("6"),
            let layout = FlowLayout(named: String(argument.dropLast()))
        {
            self = .layout(layout, showsWholeAddresses: true)
        } else {
            return nil
        }
    }

    /// A layout of tags.
    init(formatString text: String) {
        do {
            self = .layout(try FlowLayout(parsing: text), showsWholeAddresses: false)
        } catch {
            self = .wrong(error)
        }
    }

    static let allValueStrings =
        OutputFormat.allCases.map(\.rawValue) + FlowLayout.names + ["fmt:<tags>"]

    static let defaultCompletionKind = CompletionKind.list(
        OutputFormat.allCases.map(\.rawValue) + FlowLayout.names)
}

/// How lists of flows look in nfdump's layouts.
struct LayoutOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A layout of tags for a list of flows, as nfdump's: '%ts %sap -> %dap %byt'.",
            valueName: "tags"))
    var formatString: String?

    @Flag(
        name: [.customShort("N"), .long],
        help: "In layouts: plain numbers instead of 1.2 M, durations in seconds.")
    var plainNumbers = false

    @Flag(
        name: [.customShort("6"), .long],
        help: "In layouts: IPv6 addresses whole instead of their first and last part.")
    var wholeAddresses = false

    @Flag(name: .shortAndLong, help: "In layouts: only the flows, no head and no summary.")
    var quiet = false
}
