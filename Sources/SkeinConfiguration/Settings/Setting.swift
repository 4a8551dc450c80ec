/// What is said of a setting in documents.
public struct SettingInfo: Hashable, Sendable {
    /// Its name with those of the sections around it: `store.retention.max-age`.
    public let path: String
    /// What may stand there.
    public let values: String
    /// What holds where it is left out.
    public let standard: String
    /// What it does.
    public let summary: String
    /// The keys of its entries, where it is a list of such.
    public let fields: [SettingInfo]
    /// Whether an entry cannot do without it.
    public let isRequired: Bool
    /// The variable that sets it; nil where only the file can.
    public let variable: String?
}

/// A setting: its name, its sort, and where its value is kept.
struct Setting<Root: Sendable>: Sendable {
    let info: SettingInfo
    let textForm: TextForm
    let read: @Sendable (YAMLNode, inout Root, inout Findings) -> Void
    let write: @Sendable (Root) -> YAMLContent

    /// The names of the sections, and its own.
    var parts: [Substring] { info.path.split(separator: ".") }
}

/// Makes settings whose defaults are those of `initial`, so that documents cannot say others.
struct SettingMaker<Root: Sendable> {
    let initial: Root

    func callAsFunction<Value>(
        _ path: String, _ place: any WritableKeyPath<Root, Value> & Sendable,
        _ format: ValueFormat<Value>, required: Bool = false, variable: String? = nil,
        _ summary: String
    ) -> Setting<Root> {
        let usual =
            "SKEIN_"
            + path.uppercased().map { $0 == "." || $0 == "-" ? "_" : String($0) }.joined()
        let info = SettingInfo(
            path: path, values: format.name,
            standard: required ? "" : format.write(initial[keyPath: place]).inline,
            summary: summary, fields: format.fields, isRequired: required,
            variable: format.textForm == .none ? nil : variable ?? usual)
        return Setting(
            info: info, textForm: format.textForm,
            read: { node, root, findings in
                if let value = format.read(node, &findings) { root[keyPath: place] = value }
            }, write: { format.write($0[keyPath: place]) })
    }
}

/// The settings of a document, or the keys of an entry of a list.
struct SettingTable<Root: Sendable>: Sendable {
    let settings: [Setting<Root>]
    private let byPath: [String: Int]

    init(_ settings: [Setting<Root>]) {
        self.settings = settings
        byPath = Dictionary(
            settings.enumerated().map { ($0.element.info.path, $0.offset) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The setting of that name.
    subscript(path: String) -> Setting<Root>? { byPath[path].map { settings[$0] } }

    /// The names that may stand in a section; "" = at the top.
    func names(in section: String) -> [String] {
        let depth = section.isEmpty ? 0 : section.split(separator: ".").count
        var names: [String] = []
        for setting in settings where section.isEmpty || setting.info.path.hasPrefix(section + ".")
        {
            let name = String(setting.parts[depth])
            if names.last != name { names.append(name) }
        }
        return names
    }

    private func isSection(_ path: String) -> Bool {
        settings.contains { $0.info.path.hasPrefix(path + ".") }
    }

    /// Reads what a mapping says of `root`.
    ///
    /// - Parameters:
    ///   - section: where in the table the mapping stands; "" = at the top.
    ///   - prefix: what stands before the names of the table in messages.
    func read(
        _ node: YAMLNode, section: String = "", prefix: String, into root: inout Root,
        _ findings: inout Findings
    ) {
        findings.setting = Self.join(prefix, section)
        guard case .mapping(let entries) = node.content else {
            if case .refused = node.content { return }
            if node.isNull && !section.isEmpty { return }
            let names = names(in: section).prefix(3).joined(separator: ", ")
            findings.add(
                .wrongShape(expected: "settings (\(names) …)", found: node.shapeName),
                at: node.place)
            return
        }
        var seen: [String: TextPlace] = [:]
        for (key, value) in entries {
            findings.setting = Self.join(prefix, section)
            if let first = seen[key.name] {
                findings.add(.duplicateKey(key.name.cut, firstLine: first.line), at: key.place)
                continue
            }
            seen[key.name] = key.place
            let path = Self.join(section, key.name)
            if let setting = self[path] {
                findings.setting = Self.join(prefix, path)
                findings.note(findings.setting, at: key.place)
                setting.read(value, &root, &findings)
            } else if isSection(path) {
                read(value, section: path, prefix: prefix, into: &root, &findings)
            } else {
                findings.add(unknown(key.name, in: section), at: key.place)
            }
        }
    }

    private func unknown(_ name: String, in section: String) -> ConfigurationProblem.Kind {
        let known = names(in: section)
        return .unknownKey(
            name.cut, suggestion: suggestion(for: name, among: known), known: known)
    }

    private static func join(_ prefix: String, _ name: String) -> String {
        prefix.isEmpty || name.isEmpty ? prefix + name : "\(prefix).\(name)"
    }
}
