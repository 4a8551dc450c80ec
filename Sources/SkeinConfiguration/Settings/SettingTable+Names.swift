import FlowQuery

extension SettingTable {
    /// The name that was probably meant: one of the same section, else the same name elsewhere.
    func suggestion(for name: String, among known: [String]) -> String? {
        // `max_age` and `maxAge` are how others write it.
        let dashed = String(
            name.flatMap { $0 == "_" ? "-" : $0.isUppercase ? "-\($0.lowercased())" : "\($0)" })
        if known.contains(dashed) { return dashed }
        if let near = NearestWord.find(name, among: known) { return near }
        let elsewhere = settings.map(\.info.path).filter {
            $0 == dashed || $0.hasSuffix(".\(dashed)")
        }
        return elsewhere.count == 1 ? elsewhere[0] : nil
    }

    /// The setting that is meant by a whole path that is none.
    func suggestion(forPath path: String) -> String? {
        NearestWord.find(path, among: settings.map(\.info.path))
    }
}

extension ValueFormat {
    /// A list of entries with keys of their own.
    ///
    /// - Parameters:
    ///   - example: an entry that would do, for messages.
    ///   - check: says what is wrong with an entry as a whole.
    static func entries<Entry: Sendable>(
        _ table: SettingTable<Entry>, initial: Entry, example: String,
        check: @escaping @Sendable (Entry) -> String? = { _ in nil }
    ) -> ValueFormat where Value == [Entry] {
        ValueFormat(
            name: "list of entries", noun: "a list of entries", textForm: .none,
            fields: table.settings.map(\.info),
            read: { node, findings in
                let name = findings.setting
                guard case .sequence(let items) = node.content else {
                    if case .refused = node.content { return nil }
                    findings.add(
                        .wrongShape(
                            expected: "a list of entries (each begins with “- ”)",
                            found: node.shapeName), at: node.place)
                    return nil
                }
                var entries: [Entry] = []
                for item in items {
                    var entry = initial
                    let before = findings.problemCount
                    table.read(item, prefix: name, into: &entry, &findings)
                    findings.setting = name
                    if case .mapping(let given) = item.content {
                        for setting in table.settings
                        where setting.info.isRequired
                            && !given.contains(where: { $0.key.name == setting.info.path })
                            && !findings.suggested(setting.info.path, since: before)
                        {
                            findings.add(
                                .missingKey(setting.info.path, example: example), at: item.place)
                        }
                    }
                    guard findings.problemCount == before else { continue }
                    if let problem = check(entry) {
                        findings.add(.conflict(problem), at: item.place)
                        continue
                    }
                    findings.note("\(name)[\(entries.count)]", at: item.place)
                    entries.append(entry)
                }
                return entries
            },
            write: { entries in
                .list(
                    entries.map { entry in
                        .entries(
                            table.settings.compactMap { setting in
                                let value = setting.write(entry)
                                guard value != setting.write(initial) || setting.info.isRequired
                                else { return nil }
                                return YAMLContent.Entry(key: setting.info.path, value: value)
                            })
                    })
            })
    }
}
