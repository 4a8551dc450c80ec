/// Something that is wrong with a configuration, and where.
public struct ConfigurationProblem: Hashable, Sendable {
    /// Where a value comes from.
    public enum Origin: Hashable, Sendable {
        /// The configuration file.
        case file(TextPlace)
        /// A variable of the environment.
        case environment(String)
        /// An option of the command line.
        case option(String)
    }

    /// What is wrong.
    public enum Kind: Hashable, Sendable {
        /// More octets than a configuration can need.
        case tooLarge(limit: Int)
        /// An octet that is no text.
        case notText(UInt8)
        /// UTF-16.
        case utf16
        /// What libyaml says.
        case syntax(String, context: String?)
        /// A tab that indents.
        case tab
        /// `&name`.
        case anchor
        /// `*name`, or `<<`.
        case alias
        /// `!tag`.
        case tag(String)
        /// `? [a, b]`.
        case complexKey
        /// Lists and mappings within each other, too many.
        case tooDeep(limit: Int)
        /// Values, too many.
        case tooManyValues(limit: Int)
        /// `---` for the second time.
        case secondDocument
        /// A key that no setting has; the key that was probably meant, and all that may stand there.
        case unknownKey(String, suggestion: String?, known: [String])
        /// A key for the second time.
        case duplicateKey(String, firstLine: Int)
        /// A key without a value.
        case missingValue(expected: String)
        /// An entry of a list without a key that it needs.
        case missingKey(String, example: String)
        /// A list where a scalar must stand, and the like.
        case wrongShape(expected: String, found: String)
        /// A text that is not a value of the setting.
        case notAValue(String, expected: String, hint: String?)
        /// A value that is too small or too large.
        case outOfRange(String, least: String, most: String)
        /// An entry of a list for the second time.
        case repeated(String)
        /// Two settings that do not go together.
        case conflict(String)
        /// A setting that only the file can have.
        case onlyInFile
        /// `--set` without `=`.
        case notAnAssignment(String)
    }

    /// Where.
    public let origin: Origin
    /// The setting, `store.retention.max-age`; empty for the document.
    public let setting: String
    /// What is wrong.
    public let kind: Kind
}

/// All that is wrong with a configuration.
public struct ConfigurationErrors: Error, Hashable, Sendable {
    /// In the order of the file, then of environment and options.
    public let problems: [ConfigurationProblem]
    /// How many more there were.
    public let omitted: Int
    /// The name of the file.
    public let file: String

    /// Problems that are kept: who has more is not reading them.
    public static let problemsMax = 50

    /// A line for each problem.
    public var lines: [String] {
        problems.map { $0.description(file: file) }
            + (omitted > 0 ? ["\(file): and \(omitted) more of the kind"] : [])
    }
}

extension ConfigurationErrors: CustomStringConvertible {
    /// All lines.
    public var description: String { lines.joined(separator: "\n") }
}

extension ConfigurationProblem {
    /// `skein.yaml:12:5: http.listen: …`.
    public func description(file: String) -> String {
        let place =
            switch origin {
            case .file(let place): "\(file):\(place)"
            case .environment(let name): "$\(name)"
            case .option(let name): name
            }
        return "\(place): \(setting.isEmpty ? "" : setting + ": ")\(message)"
    }

    private var message: String {
        switch kind {
        case .tooLarge(let limit):
            "larger than the \(limit >> 20) MiB that a configuration may have; is it the right file?"
        case .notText(let octet):
            "octet \(Self.hexadecimal(octet)) is not text in UTF-8; is it the right file?"
        case .utf16: "text in UTF-16; save it as UTF-8"
        case .syntax(let problem, let context):
            "not YAML: \(context.map { "\($0): " } ?? "")\(problem)"
        case .tab: "a tab cannot indent in YAML; use blanks"
        case .anchor: "anchors (&name) are not taken here; write the value where it is used"
        case .alias: "aliases (*name, <<) are not taken here; write the value out"
        case .tag(let tag): "the tag ‘\(tag)’ means nothing here; leave it out"
        case .complexKey: "a key is a name, not a list or a mapping"
        case .tooDeep(let limit): "lists and mappings lie more than \(limit) deep in each other"
        case .tooManyValues(let limit): "more than \(limit) values"
        case .secondDocument: "a second document begins here; a configuration is one"
        case .unknownKey(let name, let suggestion, let known):
            "there is no setting ‘\(name)’ here"
                + (suggestion.map { "; did you mean ‘\($0)’?" }
                    ?? "; there are \(known.joined(separator: ", "))")
        case .duplicateKey(let name, let line):
            "‘\(name)’ stands here twice, first in line \(line); only one can hold"
        case .missingValue(let expected):
            "a value is missing, \(expected); leave the key out for the default"
        case .missingKey(let name, let example): "‘\(name)’ is missing, as in \(example)"
        case .wrongShape(let expected, let found): "\(expected) must stand here, not \(found)"
        case .notAValue(let text, let expected, let hint):
            "‘\(text)’ is not \(expected)\(hint.map { "; \($0)" } ?? "")"
        case .outOfRange(let text, let least, let most):
            "‘\(text)’ is out of range; it goes from \(least) to \(most)"
        case .repeated(let text): "‘\(text)’ stands in the list twice"
        case .conflict(let text): text
        case .onlyInFile: "a list of entries can only be set in the configuration file"
        case .notAnAssignment(let text): "‘\(text)’ is not setting=value, as in http.listen=none"
        }
    }

    private static func hexadecimal(_ octet: UInt8) -> String {
        let digits = String(octet, radix: 16)
        return "0x" + String(repeating: "0", count: 2 - digits.count) + digits
    }
}

/// What is found while a configuration is read: problems, and where each setting came from.
struct Findings {
    private(set) var problems: [ConfigurationProblem] = []
    private(set) var omitted = 0
    /// Where the settings that do not have their default were set.
    private(set) var origins: [String: ConfigurationProblem.Origin] = [:]
    /// The setting that is being read.
    var setting = ""
    /// The variable or option that is being read; nil for the file.
    var source: ConfigurationProblem.Origin?

    /// All of them, those that are not kept too.
    var problemCount: Int { problems.count + omitted }

    mutating func add(_ kind: ConfigurationProblem.Kind, at place: TextPlace) {
        add(kind, from: source ?? .file(place))
    }

    mutating func add(_ finding: (ConfigurationProblem.Kind, TextPlace)) {
        add(finding.0, at: finding.1)
    }

    mutating func add(_ kind: ConfigurationProblem.Kind, from origin: ConfigurationProblem.Origin) {
        guard problems.count < ConfigurationErrors.problemsMax else {
            omitted += 1
            return
        }
        problems.append(ConfigurationProblem(origin: origin, setting: setting, kind: kind))
    }

    /// Adds to what is wrong with a setting as a whole.
    mutating func add(_ kind: ConfigurationProblem.Kind, of setting: String) {
        self.setting = setting
        add(kind, from: origins[setting] ?? .file(TextPlace(line: 1, column: 1)))
    }

    /// Whether this key was offered for one that is none, since there were so many problems.
    func suggested(_ key: String, since count: Int) -> Bool {
        problems.dropFirst(count).contains { problem in
            if case .unknownKey(_, suggestion: key, _) = problem.kind { return true }
            return false
        }
    }

    /// Whether these settings have what the user said; where one could not be read it has its default,
    /// with which others need not go.
    func isSound(_ settings: String...) -> Bool {
        guard omitted == 0 else { return false }
        return !problems.contains { problem in
            settings.contains { problem.setting == $0 || problem.setting.hasPrefix($0 + ".") }
        }
    }

    mutating func note(_ setting: String, at place: TextPlace) {
        origins[setting] = source ?? .file(place)
    }

    /// Makes an error of the problems, where there are any.
    func check(file: String) throws(ConfigurationErrors) {
        guard !problems.isEmpty else { return }
        let sorted = problems.enumerated().sorted { a, b in
            Self.order(a.element, a.offset) < Self.order(b.element, b.offset)
        }
        throw ConfigurationErrors(
            problems: sorted.map(\.element), omitted: omitted, file: file)
    }

    private static func order(
        _ problem: ConfigurationProblem, _ number: Int
    ) -> (Int, TextPlace, Int) {
        switch problem.origin {
        case .file(let place): (0, place, number)
        case .environment: (1, TextPlace(line: 0, column: 0), number)
        case .option: (2, TextPlace(line: 0, column: 0), number)
        }
    }
}
