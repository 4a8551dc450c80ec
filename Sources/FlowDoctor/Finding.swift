public import FlowWire

/// One thing that is wrong with an exporter, or worth knowing, in words.
public struct Finding: Hashable, Sendable {
    /// How much it matters.
    public enum Severity: Int, Comparable, Sendable, CaseIterable {
        /// Worth knowing.
        case note
        /// Answers may be off.
        case warning
        /// Flows are missing or wrong.
        case problem

        /// By weight.
        public static func < (a: Severity, b: Severity) -> Bool { a.rawValue < b.rawValue }
    }

    /// What kind of thing it is; the raw value is its key in JSON and metrics.
    public enum Kind: String, Sendable, CaseIterable {
        /// It has stopped sending.
        case silent
        /// Its datagrams get lost on the way.
        case loss
        /// They overtake each other.
        case reordering
        /// It starts anew again and again.
        case restarts
        /// Data came without a template.
        case templateMissing
        /// Templates are repeated too rarely.
        case templateAge
        /// A template could not be used.
        case templateInvalid
        /// Something it sends could not be read.
        case undecoded
        /// The rate of a sampler was not announced.
        case samplingUnknown
        /// Its clock differs from ours.
        case clock
        /// Flows bear times that cannot be.
        case flowTimes
        /// It speaks NetFlow v1, v5 or v7.
        case oldProtocol
    }

    /// How much it matters.
    public var severity: Severity
    /// What kind of thing it is.
    public var kind: Kind
    /// What was seen, with numbers: a sentence without a full stop.
    public var what: String
    /// What follows from it for answers.
    public var effect: String
    /// What to do about it, whatever the router is; ``RouterModel/commands(for:collector:)`` has what to type.
    public var remedy: String
}

/// An exporter with what is to be said of it.
public struct ExporterDiagnosis: Sendable {
    /// The exporter.
    public var status: ExporterStatus
    /// What is wrong, the worst first; empty where all is well.
    public var findings: [Finding]
    /// What kind of router it seems to be, going by the enterprises in its templates.
    public var router: RouterModel?

    /// The weight of the worst finding; nil where all is well.
    public var severity: Finding.Severity? { findings.map(\.severity).max() }
}
