import FlowQuery

/// Settings, read from a file, the environment and the command line, and where each came from.
///
/// Options go before the environment, that before the file, that before the defaults.
public struct Configuration: Sendable {
    /// A setting that the command line makes.
    public struct Assignment: Hashable, Sendable {
        /// The option, for messages: `--http`.
        public let option: String
        /// The setting: `http.listen`.
        public let setting: String
        /// Its value; commas between those of a list.
        public let value: String

        /// What `option` stands for.
        public init(option: String, setting: String, value: String) {
            self.option = option
            self.setting = setting
            self.value = value
        }
    }

    /// A configuration file.
    public struct File: Sendable {
        /// Its name, for messages.
        public let name: String
        /// What is in it; of a file larger than ``octetsMax`` at least an octet more than that.
        public let octets: [UInt8]

        /// Names what was read.
        public init(name: String, octets: [UInt8]) {
            self.name = name
            self.octets = octets
        }

        /// Octets that a configuration may have.
        public static let octetsMax = YAMLLimits.octets
    }

    /// The settings.
    public let settings: SkeinSettings
    /// Where those came from that were set, by their names.
    public let origins: [String: ConfigurationProblem.Origin]
    /// What is worth a word and no error: variables that look like a setting, but are none.
    public let notes: [String]
    /// The name of the file; empty without one.
    public let fileName: String

    /// Reads everything, and checks it as a whole.
    ///
    /// - Parameters:
    ///   - file: nil = none.
    ///   - environment: of it, what begins with `SKEIN_`.
    ///   - assignments: the later goes before the earlier.
    public init(
        file: File? = nil, environment: [String: String] = [:], assignments: [Assignment] = []
    ) throws(ConfigurationErrors) {
        var settings = SkeinSettings()
        var findings = Findings()
        fileName = file?.name ?? ""
        if let file, let root = readYAML(file.octets, into: &findings) {
            if !root.isNull {
                SkeinSettings.table.read(root, prefix: "", into: &settings, &findings)
            }
        }
        notes = Self.apply(environment, to: &settings, &findings)
        Self.apply(assignments, to: &settings, &findings)
        settings.check(&findings)
        try findings.check(file: file?.name ?? "")
        self.settings = settings
        origins = findings.origins
    }

    private static func apply(
        _ environment: [String: String], to settings: inout SkeinSettings,
        _ findings: inout Findings
    ) -> [String] {
        var notes: [String] = []
        let table = SkeinSettings.table.settings
        let known = table.compactMap(\.info.variable)
        for (name, value) in environment.sorted(by: { $0.key < $1.key })
        where name.hasPrefix("SKEIN_") {
            guard let setting = table.first(where: { $0.info.variable == name }) else {
                if !otherVariables.contains(name),
                    let near = NearestWord.find(name, among: known)
                {
                    notes.append("$\(name) is not a setting; did you mean $\(near)?")
                }
                continue
            }
            // An empty variable is one that a script did not set.
            if value.isEmpty { continue }
            findings.source = .environment(name)
            assign(value, to: setting, &settings, &findings)
        }
        return notes
    }

    /// Variables that are not settings: where the file is, where sets are, and the tests' own.
    private static let otherVariables: Set = ["SKEIN_CONFIG", "SKEIN_SETS", "SKEIN_BINARY"]

    private static func apply(
        _ assignments: [Assignment], to settings: inout SkeinSettings, _ findings: inout Findings
    ) {
        let table = SkeinSettings.table
        for assignment in assignments {
            let origin = ConfigurationProblem.Origin.option(assignment.option)
            findings.source = origin
            findings.setting = ""
            guard let setting = table[assignment.setting] else {
                let known = table.names(in: "")
                findings.add(
                    .unknownKey(
                        assignment.setting.cut,
                        suggestion: table.suggestion(forPath: assignment.setting)
                            ?? table.suggestion(for: assignment.setting, among: known),
                        known: known), from: origin)
                continue
            }
            assign(assignment.value, to: setting, &settings, &findings)
        }
        findings.source = nil
    }

    private static func assign(
        _ text: String, to setting: Setting<SkeinSettings>, _ settings: inout SkeinSettings,
        _ findings: inout Findings
    ) {
        let place = TextPlace(line: 1, column: 1)
        findings.setting = setting.info.path
        findings.note(setting.info.path, at: place)
        let scalar = { (text: String) in
            YAMLNode(content: .scalar(text, isQuoted: false), place: place)
        }
        switch setting.textForm {
        case .scalar: setting.read(scalar(text), &settings, &findings)
        case .list:
            guard text != "none" else {
                setting.read(scalar(text), &settings, &findings)
                return
            }
            let nodes = text.split(separator: ",", omittingEmptySubsequences: false)
                .map { scalar(String($0.trimmed)) }
            setting.read(
                YAMLNode(content: .sequence(nodes), place: place), &settings, &findings)
        case .none: findings.add(.onlyInFile, at: place)
        }
    }
}

extension Configuration.Assignment {
    /// Reads `http.listen=none`, as `--set` takes it.
    public init(set text: String) throws(ConfigurationErrors) {
        guard let mark = text.firstIndex(of: "=") else {
            throw ConfigurationErrors(
                problems: [
                    ConfigurationProblem(
                        origin: .option("--set"), setting: "", kind: .notAnAssignment(text.cut))
                ], omitted: 0, file: "")
        }
        self.init(
            option: "--set", setting: String(text[..<mark].trimmed),
            value: String(text[text.index(after: mark)...].trimmed))
    }
}

extension Substring {
    /// Without the blanks around it.
    fileprivate var trimmed: Substring {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}
