import FlowAlert
import FlowQuery

/// Alerts as an answer.
struct AlertRows {
    private let alerts: [Alert]
    private let times: TimeText

    init(_ alerts: [Alert], _ times: TimeText = TimeText()) {
        self.alerts = alerts
        self.times = times
    }

    func write(as format: OutputFormat) throws { try rows.write(as: format) }

    var rows: ListedRows {
        ListedRows(
            columns: Alert(rule: "", kind: .contact, severity: .low).members.map(\.0),
            rows: alerts.map { $0.members.map { JSONValue($0.1) } },
            table: (
                [
                    "id", "last", "severity", "state", "rule", "from", "to", "flows", "bytes",
                    "sources and links",
                ], alerts.map(texts)
            ))
    }

    private func texts(_ alert: Alert) -> [String] {
        var last: [UInt8] = []
        times.append(alert.last, to: &last)
        let what =
            alert.measure.isEmpty
            ? alert.sources.joined(separator: ",") : "\(alert.value) \(alert.measure)"
        return [
            "\(alert.id)", String(decoding: last.prefix(19), as: UTF8.self),
            alert.severity.rawValue, alert.state.rawValue,
            alert.rule + (alert.isRetro ? " (retro)" : ""), alert.source?.description ?? "*",
            alert.targetText, StoreTable.grouped(alert.flows),
            StoreTable.grouped(alert.bytes),
            ([what] + alert.links + (alert.note.isEmpty ? [] : ["“\(alert.note)”"]))
                .joined(separator: " "),
        ]
    }
}

extension JSONValue {
    /// The same document.
    init(_ value: AlertJSON) {
        self =
            switch value {
            case .number(let number): .number(number)
            case .integer(let number): .integer(number)
            case .text(let text): .text(text)
            case .flag(let flag): .boolean(flag)
            case .null: .null
            case .list(let values): .array(values.map { JSONValue($0) })
            case .object(let members): .object(members.map { ($0.0, JSONValue($0.1)) })
            }
    }
}
