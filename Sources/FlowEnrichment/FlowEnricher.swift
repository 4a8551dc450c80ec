public import FlowModel

/// What became of the addresses of the flows that were enriched: one is counted for each side of each.
public struct EnrichmentCounters: Hashable, Sendable {
    /// Addresses whose country is known now.
    public var known: UInt64 = 0
    /// Addresses in networks that are nobody's on the Internet.
    public var privateSpace: UInt64 = 0
    /// Addresses that no database knows.
    public var unknown: UInt64 = 0
    /// AS numbers filled in.
    public var systems: UInt64 = 0
}

/// Adds to flows what a database knows of their addresses: `srcgeo` and `dstgeo`, and `srcas` and
/// `dstas` where the exporter has none or sends 0.
///
/// Countries that a flow has already stay. Not shared between threads; the database may be.
public final class FlowEnricher {
    /// Where it looks.
    public let database: AddressDatabase
    /// What was done so far.
    public private(set) var counters = EnrichmentCounters()

    /// Places of answers.
    private var places = [UInt32](repeating: 0, count: pieceRows)

    /// Rows looked up at a time: what is found stays in the first cache.
    private static let pieceRows = 4096

    /// Makes an enricher that looks in a database.
    public init(_ database: AddressDatabase) { self.database = database }

    /// Enriches all rows of a batch; once for each batch, before it is stored.
    public func enrich(_ batch: FlowBatch) {
        enrich(batch, .srcip, country: .srcgeo, system: .srcas)
        enrich(batch, .dstip, country: .dstgeo, system: .dstas)
    }

    private func enrich(
        _ batch: FlowBatch, _ address: Field, country: Field, system: Field
    ) {
        guard let addresses = batch.column(address) else { return }
        for first in stride(from: 0, to: batch.count, by: Self.pieceRows) {
            let rows = first..<min(first + Self.pieceRows, batch.count)
            database.table.look(
                up: addresses.values(as: IPAddress.self).extracting(rows), into: &places)
            if database.hasCountries { fillCountries(batch, country, addresses, rows) }
            if database.hasSystems { fillSystems(batch, system, addresses, rows) }
        }
    }

    private func fillCountries(
        _ batch: FlowBatch, _ field: Field, _ addresses: FlowColumn, _ rows: Range<Int>
    ) {
        let answers = database.countries
        // A column is made only where some row has a value.
        guard batch.column(field) != nil || hasAny(answers, at: places, count: rows.count) else {
            counters.unknown += count(addresses.presence, rows)
            return
        }
        let column = batch.columnForWriting(field)
        var values = column.mutableValues(as: UInt16.self)
        var presence = column.mutablePresence
        let found = fill(
            &values, &presence, rows, with: answers, at: places, where: addresses.presence)
        counters.known += UInt64(found.filled - found.privateSpace)
        counters.privateSpace += UInt64(found.privateSpace)
        counters.unknown += UInt64(found.looked - found.filled)
    }

    private func fillSystems(
        _ batch: FlowBatch, _ field: Field, _ addresses: FlowColumn, _ rows: Range<Int>
    ) {
        let answers = database.systems
        guard hasAny(answers, at: places, count: rows.count) else { return }
        let column = batch.columnForWriting(field)
        var values = column.mutableValues(as: UInt32.self)
        var presence = column.mutablePresence
        counters.systems += UInt64(
            fillZeros(
                &values, &presence, rows, with: answers, at: places, where: addresses.presence))
    }
}
