import ArgumentParser
import FlowQuery

/// Prints the documents that are made from the code.
struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print a document that is made from the code.",
        shouldDisplay: false)

    enum Document: String, ExpressibleByArgument, CaseIterable {
        /// docs/fields.md
        case fields
    }

    @Argument(help: "Which document.")
    var document: Document

    func run() throws {
        switch document {
        case .fields: print(FieldReference.markdown, terminator: "")
        }
    }
}
