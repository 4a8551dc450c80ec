/// A quantity that is measured, with all its values: for `/metrics` and `/api/v1/counters`.
public struct MetricFamily: Hashable, Sendable {
    /// How values behave.
    public enum Kind: String, Hashable, Sendable {
        /// Only grows, from 0 at the start of the program.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts of what is within bounds; only grows.
        case histogram
    }

    /// A value and what it is of.
    public struct Sample: Hashable, Sendable {
        /// Names and values, in order.
        public let labels: [Label]
        /// The value.
        public let value: UInt64
    }

    /// Counts of what is within bounds.
    public struct Histogram: Hashable, Sendable {
        /// How many measurements were no larger than a bound.
        public struct Bucket: Hashable, Sendable {
            /// The bound, ms.
            public let bound: UInt64
            /// All measurements up to it.
            public let count: UInt64

            /// Names a bound, in ms, and how many there are up to it.
            public init(bound: UInt64, count: UInt64) {
                self.bound = bound
                self.count = count
            }
        }

        /// Ascending.
        public let buckets: [Bucket]
        /// All measurements.
        public let count: UInt64
        /// Their sum, ms.
        public let sum: UInt64

        /// Describes measurements of times.
        public init(buckets: [Bucket], count: UInt64, sum: UInt64) {
            self.buckets = buckets
            self.count = count
            self.sum = sum
        }
    }

    /// What a value is of: `listener="udp://*:2055"`.
    public struct Label: Hashable, Sendable {
        /// Letters, digits and `_`.
        public let name: String
        /// Any text.
        public let value: String
    }

    /// `skein_datagrams_received_total`; the unit ends the name, `_total` that of a counter.
    public let name: String
    /// What it is, in a sentence.
    public let help: String
    /// How values behave.
    public let kind: Kind
    /// The values.
    public var samples: [Sample] = []
    /// The measurements of a histogram, of the whole program; nil for other kinds.
    public let histogram: Histogram?

    /// Without values.
    public init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
        histogram = nil
    }

    /// A histogram of times; its name ends in `_seconds`.
    public init(_ name: String, _ help: String, _ histogram: Histogram) {
        self.name = name
        kind = .histogram
        self.help = help
        self.histogram = histogram
    }

    /// With one value, of the whole program.
    public init(_ name: String, _ kind: Kind, _ help: String, _ value: UInt64) {
        self.init(name, kind, help)
        add(value)
    }

    /// Adds a value.
    public mutating func add(_ value: UInt64, _ labels: (String, String)...) {
        samples.append(
            Sample(labels: labels.map { Label(name: $0.0, value: $0.1) }, value: value))
    }
}

extension Sequence<MetricFamily> {
    /// The text format of Prometheus, version 0.0.4.
    public var prometheusText: String {
        var text = ""
        for family in self where !family.samples.isEmpty || family.histogram != nil {
            text += "# HELP \(family.name) \(Self.escaped(family.help, quotes: false))\n"
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            if let histogram = family.histogram { text += histogram.text(family.name) }
            for sample in family.samples {
                text += family.name
                if !sample.labels.isEmpty {
                    let labels = sample.labels.map {
                        "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\""
                    }
                    text += "{\(labels.joined(separator: ","))}"
                }
                text += " \(sample.value)\n"
            }
        }
        return text
    }

    /// `{"metrics": [{"name": …, "samples": [{"labels": {…}, "value": …}]}]}`.
    public var json: String {
        let families = map { family in
            let samples = family.samples.map { sample in
                let labels = sample.labels.map {
                    "\(JSONText.quoted($0.name)):\(JSONText.quoted($0.value))"
                }
                return "{\"labels\":{\(labels.joined(separator: ","))},\"value\":\(sample.value)}"
            }
            return "{\"name\":\(JSONText.quoted(family.name)),"
                + "\"kind\":\(JSONText.quoted(family.kind.rawValue)),"
                + "\"help\":\(JSONText.quoted(family.help)),"
                + "\"samples\":[\(samples.joined(separator: ","))]"
                + (family.histogram.map { ",\"histogram\":\($0.json)" } ?? "") + "}"
        }
        return "{\"metrics\":[\(families.joined(separator: ","))]}\n"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}

extension MetricFamily.Histogram {
    fileprivate func text(_ name: String) -> String {
        var text = ""
        for bucket in buckets {
            text += "\(name)_bucket{le=\"\(Self.seconds(bucket.bound))\"} \(bucket.count)\n"
        }
        return text + "\(name)_bucket{le=\"+Inf\"} \(count)\n"
            + "\(name)_sum \(Self.seconds(sum))\n\(name)_count \(count)\n"
    }

    fileprivate var json: String {
        let list = buckets.map { "{\"le\":\(Self.seconds($0.bound)),\"count\":\($0.count)}" }
        return "{\"buckets\":[\(list.joined(separator: ","))],"
            + "\"sum\":\(Self.seconds(sum)),\"count\":\(count)}"
    }

    /// Milliseconds as seconds, exactly.
    private static func seconds(_ milliseconds: UInt64) -> String {
        let (whole, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        guard rest > 0 else { return "\(whole)" }
        var digits = String("\(1000 + rest)".dropFirst())
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}

/// Writes JSON.
enum JSONText {
    /// A text in quotes (RFC 8259 §7).
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
