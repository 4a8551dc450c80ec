import ArgumentParser
import FlowQuery

/// The plainest command lines of `skein query`, read without looking at everything that it can do.
///
/// ArgumentParser reflects all options of a command, and the runtime then searches for what their types
/// conform to: 3.7 ms, where a question about one address takes 10 in all. What is not of the plainest
/// form, and all that is wrong, is ArgumentParser's to read and to say.
extension QueryCommand {
    /// Reads words of the forms `WORD`, `--flag` and `--option VALUE`, each option once.
    ///
    /// - Returns: what ArgumentParser would make of the same words, or nil where it must read them itself.
    static func plain(_ arguments: ArraySlice<String>) -> QueryCommand? {
        var command = QueryCommand()
        command.setDefaults()
        var words = arguments.makeIterator()
        var seen: Set<String> = []
        while let word = words.next() {
            guard word.utf8.first == UInt8(ascii: "-") else {
                command.filter.append(word)
                continue
            }
            guard seen.insert(word).inserted, command.take(word, &words) else { return nil }
        }
        return (try? command.validateAll()) == nil ? nil : command
    }

    /// Takes an option with its value from the words behind it.
    private mutating func take(
        _ option: String, _ words: inout ArraySlice<String>.Iterator
    ) -> Bool {
        switch option {
        case "--total": total = true
        case "--overlap": overlap = true
        case "--utc": utc = true
        case "--raw": raw = true
        case "--no-rollups": withoutRollups = true
        case "--from": return Self.set(&from, words.next())
        case "--to": return Self.set(&to, words.next())
        case "--sort": return Self.set(&sort, words.next())
        case "--store": return Self.set(&store.path, Self.bare(words.next()))
        case "--fields": return Self.set(&fields, Self.bare(words.next()))
        case "--by":
            guard let list = Self.bare(words.next()) else { return false }
            by = [list]
        case "--series": return Self.set(&series, Self.bare(words.next()))
        case "--limit": return Self.set(&limit, Self.bare(words.next()).flatMap { Int($0) })
        case "--top": return Self.set(&top, Self.bare(words.next()).flatMap { Int($0) })
        case "--order":
            return Self.set(&order, Self.bare(words.next()).flatMap { GroupOrder(rawValue: $0) })
        case "--output":
            return Self.set(&output, Self.bare(words.next()).flatMap { QueryOutput(argument: $0) })
        default: return false
        }
        return true
    }

    /// A value that cannot be taken for an option.
    private static func bare(_ word: String?) -> String? {
        word?.utf8.first == UInt8(ascii: "-") ? nil : word
    }

    private static func set<Value>(_ place: inout Value?, _ value: Value?) -> Bool {
        place = value
        return value != nil
    }

    /// Gives every option the value that it has where it is not said; reading one without is an error of
    /// programming, which any plain question would show.
    private mutating func setDefaults() {
        filter = []
        from = nil
        to = nil
        overlap = false
        store = StoreOption()
        store.path = nil
        fields = nil
        sort = nil
        limit = nil
        total = false
        by = []
        order = nil
        top = nil
        series = nil
        withoutRollups = false
        flowTime = FlowTimeOptions()
        flowTime.bidirectional = false
        flowTime.spread = false
        raw = false
        output = nil
        layout = LayoutOptions()
        layout.formatString = nil
        layout.plainNumbers = false
        layout.wholeAddresses = false
        layout.quiet = false
        utc = false
        grouping = GroupingOptions()
        grouping.distinct = nil
        grouping.stats = nil
        grouping.memory = nil
        grouping.temporaryFolder = nil
        override = OverrideOption()
        override.geoOverrides = nil
        override.configuration = KnowledgeOption()
        override.configuration.path = nil
        explain = ExplainOption()
        explain.isWanted = false
    }

    /// What ArgumentParser has checked of each group and of the whole.
    private func validateAll() throws {
        try store.validate()
        try grouping.validate()
        try validate()
    }
}
