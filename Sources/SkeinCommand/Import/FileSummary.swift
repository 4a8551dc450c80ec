import FlowFiles
import FlowWire

/// What became of one input file: one object of the `files` array that `skein import` answers.
struct FileSummary {
    /// What a file was taken for.
    enum Kind: String {
        /// Datagrams of routers.
        case exports
        /// Packets, metered into flows.
        case traffic
        /// Flows that nfdump kept.
        case nfdump
        /// Flows that flow-tools kept.
        case flowTools = "flow-tools"
        /// Flows in lines of cells.
        case csv
    }

    let path: String
    var kind: Kind
    /// Set where nothing was read because the store has this file already.
    var isKnown = false
    /// Packets in the capture; nil for a stream of messages.
    var packets: UInt64?
    var exports = ExportCounters()
    /// What a file of flows held.
    var flowFile: FlowFileCounters?
    /// Rows that went to the store.
    var flows: UInt64 = 0
    /// What could not be used, by reason.
    var undecoded: [String: UInt64] = [:]
    /// Octets of an unfinished last packet; 0 where the file ends as it should.
    var truncatedOctets = 0

    /// Counts something that could not be used; 0 leaves no trace.
    mutating func note(_ reason: String, _ count: UInt64) {
        if count > 0 { undecoded[reason, default: 0] += count }
    }

    var json: JSONValue {
        var members: [(key: String, value: JSONValue)] = [
            ("path", .text(path)), ("kind", .text(kind.rawValue)),
        ]
        if isKnown { members.append(("alreadyImported", .boolean(true))) }
        if let packets { members.append(("packets", .number(packets))) }
        if kind == .exports {
            members += [
                ("datagrams", .number(exports.datagrams)), ("records", .number(exports.records)),
                ("optionsRecords", .number(exports.optionsRecords)),
            ]
            if exports.clockSkewed > 0 {
                members.append(("clockSkewed", .number(exports.clockSkewed)))
            }
            if exports.counterSamples > 0 {
                members.append(("counterSamples", .number(exports.counterSamples)))
            }
        }
        if let flowFile { members.append(("records", .number(flowFile.records))) }
        members.append(("flows", .number(flows)))
        members.append(("undecoded", .object(sortedReasons.map { ($0.key, .number($0.value)) })))
        if kind == .exports {
            members += [
                ("exporters", .number(exports.exporters)),
                ("sequenceLost", .number(exports.sequenceLost)),
            ]
        }
        if let flowFile { members += Self.members(flowFile, kind) }
        if truncatedOctets > 0 {
            members.append(("truncatedOctets", .number(UInt64(truncatedOctets))))
        }
        return .object(members)
    }

    /// One or two lines for people.
    var text: String {
        if isKnown {
            return "\(path): imported before, nothing added (--again imports it once more)"
        }
        var text = "\(path): \(Self.counted(flows, "flow")) from "
        switch kind {
        case .exports:
            text +=
                "\(Self.counted(exports.records, "record")) in "
                + "\(Self.counted(exports.datagrams, "datagram")) of "
                + Self.counted(exports.exporters, "exporter")
            if exports.optionsRecords > 0 {
                text += ", " + Self.counted(exports.optionsRecords, "options record")
            }
            if exports.clockSkewed > 0 {
                text += "; times of \(exports.clockSkewed) lie over a day from their arrival"
            }
            if exports.sequenceLost > 0 { text += "; \(exports.sequenceLost) lost on the way" }
        case .traffic:
            text += Self.counted(packets ?? 0, "packet")
        case .nfdump, .flowTools, .csv:
            if let flowFile { text += Self.text(flowFile, kind) }
        }
        if !undecoded.isEmpty {
            let reasons = sortedReasons.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            text += "\n  not decoded: \(reasons)"
        }
        return text
    }

    /// What the summary of a file of flows has besides.
    private static func members(
        _ file: FlowFileCounters, _ kind: Kind
    ) -> [(key: String, value: JSONValue)] {
        var members: [(key: String, value: JSONValue)] = []
        if kind != .csv { members.append(("exporters", .number(file.exporters))) }
        // nfdump counts gaps, flow-tools the flows that fell into them.
        if kind == .nfdump {
            members.append(("sequenceFailures", .number(file.sequenceFailures)))
        } else if kind == .flowTools {
            members.append(("sequenceLost", .number(file.sequenceLost)))
        }
        if let ident = file.ident { members.append(("ident", .text(ident))) }
        if file.anonymisedFlows > 0 {
            members.append(("anonymisedFlows", .number(file.anonymisedFlows)))
        }
        if let problem = file.firstProblem { members.append(("firstProblem", .text(problem))) }
        return members
    }

    private static func text(_ file: FlowFileCounters, _ kind: Kind) -> String {
        var text = counted(file.records, kind == .csv ? "line" : "record")
        if let ident = file.ident { text += " of \(ident)" }
        if file.exporters > 0 { text += " of \(counted(file.exporters, "exporter"))" }
        if file.sequenceFailures > 0 {
            text += "; " + counted(file.sequenceFailures, "gap") + " in sequence numbers"
        }
        if file.sequenceLost > 0 { text += "; \(file.sequenceLost) lost on the way" }
        if file.anonymisedFlows > 0 {
            text += "; addresses of \(file.anonymisedFlows) are anonymised"
        }
        if let problem = file.firstProblem { text += "\n  first problem: \(problem)" }
        return text
    }

    private static func counted(_ number: UInt64, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    private var sortedReasons: [(key: String, value: UInt64)] {
        undecoded.sorted { $0.key < $1.key }
    }
}
