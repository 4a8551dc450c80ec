import ArgumentParser
import FlowQuery
import SkeinConfiguration

/// Prints the documents that are made from the code.
struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print a document that is made from the code.",
        shouldDisplay: false)

    enum Document: String, ExpressibleByArgument, CaseIterable {
        /// docs/fields.md
        case fields
        /// docs/configuration.md
        case configuration
    }

    @Argument(help: "Which document.")
    var document: Document

    func run() throws {
        switch document {
        case .fields: print(FieldReference.markdown, terminator: "")
        case .configuration: print(ConfigurationReference.markdown, terminator: "")
        }
    }
}
