import FlowQuery

/// What may come from the environment and the command line.
enum TextForm: Sendable {
    /// One value.
    case scalar
    /// Values with commas between them.
    case list
    /// Nothing: it takes a file to write it.
    case none
}

/// How values of one sort are read from a document and written into one.
struct ValueFormat<Value: Sendable>: Sendable {
    /// What may stand here, for the documents: `duration or none`.
    let name: String
    /// The same for messages: `a length of time`.
    let noun: String
    let textForm: TextForm
    /// The keys of the entries of a list; empty for other values.
    let fields: [SettingInfo]
    let read: @Sendable (YAMLNode, inout Findings) -> Value?
    let write: @Sendable (Value) -> YAMLContent
}

/// What is written into a document.
indirect enum YAMLContent: Hashable, Sendable {
    case scalar(String)
    /// `none`.
    case absent
    case list([YAMLContent])
    case entries([Entry])

    /// A key and its value.
    struct Entry: Hashable, Sendable {
        let key: String
        let value: YAMLContent
    }
}

/// Why a text is not a value; what to do is said by the hint.
enum ValueProblem: Error {
    case notAValue(hint: String?)
    case outOfRange(least: String, most: String)
    case conflict(String)

    static let notAValue = ValueProblem.notAValue(hint: nil)
}

extension ValueFormat {
    /// One text.
    static func scalar(
        _ name: String, noun: String,
        parse: @escaping @Sendable (String) throws(ValueProblem) -> Value,
        write: @escaping @Sendable (Value) -> String
    ) -> ValueFormat {
        ValueFormat(
            name: name, noun: noun, textForm: .scalar, fields: [],
            read: { node, findings in
                guard case .scalar(let text, let isQuoted) = node.content else {
                    if case .refused = node.content { return nil }
                    findings.add(
                        .wrongShape(expected: noun, found: node.shapeName), at: node.place)
                    return nil
                }
                guard !(node.isNull && !isQuoted), !text.isEmpty else {
                    findings.add(.missingValue(expected: noun), at: node.place)
                    return nil
                }
                do throws(ValueProblem) {
                    return try parse(text)
                } catch {
                    let kind: ConfigurationProblem.Kind =
                        switch error {
                        case .notAValue(let hint): .notAValue(text.cut, expected: noun, hint: hint)
                        case .outOfRange(let least, let most):
                            .outOfRange(text.cut, least: least, most: most)
                        case .conflict(let text): .conflict(text)
                        }
                    findings.add(kind, at: node.place)
                    return nil
                }
            }, write: { .scalar(write($0)) })
    }

    /// One of a few words.
    static func word(
        _ words: [(String, Value)], noun: String
    ) -> ValueFormat where Value: Equatable {
        let names = words.map(\.0)
        let all = names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
        return .scalar(
            names.map { "`\($0)`" }.joined(separator: ", "), noun: noun,
            parse: { text throws(ValueProblem) in
                let wanted = text.lowercased()
                guard let word = words.first(where: { $0.0 == wanted }) else {
                    let near = NearestWord.find(text, among: names)
                    throw .notAValue(
                        hint: near.map { "did you mean ‘\($0)’?" } ?? "it is one of \(all)")
                }
                return word.1
            }, write: { value in words.first { $0.1 == value }?.0 ?? "" })
    }

    /// The same, or `none`.
    static func optional<Wrapped>(
        _ format: ValueFormat<Wrapped>
    ) -> ValueFormat where Value == Wrapped? {
        ValueFormat(
            name: "\(format.name), or `none`", noun: "\(format.noun) or none",
            textForm: format.textForm, fields: format.fields,
            read: { node, findings in
                if case .scalar("none", isQuoted: false) = node.content {
                    return .some(.none)
                }
                return format.read(node, &findings).map { .some($0) }
            }, write: { value in value.map(format.write) ?? .absent })
    }

    /// Several of them, each once.
    static func list<Element>(
        _ format: ValueFormat<Element>
    ) -> ValueFormat where Value == [Element] {
        ValueFormat(
            name: "list of: \(format.name)", noun: "a list, each \(format.noun)",
            textForm: .list, fields: [],
            read: { node, findings in
                let nodes: [YAMLNode]
                switch node.content {
                case .sequence(let items): nodes = items
                case .scalar("none", isQuoted: false): nodes = []
                case .scalar(let text, _) where !node.isNull && !text.isEmpty: nodes = [node]
                case .refused: return nil
                default:
                    findings.add(
                        .wrongShape(expected: "a list", found: node.shapeName), at: node.place)
                    return nil
                }
                var values: [Element] = []
                var seen: Set<YAMLContent> = []
                for node in nodes {
                    guard let value = format.read(node, &findings) else { continue }
                    let content = format.write(value)
                    guard seen.insert(content).inserted else {
                        findings.add(.repeated(content.text), at: node.place)
                        continue
                    }
                    values.append(value)
                }
                return values
            }, write: { .list($0.map(format.write)) })
    }
}

extension YAMLContent {
    /// A scalar's text; of others the first scalar in them.
    fileprivate var text: String {
        switch self {
        case .scalar(let text): text
        case .absent: "none"
        case .list(let items): items.first?.text ?? ""
        case .entries(let entries): entries.first?.value.text ?? ""
        }
    }
}

extension YAMLNode {
    /// What stands here, for messages.
    var shapeName: String {
        switch content {
        case .scalar(let text, _): isNull ? "nothing" : "‘\(text.cut)’"
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .refused: "this"
        }
    }
}

extension String {
    /// As much of a text as a message can carry.
    var cut: String { unicodeScalars.count <= 60 ? self : String(prefix(57)) + "…" }
}
