/// A value that a source lists, in canonical form.
public struct Indicator: Hashable, Sendable {
    /// What is listed.
    public enum Value: Hashable, Sendable {
        case addresses(AddressRange)
        /// A name without `*.`, a URL, a digest in lower case.
        case text(IndicatorKind, String)
    }

    /// What is listed.
    public var value: Value
    /// The value as the source has it.
    public var listed: String
    /// Who lists it.
    public var source: String
    /// What the source says of it.
    public var detail: IndicatorDetail

    /// Makes an indicator of a value that is canonical already.
    public init(_ value: Value, listed: String, source: String, detail: IndicatorDetail) {
        self.value = value
        self.listed = listed
        self.source = source
        self.detail = detail
    }

    /// Reads a value of which `kind` is known; nil where it is no such thing.
    public init?(
        listed: String, kind: IndicatorKind, source: String,
        detail: IndicatorDetail = IndicatorDetail()
    ) {
        var builder = FeedBuilder(.plain, limits: FeedLimits())
        guard (try? builder.add(listed, as: kind, detail: detail, line: 1)) != nil,
            let contents = try? builder.finish()
        else { return nil }
        if let addresses = contents.addresses.first {
            self.init(
                .addresses(addresses.range), listed: listed, source: source,
                detail: contents.details[Int(addresses.detail)])
        } else if let text = contents.texts.first {
            self.init(.text(text.kind, text.value), listed: listed, source: source, detail: detail)
        } else {
            return nil
        }
    }

    /// Its kind.
    public var kind: IndicatorKind {
        switch value {
        case .addresses(let range): range.isSingle ? .address : .network
        case .text(let kind, _): kind
        }
    }

    /// The value as text; a network as address and length, one address without.
    public var text: String {
        switch value {
        case .addresses(let range): "\(range)"
        case .text(_, let text): text
        }
    }
}

extension Indicator {
    /// What a text is that somebody wants looked up.
    public enum Reading: Equatable, Sendable {
        /// Something that could be listed.
        case value
        /// Several addresses.
        case network
        /// Nothing that could.
        case bad(BadEntry)
    }

    /// `text` without blanks around it.
    public static func trimmed(_ text: String) -> String { text.trimmedText }

    /// What `text` is, as a line of a list would be read.
    public static func reading(ofValue text: String) -> Reading {
        guard !text.isEmpty, !text.hasBlank else { return .bad(.text) }
        let octets = Array(text.utf8)
        var builder = FeedBuilder(.plain, limits: FeedLimits())
        guard (try? builder.addUntyped(octets.span, detail: nil, line: 1)) != nil else {
            return .bad(.value)
        }
        if let place = builder.contents.counts.badPlaces.first { return .bad(place.reason) }
        return builder.contents.addresses.contains { !$0.range.isSingle } ? .network : .value
    }
}

extension FeedContents {
    /// All entries as indicators of `source`; for stores and exports, not for matching.
    public func indicators(of source: String) -> [Indicator] {
        addresses.map {
            Indicator(
                .addresses($0.range), listed: "\($0.range)", source: source,
                detail: details[Int($0.detail)])
        }
            + texts.map {
                Indicator(
                    .text($0.kind, $0.value), listed: $0.listed ?? $0.value, source: source,
                    detail: details[Int($0.detail)])
            }
    }
}
