import FlowWire

/// What became of one input file: one object of the `files` array that `skein import` answers.
struct FileSummary {
    /// What a file was taken for.
    enum Kind: String {
        /// Datagrams of routers.
        case exports
        /// Packets, metered into flows.
        case traffic
    }

    let path: String
    var kind: Kind
    /// Set where nothing was read because the store has this file already.
    var isKnown = false
    /// Packets in the capture; nil for a stream of messages.
    var packets: UInt64?
    var exports = ExportCounters()
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
        members.append(("flows", .number(flows)))
        members.append(("undecoded", .object(sortedReasons.map { ($0.key, .number($0.value)) })))
        if kind == .exports {
            members += [
                ("exporters", .number(exports.exporters)),
                ("sequenceLost", .number(exports.sequenceLost)),
            ]
        }
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
        }
        if !undecoded.isEmpty {
            let reasons = sortedReasons.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            text += "\n  not decoded: \(reasons)"
        }
        return text
    }

    private static func counted(_ number: UInt64, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    private var sortedReasons: [(key: String, value: UInt64)] {
        undecoded.sorted { $0.key < $1.key }
    }
}
