/// One template record of a template set.
enum TemplateRecord: Equatable {
    /// A definition.
    case definition(id: UInt16, Template.Definition)
    /// A template withdrawal (RFC 7011 §8.1); ids 2 and 3 withdraw all.
    case withdrawal(id: UInt16)
    /// It makes no sense; what the id meant before is no longer valid.
    case invalid(id: UInt16)
    /// It has more fields than are allowed; skipped.
    case tooLarge(id: UInt16)
}

/// Reads the templates in a template set or options template set one after another.
struct TemplateReader {
    private let version: UInt16
    private let isOptions: Bool
    private let fieldsMax: Int
    private var offset = 0

    init(version: UInt16, isOptions: Bool, fieldsMax: Int) {
        self.version = version
        self.isOptions = isOptions
        self.fieldsMax = fieldsMax
    }

    /// The next template; nil at the end, also where only padding is left.
    mutating func next(_ set: RawSpan) -> TemplateRecord? {
        guard set.byteCount - offset >= 4 else { return nil }
        let id = set.network16(at: offset)
        // Ids below 256 are set ids; zeros are padding, more than the three octets of the RFC too.
        if id < 256, set.isZero(from: offset) { return nil }
        if version == 10, set.network16(at: offset + 2) == 0, id >= 256 || id == 2 || id == 3 {
            offset += 4
            return .withdrawal(id: id)
        }
        guard id >= 256 else { return invalid(id, set) }
        return version == 9 && isOptions ? nextOptions9(id, set) : nextOther(id, set)
    }

    /// Everything but the options templates of v9: lengths count fields.
    private mutating func nextOther(_ id: UInt16, _ set: RawSpan) -> TemplateRecord? {
        let count = Int(set.network16(at: offset + 2))
        var kind = TemplateKind.data
        var start = offset + 4
        if isOptions {
            guard set.byteCount - start >= 2 else { return invalid(id, set) }
            let scopes = Int(set.network16(at: start))
            guard scopes <= count else { return invalid(id, set) }
            kind = .options(scopes: scopes)
            start += 2
        }
        return read(id, kind, count: count, from: start, set)
    }

    /// RFC 3954 §6.1: the lengths of scope and options are in octets.
    private mutating func nextOptions9(_ id: UInt16, _ set: RawSpan) -> TemplateRecord? {
        guard set.byteCount - offset >= 6 else { return invalid(id, set) }
        let scopeBytes = Int(set.network16(at: offset + 2))
        let optionBytes = Int(set.network16(at: offset + 4))
        guard scopeBytes % 4 == 0, optionBytes % 4 == 0 else { return invalid(id, set) }
        return read(
            id, .options(scopes: scopeBytes / 4), count: (scopeBytes + optionBytes) / 4,
            from: offset + 6, set)
    }

    private mutating func read(
        _ id: UInt16, _ kind: TemplateKind, count: Int, from start: Int, _ set: RawSpan
    ) -> TemplateRecord? {
        var fields: [TemplateField] = []
        var position = start
        fields.reserveCapacity(min(count, fieldsMax))
        for _ in 0..<count {
            guard set.byteCount - position >= 4 else { return invalid(id, set) }
            var field = TemplateField(
                enterprise: 0, id: set.network16(at: position),
                length: set.network16(at: position + 2))
            position += 4
            // The top bit says that an enterprise number follows, but only in IPFIX.
            if version == 10, field.id & 0x8000 != 0 {
                guard set.byteCount - position >= 4 else { return invalid(id, set) }
                field.id &= 0x7fff
                field.enterprise = set.network32(at: position)
                position += 4
            }
            if fields.count < fieldsMax { fields.append(field) }
        }
        offset = position
        guard count <= fieldsMax else { return .tooLarge(id: id) }
        // A record must take at least an octet, or reading a set would never end.
        guard fields.contains(where: { $0.length > 0 }) else { return .invalid(id: id) }
        return .definition(id: id, Template.Definition(kind: kind, fields: fields))
    }

    /// Nothing after a template that cannot be read can be found.
    private mutating func invalid(_ id: UInt16, _ set: RawSpan) -> TemplateRecord {
        offset = set.byteCount
        return .invalid(id: id)
    }
}
