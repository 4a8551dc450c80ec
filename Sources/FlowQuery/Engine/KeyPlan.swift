import FlowModel

/// A group key, checked.
struct KeyPlan: Sendable {
    enum Kind: Sendable {
        /// A column's number.
        case number(Field)
        /// A column's number cut to multiples of a step.
        case bucket(Field, step: UInt64)
        /// The flow's place in time, `start` or else `received`, cut to multiples of a step.
        case placed(step: UInt64)
        /// An address, cut to so many bits of 128 each.
        case address(Field, v4: Int, v6: Int)
        /// The step of a sketch in which a quantity's value lies.
        case sketched(Quantity)
    }

    let kind: Kind
    let column: AnswerColumn
    /// Whether cells are prefixes: IPv4, IPv6.
    private var cuts = (v4: false, v6: false)

    /// The time buckets of a series.
    init(placedIn step: UInt64) throws {
        guard step > 0 else { throw QueryError.stepImpossible("start") }
        kind = .placed(step: step)
        column = AnswerColumn(name: Field.start.name, meaning: .instant)
    }

    /// The steps of a sketch of values.
    init(sketchOf quantity: Quantity) {
        kind = .sketched(quantity)
        column = AnswerColumn(name: "", meaning: .number)
    }

    init(_ key: GroupKey) throws {
        switch key {
        case .field(let field):
            guard let info = field.info, info.storage != .elements else {
                throw QueryError.notAKey(field.name)
            }
            kind =
                info.storage == .address
                ? .address(field, v4: 128, v6: 128) : .number(field)
            column = AnswerColumn(info)
        case .prefix(let field, let v4, let v6):
            guard let info = field.info, info.storage == .address,
                (0...32).contains(v4 ?? 32), (0...128).contains(v6 ?? 128)
            else { throw QueryError.prefixImpossible(key.name) }
            kind = .address(field, v4: 96 + (v4 ?? 32), v6: v6 ?? 128)
            cuts = (v4 != nil, v6 != nil)
            column = AnswerColumn(name: key.name, meaning: .address)
        case .bucket(let field, let step):
            guard let info = field.info, field.isNumeric, step > 0 else {
                throw QueryError.stepImpossible(key.name)
            }
            kind = .bucket(field, step: step)
            column = AnswerColumn(
                name: key.name, meaning: info.meaning, absentIsZero: info.isZeroWhenAbsent)
        }
    }

    /// Whether values are addresses.
    var isAddress: Bool { if case .address = kind { true } else { false } }

    /// What numbers are cut to multiples of; nil where they are not.
    var step: UInt64? {
        switch kind {
        case .bucket(_, let step), .placed(let step): step
        case .number, .address, .sketched: nil
        }
    }

    /// Whether every row has a value.
    var isDense: Bool {
        switch kind {
        case .placed: true
        case .sketched: false
        case .number(let field), .bucket(let field, _), .address(let field, _, _):
            field.isDense || field == .sampling
        }
    }

    /// Bits of a value: 8, 16, 32 or 64; for an address those of an IPv4 one.
    var bits: Int {
        switch kind {
        case .address: return 32
        case .placed: return 64
        case .sketched: return 16
        case .number(let field), .bucket(let field, _):
            switch field.storage {
            case .u8: return 8
            case .u16: return 16
            case .u32: return 32
            case .u64, .address, .elements, nil: return 64
            }
        }
    }

    /// What the key is read from.
    var quantities: [Quantity] {
        switch kind {
        case .number(let field), .bucket(let field, _), .address(let field, _, _): [.field(field)]
        case .placed: [.field(.start), .field(.received)]
        case .sketched(let quantity): [quantity]
        }
    }

    /// The cell of a value; numbers are in the lower half.
    func cell(_ value: IPAddress) -> Cell {
        switch kind {
        case .number, .bucket, .placed, .sketched: return .number(value.low)
        case .address(_, let v4, let v6):
            guard value.isV4 ? cuts.v4 : cuts.v6,
                let prefix = IPPrefix(value, length: value.isV4 ? v4 - 96 : v6)
            else { return .address(value) }
            return .prefix(prefix)
        }
    }
}

extension GroupKey {
    /// The key as people write it: `srcip/24`, `start/5m`.
    var name: String {
        switch self {
        case .field(let field): return field.name
        case .prefix(let field, let v4, let v6):
            return ([field.name] + [v4, v6].compactMap { $0.map(String.init) })
                .joined(separator: "/")
        case .bucket(let field, let step):
            let units: [(UInt64, String)] = [
                (86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"),
            ]
            for (length, unit) in units where step > 0 && step % length == 0 {
                return "\(field.name)/\(step / length)\(unit)"
            }
            return "\(field.name)/\(step)ms"
        }
    }
}

extension FieldInfo {
    /// Whether JSON shows 0 where there is nothing.
    var isZeroWhenAbsent: Bool { isDense && storage != .address }
}

extension AnswerColumn {
    init(_ info: FieldInfo) {
        self.init(
            name: info.name, meaning: info.meaning, absentIsZero: info.isZeroWhenAbsent)
    }

    /// A column of counts.
    init(count name: String) {
        self.init(name: name, meaning: .counter, absentIsZero: true)
    }
}
