import FlowModel
import Synchronization

/// A number that stands for the sampling rates that the sums of a rollup depend on.
///
/// Rates are kept beside the flows, so that one that arrives late mends what was stored before it. A
/// rollup has its counters scaled already: it is right as long as the rates of its exporters at its
/// time are those it was made with, and this number the same.
struct RollupStamp: Hashable, Sendable {
    let value: UInt64

    /// Of no rates that hold for all flows: no stamp equals it.
    static let mixed = RollupStamp(value: 0)

    private init(value: UInt64) { self.value = value }

    /// The stamp of what was announced by some exporters for some time.
    init(_ rates: SamplingRates, exporters: Set<IPAddress>, received: ClosedRange<UInt64>) {
        struct Key: Hashable {
            var exporter: IPAddress
            var domain: UInt32
            var subject: SamplingRate.Subject
        }
        var histories: [Key: [SamplingRate]] = [:]
        for rate in rates.all where exporters.contains(rate.exporter) {
            let key = Key(exporter: rate.exporter, domain: rate.domain, subject: rate.subject)
            histories[key, default: []].append(rate)
        }
        var records: [[UInt8]] = []
        for history in histories.values {
            let ordered = history.sorted { $0.since < $1.since }
            // The first holds for all time before it too.
            let begin = ordered.lastIndex { $0.since <= received.lowerBound } ?? 0
            for (place, rate) in ordered[begin...].enumerated()
            where place == 0 || rate.since <= received.upperBound {
                var rate = rate
                if place == 0 { rate.since = 0 }
                var record: [UInt8] = []
                record.put(rate)
                records.append(record)
            }
        }
        let octets = Array(
            records.sorted { $0.lexicographicallyPrecedes($1) }.joined())
        var hasher = FingerprintHasher()
        unsafe hasher.update(octets.span.bytes)
        value = max(hasher.finish().low, 1)
    }

    /// Whether a rollup was made with these rates.
    func holds(for info: RollupInfo) -> Bool { value != 0 && value == info.stamp }
}

/// The sampling rates as they are known, for the threads that write rollups.
final class RateBook: Sendable {
    struct Edition: Sendable {
        var number = 0
        var table: RateTable
    }

    private let current: Mutex<Edition>

    init(_ rates: SamplingRates) { current = Mutex(Edition(table: RateTable(rates))) }

    /// What is known now.
    var edition: Edition { current.withLock { $0 } }

    /// Takes all that is known.
    func update(_ rates: SamplingRates) {
        let table = RateTable(rates)
        current.withLock { $0 = Edition(number: $0.number + 1, table: table) }
    }
}
