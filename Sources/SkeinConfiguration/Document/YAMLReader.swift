import CYAML

/// Reads one YAML document within bounds.
///
/// Of YAML only what a configuration needs: mappings with names for keys, lists and scalars. Anchors,
/// aliases and tags are refused where they stand, before anything is expanded; whatever else is
/// wrong with them, all of them are found in one pass. What is not YAML ends the reading.
///
/// A null node is an empty document.
func readYAML(
    _ octets: [UInt8], into findings: inout Findings
) -> YAMLNode? {
    guard octets.count <= YAMLLimits.octets else {
        findings.add(
            .tooLarge(limit: YAMLLimits.octets), at: TextPlace(line: 1, column: 1))
        return nil
    }
    if let (kind, place) = findNonText(octets) {
        findings.add(kind, at: place)
        return nil
    }
    return unsafe octets.withUnsafeBufferPointer { memory in
        var reader = unsafe YAMLEventReader(memory)
        defer { reader.end() }
        return reader.document(octets, &findings)
    }
}

/// What a document may cost.
enum YAMLLimits {
    /// Octets of the text.
    static let octets = 1 << 20
    /// Lists and mappings in each other.
    static let depth = 16
    /// Values.
    static let nodes = 100_000
}

/// Builds nodes from libyaml's events.
@safe private struct YAMLEventReader {
    /// Why reading stopped before the end.
    private struct Stop: Error {}

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var nodes = 0

    /// - Parameter text: must outlive the reader.
    init(_ text: UnsafeBufferPointer<UInt8>) {
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        // Fails only for want of memory, as any allocation may.
        precondition(unsafe yaml_parser_initialize(parser) == 1, "out of memory")
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    func end() {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    mutating func document(_ octets: [UInt8], _ findings: inout Findings) -> YAMLNode? {
        var root: YAMLNode?
        do {
            while let event = try next(octets, &findings) {
                defer { event.free() }
                switch event.type {
                case YAML_STREAM_START_EVENT, YAML_DOCUMENT_END_EVENT: continue
                case YAML_DOCUMENT_START_EVENT:
                    if root != nil {
                        findings.add(.secondDocument, at: event.place)
                        return root
                    }
                case YAML_STREAM_END_EVENT: return root
                default: root = try node(event, depth: 0, octets, &findings)
                }
            }
        } catch {}
        return root
    }

    private mutating func next(
        _ octets: [UInt8], _ findings: inout Findings
    ) throws(Stop) -> YAMLEvent? {
        var event = unsafe yaml_event_t()
        if unsafe yaml_parser_parse(parser, &event) == 1 { return unsafe YAMLEvent(event) }
        unsafe findings.add(syntaxError(parser.pointee, octets))
        throw Stop()
    }

    private mutating func node(
        _ event: YAMLEvent, depth: Int, _ octets: [UInt8], _ findings: inout Findings
    ) throws(Stop) -> YAMLNode {
        nodes += 1
        guard depth <= YAMLLimits.depth else {
            findings.add(.tooDeep(limit: YAMLLimits.depth), at: event.place)
            throw Stop()
        }
        guard nodes <= YAMLLimits.nodes else {
            findings.add(.tooManyValues(limit: YAMLLimits.nodes), at: event.place)
            throw Stop()
        }
        if event.hasAnchor { findings.add(.anchor, at: event.place) }
        if let tag = event.tag { findings.add(.tag(tag), at: event.place) }
        var node = YAMLNode(content: .refused, place: event.place)
        switch event.type {
        case YAML_ALIAS_EVENT: findings.add(.alias, at: event.place)
        case YAML_SCALAR_EVENT:
            node.content = .scalar(event.text, isQuoted: event.isQuoted)
        case YAML_SEQUENCE_START_EVENT:
            var items: [YAMLNode] = []
            while let item = try next(octets, &findings) {
                defer { item.free() }
                if item.type == YAML_SEQUENCE_END_EVENT { break }
                items.append(try self.node(item, depth: depth + 1, octets, &findings))
            }
            node.content = .sequence(items)
        case YAML_MAPPING_START_EVENT:
            node.content = .mapping(try entries(depth: depth + 1, octets, &findings))
        default: break
        }
        return node
    }

    private mutating func entries(
        depth: Int, _ octets: [UInt8], _ findings: inout Findings
    ) throws(Stop) -> [(key: YAMLKey, value: YAMLNode)] {
        var entries: [(key: YAMLKey, value: YAMLNode)] = []
        while let event = try next(octets, &findings) {
            defer { event.free() }
            if event.type == YAML_MAPPING_END_EVENT { break }
            let key = try node(event, depth: depth, octets, &findings)
            guard let second = try next(octets, &findings) else { break }
            defer { second.free() }
            let value = try node(second, depth: depth, octets, &findings)
            switch key.content {
            case .scalar("<<", isQuoted: false): findings.add(.alias, at: key.place)
            case .scalar(let name, _):
                entries.append((YAMLKey(name: name, place: key.place), value))
            case .sequence, .mapping: findings.add(.complexKey, at: key.place)
            case .refused: break
            }
        }
        return entries
    }
}

/// One of libyaml's events; ``free()`` gives back what it holds.
@safe private struct YAMLEvent {
    private let event: yaml_event_t

    init(_ event: yaml_event_t) { unsafe self.event = unsafe event }

    func free() {
        var event = unsafe event
        unsafe yaml_event_delete(&event)
    }

    var type: yaml_event_type_t { unsafe event.type }

    var place: TextPlace {
        unsafe TextPlace(line: event.start_mark.line + 1, column: event.start_mark.column + 1)
    }

    var hasAnchor: Bool {
        switch type {
        case YAML_SCALAR_EVENT: unsafe event.data.scalar.anchor != nil
        case YAML_SEQUENCE_START_EVENT: unsafe event.data.sequence_start.anchor != nil
        case YAML_MAPPING_START_EVENT: unsafe event.data.mapping_start.anchor != nil
        default: false
        }
    }

    var tag: String? {
        let name: UnsafeMutablePointer<yaml_char_t>?
        switch type {
        case YAML_SCALAR_EVENT: unsafe name = unsafe event.data.scalar.tag
        case YAML_SEQUENCE_START_EVENT: unsafe name = unsafe event.data.sequence_start.tag
        case YAML_MAPPING_START_EVENT: unsafe name = unsafe event.data.mapping_start.tag
        default: return nil
        }
        return unsafe name.map { unsafe String(cString: $0) }
    }

    var text: String {
        let scalar = unsafe event.data.scalar
        return unsafe String(
            decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length),
            as: UTF8.self)
    }

    var isQuoted: Bool { unsafe event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE }
}

/// What libyaml stopped at, in words that say what to do where the cause is a common one.
private func syntaxError(
    _ parser: yaml_parser_t, _ octets: [UInt8]
) -> (ConfigurationProblem.Kind, TextPlace) {
    let place = unsafe TextPlace(
        line: parser.problem_mark.line + 1, column: parser.problem_mark.column + 1)
    // A tab that indents leads to any of several complaints, on its line.
    let line =
        octets.split(separator: 10, omittingEmptySubsequences: false)
        .dropFirst(place.line - 1).first ?? []
    let blanks = line.prefix { $0 == 32 }.count
    if line.dropFirst(blanks).first == 9 {
        return (.tab, TextPlace(line: place.line, column: blanks + 1))
    }
    let problem = unsafe parser.problem.map { unsafe String(cString: $0) } ?? "not YAML"
    guard let text = unsafe parser.context else { return (.syntax(problem, context: nil), place) }
    let context = unsafe String(cString: text)
    if context.hasSuffix(" alias") || context.hasSuffix(" anchor") {
        return (.syntax("a value that begins with * or & stands in quotes", context: nil), place)
    }
    let start = unsafe TextPlace(
        line: parser.context_mark.line + 1, column: parser.context_mark.column + 1)
    return (
        .syntax(problem, context: start < place ? "\(context) that begins at \(start)" : context),
        place
    )
}

/// The first thing that cannot stand in a text, and where.
private func findNonText(_ octets: [UInt8]) -> (ConfigurationProblem.Kind, TextPlace)? {
    let start = TextPlace(line: 1, column: 1)
    if octets.starts(with: [0xff, 0xfe]) || octets.starts(with: [0xfe, 0xff]) {
        return (.utf16, start)
    }
    var line = 1
    var column = 1
    var index = 0
    while index < octets.count {
        let octet = octets[index]
        switch octet {
        case 10:
            line += 1
            column = 0
        case 0..<9, 11, 12, 14..<32, 127:
            return (.notText(octet), TextPlace(line: line, column: column))
        case 128...:
            let rest = octets[index..<min(index + 4, octets.count)]
            var decoder = UTF8()
            var bytes = rest.makeIterator()
            guard case .scalarValue(let scalar) = decoder.decode(&bytes), isPrintable(scalar)
            else { return (.notText(octet), TextPlace(line: line, column: column)) }
            index += UTF8.width(scalar) - 1
        default: break
        }
        column += 1
        index += 1
    }
    return nil
}

/// Whether a character beyond ASCII may stand in YAML (1.1 §4.1.1).
private func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x85, 0xa0...0xd7ff, 0xe000...0xfffd, 0x10000...: true
    default: false
    }
}
