public import FlowModel

/// What a rollup adds flows up by: one or two words of the vocabulary.
public struct RollupDimension: Hashable, Sendable {
    /// Where the key of a flow comes from.
    enum Source: Hashable, Sendable {
        /// All flows have the same.
        case everything
        case column(Field)
        /// The exporter, and a number that means something only with it.
        case ofExporter(Field)
        /// Two numbers.
        case pair(Field, Field)
        /// See ``FlowModel/Field/service``.
        case service
        /// Found by adding up the rows of another dimension.
        case within(UInt16)
    }

    /// Its number on disk; never reused.
    public let number: UInt16
    /// The words that its rows tell apart.
    public let fields: [Field]
    /// Keys that a bucket lists at most, those with most octets; the others make one remainder.
    public let keysMax: Int
    /// Whether rows have the first start and the last end, not only the bucket.
    public let hasTimes: Bool
    let source: Source

    private init(
        _ number: UInt16, _ fields: [Field], _ source: Source, keysMax: Int = 65_536,
        hasTimes: Bool = false
    ) {
        self.number = number
        self.fields = fields
        self.source = source
        self.keysMax = keysMax
        self.hasTimes = hasTimes
    }

    /// All of them, those with the fewest keys first.
    ///
    /// A dimension that is found within another one stands before it.
    public static let all: [RollupDimension] = [
        .init(1, [], .everything, hasTimes: true),
        .init(2, [.exporter], .within(3)),
        .init(5, [.proto], .within(6)),
        .init(3, [.exporter, .inif], .ofExporter(.inif)),
        .init(4, [.exporter, .outif], .ofExporter(.outif)),
        .init(7, [.srcas], .column(.srcas)),
        .init(8, [.dstas], .column(.dstas)),
        .init(9, [.srcgeo], .within(13)),
        .init(10, [.dstgeo], .within(13)),
        .init(13, [.srcgeo, .dstgeo], .pair(.srcgeo, .dstgeo)),
        .init(6, [.service, .proto], .service, keysMax: 4096),
        .init(11, [.srcip], .column(.srcip), keysMax: 1000),
        .init(12, [.dstip], .column(.dstip), keysMax: 1000),
    ]

    /// Keys that a bucket of so many flows lists at most.
    ///
    /// Of addresses one for sixteen flows, for more would take as much room as the flows; but a hundred,
    /// which is all of a small network's.
    func keysMax(flows: UInt64) -> Int {
        guard case .column(let field) = source, field.storage == .address else { return keysMax }
        return min(keysMax, Int(truncatingIfNeeded: max(100, min(flows / 16, 65_536))))
    }

    /// Words of a key; see ``RollupTally``.
    var keyWords: Int {
        switch source {
        case .everything, .service: 1
        case .column, .within: fields.first?.keyWords ?? 1
        case .ofExporter(let field): Field.exporter.keyWords + field.keyWords
        case .pair(let first, let second): first.keyWords + second.keyWords
        }
    }

    /// The name in messages: `exporter,inif`.
    public var name: String {
        fields.isEmpty
            ? "total" : fields.prefix(number == 6 ? 1 : 2).map(\.name).joined(separator: ",")
    }
}

extension Field {
    /// Words of a key of this field: a number is one; an address two, and a third that is the largest
    /// number where there is none.
    var keyWords: Int {
        guard storage == .address else { return 1 }
        return isDense ? 2 : 3
    }
}

/// The length of a rollup's buckets.
public enum RollupStep: UInt32, Sendable, CaseIterable {
    /// A minute.
    case minute = 60_000
    /// An hour.
    case hour = 3_600_000

    /// Milliseconds.
    public var milliseconds: UInt64 { UInt64(rawValue) }
    /// `1 min`, `1 h`.
    public var name: String { self == .minute ? "1 min" : "1 h" }
}

/// What the rows of a rollup's block are.
public struct RollupPart: RawRepresentable, Hashable, Sendable {
    /// The number on disk.
    public let rawValue: UInt8

    /// Names a part that may be unknown to this build.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Sums by key.
    public static let keys = RollupPart(rawValue: 0)
    /// Sums of all keys of a bucket that are not listed.
    public static let remainder = RollupPart(rawValue: 1)
    /// In the place of octets, the most that one of those keys can have in the bucket.
    public static let bounds = RollupPart(rawValue: 2)
}
